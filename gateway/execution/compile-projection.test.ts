// The compiled projection against graphql-js, over generated operations and data in which anything may be wrong.
import {
  buildSchema,
  executeSync,
  getNamedType,
  getVariableValues,
  isAbstractType,
  isListType,
  isNonNullType,
  isObjectType,
  parse,
  validate,
  type GraphQLOutputType,
  type OperationDefinitionNode,
} from 'graphql'
import { expect, test } from 'vitest'
import { createSeededChance, type SeededChance } from '../../test/harness/seeded.ts'
import { createFieldCollector } from './collect-fields.ts'
import { compileProjection } from './compile-projection.ts'
import type { JsonObject } from './representation.ts'
import { createSharedValues } from './shared-values.ts'
import { generateOperation } from './testing/generate-operation.ts'
import { openShop } from './testing/shop.ts'

const { apiSchema: schema } = (await openShop()).supergraph

test('any data is shaped as graphql-js shapes it, with the same errors in the same order', () => {
  const chance = createSeededChance()
  console.log(`Seed of the projections: ${chance.seed}`)
  let [errorCount, nullCount] = [0, 0]
  for (let made = 0; made < 2_000;) {
    const { source, variables } = generateOperation(schema, chance, {
      kind: 'query',
      depth: 3,
      breadth: 4,
      hasConditions: true,
    })
    const document = parse(source)
    if (validate(schema, document).length > 0) continue
    made += 1
    const operation = document.definitions[0] as OperationDefinitionNode
    const { coerced = {} } = getVariableValues(schema, operation.variableDefinitions ?? [], variables)
    const data = randomData(chance, document, operation, coerced)
    const ours = compileProjection({ schema, document, operation })(data, coerced)
    const theirs = executeSync({
      schema,
      document,
      variableValues: variables,
      rootValue: data,
      fieldResolver: (parent: JsonObject, _arguments, _context, info) => parent[info.path.key],
      typeResolver: (value: JsonObject) => value['__typename'] as string,
    })
    const about = `seed ${chance.seed}, operation ${made}:\n${source}\n${JSON.stringify(variables)}\n${JSON.stringify(data)}`
    expect(JSON.parse(JSON.stringify(ours.data)), about).toEqual(JSON.parse(JSON.stringify(theirs.data)))
    expect(
      ours.errors.map(({ path, locations }) => ({ path, locations })),
      about,
    ).toEqual((theirs.errors ?? []).map(({ path, locations }) => ({ path, locations })))
    errorCount += ours.errors.length
    if (ours.data === null) nullCount += 1
  }
  expect(errorCount).toBeGreaterThan(500)
  expect(nullCount).toBeGreaterThan(20)
})

test('data is repetitive where most of its objects are others again', () => {
  const holders = buildSchema('type Query { list: [Holder!] } type Holder { id: ID held: Holder }')
  const document = parse('{ list { id held { id held { id } } } }')
  const operation = document.definitions[0] as OperationDefinitionNode
  const project = compileProjection({ schema: holders, document, operation })
  const shown = (times: number) => {
    const held = { id: 'held', held: { id: 'below' } }
    const shared = createSharedValues()
    shared.add(held)
    const { data, isRepetitive } = project(
      { list: Array.from({ length: times }, (_, index) => ({ id: `${index}`, held })) },
      {},
      shared,
    )
    const list = data!['list'] as { held: unknown }[]
    expect(new Set(list.map((holder) => holder.held)).size).toBe(1)
    return isRepetitive
  }
  // Besides the data itself, so many holders and two objects; and these two for each time but the first.
  expect(shown(4)).toBe(false)
  expect(shown(6)).toBe(true)
})

test('aliases that are names of what every object has are plain names', () => {
  const document = parse('{ __proto__: me { constructor: name toString: nickname } }')
  const operation = document.definitions[0] as OperationDefinitionNode
  const project = compileProjection({ schema, document, operation })
  const data = JSON.parse('{ "__proto__": { "constructor": "Ada" } }') as JsonObject
  const { data: projected, errors } = project(data, {})
  expect(JSON.stringify(projected)).toBe('{"__proto__":{"constructor":"Ada","toString":null}}')
  expect(errors).toEqual([])
})

/** What subgraphs might have answered, with something wrong in a tenth of the values. */
function randomData(
  chance: SeededChance,
  document: ReturnType<typeof parse>,
  operation: OperationDefinitionNode,
  variables: Record<string, unknown>,
): JsonObject {
  const fields = createFieldCollector(schema, document)

  const objectOf = (typeName: string, nodes: Parameters<typeof fields.collect>[1]): JsonObject => {
    const type = schema.getType(typeName)
    const result: JsonObject = { __typename: typeName }
    if (!isObjectType(type)) return result
    for (const [key, [first, ...others]] of fields.collect(type, nodes, variables)) {
      const field = type.getFields()[first!.name.value]
      if (!field) continue
      const below = [first!, ...others].flatMap(({ selectionSet }) => (selectionSet ? [selectionSet] : []))
      const value = valueOf(field.type, below)
      if (value !== undefined) result[key] = value
    }
    return result
  }

  const valueOf = (type: GraphQLOutputType, nodes: Parameters<typeof fields.collect>[1]): unknown => {
    if (isNonNullType(type)) return chance.below(25) === 0 ? null : valueOf(type.ofType, nodes)
    const dice = chance.below(20)
    if (dice === 0) return null
    if (dice === 1) return undefined
    if (isListType(type))
      return dice === 2 ? 'no list' : Array.from({ length: chance.below(4) }, () => valueOf(type.ofType, nodes) ?? null)
    const named = getNamedType(type)
    if (isAbstractType(named)) {
      const possible = schema.getPossibleTypes(named)
      const unknown = { __typename: dice === 2 ? 'Size' : 'Nothing' }
      return dice <= 3 ? unknown : objectOf(possible[chance.below(possible.length)]!.name, nodes)
    }
    if (isObjectType(named)) return objectOf(named.name, nodes)
    const values: unknown[] = ['text', 3, 2.5, true, '7', 'ADMIN', 2 ** 40, { a: 1 }]
    return values[chance.below(values.length)]
  }

  return objectOf('Query', [operation.selectionSet])
}
