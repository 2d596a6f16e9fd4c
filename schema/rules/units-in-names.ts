// Law: a number is never without its unit, and one unit has one type.

import { getNamedType } from 'graphql'
import type { Rule, Violation } from './rule.ts'
import { inputValues, outputFields } from './walk.ts'

const typesOfSuffix: readonly { suffix: RegExp; types: readonly string[] }[] = [
  { suffix: /(Ms|Seconds)$/, types: ['Int', 'Percentiles'] },
  { suffix: /Bytes$/, types: ['Long'] },
  { suffix: /[a-z]At$/, types: ['DateTime'] },
]

const durationWithoutUnit = /(duration|timeout|latency|delay|elapsed)$/i
const sizeWithoutUnit = /(^size|Size)$/

export const unitsInNames: Rule = {
  name: 'units-in-names',
  law: 'Durations end in Ms or Seconds and are Int, sizes end in Bytes and are Long, points in time end in At and are DateTime.',
  check: ({ api }) =>
    [
      ...outputFields(api).map(({ coordinate, field }) => ({ coordinate, name: field.name, type: field.type })),
      ...inputValues(api).map(({ coordinate, value }) => ({ coordinate, name: value.name, type: value.type })),
    ].flatMap(({ coordinate, name, type }): Violation[] => {
      const typeName = getNamedType(type).name
      const isNumber = ['Int', 'Float', 'Long'].includes(typeName)
      if (isNumber && durationWithoutUnit.test(name))
        return [{ coordinate, message: 'is a duration without a unit; end it in Ms' }]
      if (isNumber && sizeWithoutUnit.test(name))
        return [{ coordinate, message: 'is a size without a unit; end it in Bytes' }]
      const { types } = typesOfSuffix.find(({ suffix }) => suffix.test(name)) ?? { types: [typeName] }
      return types.includes(typeName)
        ? []
        : [{ coordinate, message: `is ${typeName}; its name asks for ${types.join(' or ')}` }]
    }),
}
