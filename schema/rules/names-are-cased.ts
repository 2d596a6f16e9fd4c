// Law: the case of a name tells what it names.

import type { Rule } from './rule.ts'
import { enumValues, inputValues, namedTypes, outputFields } from './walk.ts'

export const namesAreCased: Rule = {
  name: 'names-are-cased',
  law: 'Types are PascalCase, fields and arguments camelCase, enum values UPPER_CASE.',
  check: ({ api }) => {
    const find = (pattern: RegExp, wanted: string, named: { coordinate: string; name: string }[]) =>
      named
        .filter(({ name }) => !pattern.test(name))
        .map(({ coordinate, name }) => ({ coordinate, message: `"${name}" is not ${wanted}` }))
    return [
      ...find(
        /^[A-Z][A-Za-z0-9]*$/,
        'PascalCase',
        namedTypes(api).map(({ name }) => ({ coordinate: name, name })),
      ),
      ...find(
        /^[a-z][A-Za-z0-9]*$/,
        'camelCase',
        outputFields(api).map(({ coordinate, field }) => ({ coordinate, name: field.name })),
      ),
      ...find(
        /^[a-z][A-Za-z0-9]*$/,
        'camelCase',
        inputValues(api).map(({ coordinate, value }) => ({ coordinate, name: value.name })),
      ),
      ...find(/^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/, 'UPPER_CASE', enumValues(api)),
    ]
  },
}
