// Law: nothing is visible without a description.

import type { Rule } from './rule.ts'
import { elements } from './walk.ts'

export const everyElementDescribed: Rule = {
  name: 'every-element-described',
  law: 'Every type, field, argument, input field and enum value has a description.',
  check: ({ api }) =>
    elements(api)
      .filter(({ description }) => description === null || description.trim() === '')
      .map(({ coordinate }) => ({
        coordinate,
        message: 'has no description; say what it is, its unit and limits, and what null means',
      })),
}
