// Law: a field is called what it is, not what a server does to find it.

import type { Rule } from './rule.ts'
import { outputFields } from './walk.ts'

export const noVerbPrefixes: Rule = {
  name: 'no-verb-prefixes',
  law: 'No field name begins with get, list, fetch, find, load or retrieve.',
  check: ({ api }) =>
    outputFields(api)
      .filter(({ field }) => /^(get|list|fetch|find|load|retrieve)(?=[A-Z]|$)/.test(field.name))
      .map(({ coordinate }) => ({ coordinate, message: 'begins with a verb; name the thing itself' })),
}
