// Law: whoever can page one list can page them all.

import { getNamedType, isObjectType, type GraphQLObjectType } from 'graphql'
import type { Rule, Violation } from './rule.ts'
import { namedTypes, outputFields, type OutputField } from './walk.ts'

const largestPage = 100

export const connectionsAreAlike: Rule = {
  name: 'connections-are-alike',
  law: `XConnection has edges, nodes and pageInfo; its field takes \`first: Int\` (default 1 to ${largestPage}) and \`after: String\`, filter is XFilter, orderBy XOrder.`,
  check: ({ api }) => [
    ...namedTypes(api).filter(isObjectType).flatMap(typeViolations),
    ...outputFields(api).flatMap(fieldViolations),
  ],
}

function typeViolations(type: GraphQLObjectType): Violation[] {
  const nodeName = /^(\w+?)(?:Connection|Edge)$/.exec(type.name)?.[1]
  if (nodeName === undefined) return []
  const wanted: Record<string, string> = type.name.endsWith('Edge')
    ? { cursor: 'String!', node: `${nodeName}!` }
    : { edges: `[${nodeName}Edge!]!`, nodes: `[${nodeName}!]!`, pageInfo: 'PageInfo!' }
  const fields = type.getFields()
  return Object.entries(wanted)
    .filter(([name, fieldType]) => String(fields[name]?.type) !== fieldType)
    .map(([name, fieldType]) => ({ coordinate: `${type.name}.${name}`, message: `is not ${name}: ${fieldType}` }))
}

function fieldViolations({ coordinate, field }: OutputField): Violation[] {
  const connection = getNamedType(field.type).name
  if (!connection.endsWith('Connection')) return []
  const nodeName = connection.slice(0, -'Connection'.length)
  const byName = new Map(field.args.map((argument) => [argument.name, argument]))
  const violations: Violation[] = []
  const first = byName.get('first')
  const defaultFirst: unknown = first?.defaultValue
  if (
    String(first?.type) !== 'Int' ||
    typeof defaultFirst !== 'number' ||
    defaultFirst < 1 ||
    defaultFirst > largestPage
  ) {
    violations.push({
      coordinate: `${coordinate}(first:)`,
      message: `is not first: Int with a default of 1 to ${largestPage}`,
    })
  }
  if (String(byName.get('after')?.type) !== 'String') {
    violations.push({ coordinate: `${coordinate}(after:)`, message: 'is not after: String' })
  }
  for (const [name, wanted] of [
    ['filter', `${nodeName}Filter`],
    ['orderBy', `${nodeName}Order`],
  ] as const) {
    const argument = byName.get(name)
    if (argument !== undefined && String(argument.type) !== wanted) {
      violations.push({ coordinate: `${coordinate}(${name}:)`, message: `is ${String(argument.type)}, not ${wanted}` })
    }
  }
  return violations
}
