// Each limit with its code and both figures; costs by the supergraph's own words; and the platform's own operations, which pass with room.
import compositionLibrary from '@apollo/composition'
import federationInternals from '@apollo/federation-internals'
import { getIntrospectionQuery, getOperationAST, parse, specifiedRules, validate, type GraphQLSchema } from 'graphql'
import { readdir, readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import type { TributaryError } from '#shared/errors.ts'
import type { Identity } from '../../contracts/identity.ts'
import { loadSupergraph } from '../supergraph/load-supergraph.ts'
import { attachCosts } from './cost-directives.ts'
import { createOperationGate } from './operation-limits.ts'
import { DEFAULT_LIMITS, DEFAULT_OPERATION_POLICY, type OperationPolicy } from './operation-policy.ts'

const schema =
  compose(`extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: [{ name: "@cost", as: "@price" }, "@listSize"])
  type Query {
    thing: Thing
    dear(dose: Int @price(weight: 3), filter: Filter): Thing @price(weight: 5)
    things: [Thing]
    grid: [[Thing]]
    five: [Thing] @listSize(assumedSize: 5)
    some(first: Int, last: Int): [Thing] @listSize(slicingArguments: ["first", "last"])
    usual(first: Int = 4): [Thing] @listSize(slicingArguments: ["first"])
    either(first: Int, last: Int): [Thing] @listSize(slicingArguments: ["first", "last"], requireOneSlicingArgument: false, assumedSize: 6)
    page(first: Int): Page @listSize(slicingArguments: ["first"], sizedFields: ["nodes"])
    any: Any
    tags: [String!]
    shades: [Shade!]
  }
  type Mutation { change: Thing }
  input Filter { by: String @price(weight: 7) and: [Filter!] }
  type Page { nodes: [Thing] total: Int }
  type Thing { name: String page(first: Int): Page @listSize(slicingArguments: ["first"], sizedFields: ["nodes"]) any: Any thing: Thing }
  type Gem @price(weight: 20) { name: String }
  enum Shade @price(weight: 2) { DARK }
  union Any = Thing | Gem`)

function compose(sdl: string): GraphQLSchema {
  const { supergraphSdl, errors } = compositionLibrary.composeServices([
    { name: 'a', url: 'http://a', typeDefs: parse(sdl) },
  ])
  if (!supergraphSdl) throw new Error(String(errors))
  const composed = federationInternals.Supergraph.build(supergraphSdl).apiSchema().toGraphQLJSSchema()
  attachCosts(composed, supergraphSdl)
  return composed
}

const gateWith = (limits: Partial<OperationPolicy['limits']> = {}, policy: Partial<OperationPolicy> = {}) =>
  createOperationGate({ ...DEFAULT_OPERATION_POLICY, ...policy, limits: { ...DEFAULT_LIMITS, ...limits } })

function refusals(text: string, limits: Partial<OperationPolicy['limits']>): string[] {
  const gate = gateWith(limits)
  return validate(schema, gate.parse(text), [gate.rule]).map(
    ({ message, originalError }) => `${(originalError as TributaryError | undefined)?.code}: ${message}`,
  )
}

function costOf(text: string, variables: Record<string, unknown> = {}, data?: unknown): number {
  const gate = gateWith({ cost: Number.MAX_SAFE_INTEGER })
  const document = gate.parse(text)
  expect(validate(schema, document, [...specifiedRules, gate.rule])).toEqual([])
  const running = { schema, document, operation: getOperationAST(document)!, variables }
  return data === undefined ? gate.admit(running, null).estimated : gate.count(running, data)
}

test.each([
  ['depth', '{ thing { thing { name } } }', 3, 'DEPTH_LIMIT_EXCEEDED'],
  [
    'depth',
    '{ ...A } fragment A on Query { thing { ...B } } fragment B on Thing { ... { name } }',
    2,
    'DEPTH_LIMIT_EXCEEDED',
  ],
  ['aliases', '{ a: thing { b: name } ...A } fragment A on Query { c: thing { name } }', 3, 'ALIAS_LIMIT_EXCEEDED'],
  ['aliases', '{ thing { ...A thing { ...A } } } fragment A on Thing { a: name }', 2, 'ALIAS_LIMIT_EXCEEDED'],
  [
    'rootFields',
    '{ tags shades ...A ... on Query { tags } } fragment A on Query { tags }',
    4,
    'ROOT_FIELD_LIMIT_EXCEEDED',
  ],
  [
    'directives',
    'query ($a: Boolean!) { tags @skip(if: $a) @include(if: $a) ...A @skip(if: $a) } fragment A on Query { tags @skip(if: $a) }',
    4,
    'DIRECTIVE_LIMIT_EXCEEDED',
  ],
] as const)('%s of %s are %i', (limit, text, actual, code) => {
  expect(refusals(text, { [limit]: actual })).toEqual([])
  const [refusal, ...others] = refusals(text, { [limit]: actual - 1 })
  expect(others).toEqual([])
  expect(refusal).toMatch(new RegExp(`^${code}: The operation has ${actual} .*; ${actual - 1} are the most`))
})

test('tokens are counted beyond their limit, so that the message tells both', () => {
  const refusalOf = (text: string) => {
    try {
      gateWith({ tokens: 10 }).parse(text)
      return null
    } catch (error) {
      return (error as { originalError?: TributaryError }).originalError
    }
  }
  expect(refusalOf('{ a b c d e f g h }')).toBeNull()
  expect(refusalOf('{ a b c d e f g h i }')).toMatchObject({
    code: 'TOKEN_LIMIT_EXCEEDED',
    message: expect.stringContaining('has 11 tokens; 10 are the most'),
  })
  expect(refusalOf(`{ ${'a '.repeat(1000)} }`)?.message).toContain('has more than 100 tokens')
  expect(refusalOf(`{ a } ${'#\n'.repeat(11)}`)?.message).toContain('has more than 10 comments; 10 are the most')
  // An error of syntax is none of size.
  expect(refusalOf('{ a b c d e f g h')).toBeUndefined()
})

test('fragments that double with each spread are counted in full, at once', () => {
  const levels = 300
  const bomb = `{ thing { ...F0 } } ${Array.from({ length: levels }, (_, level) => `fragment F${level} on Thing { thing { ...F${level + 1} } other: thing { ...F${level + 1} } ...F${level + 1} }`).join(' ')} fragment F${levels} on Thing { name }`
  const startedAt = performance.now()
  const messages = refusals(bomb, { tokens: 100_000, depth: 1000 })
  expect(messages.map((message) => message.split(':')[0])).toEqual(['ALIAS_LIMIT_EXCEEDED'])
  const gate = gateWith({ tokens: 100_000 })
  const document = gate.parse(bomb)
  const running = { schema, document, operation: getOperationAST(document)!, variables: {} }
  expect(() => gate.admit(running, null)).toThrow('is estimated to cost')
  expect(gate.count(running, { thing: { thing: { name: 'x' }, other: null } })).toBe(2)
  expect(performance.now() - startedAt).toBeLessThan(2000)
})

test('doubling spreads under lists that are sized from above take no longer', () => {
  const levels = 150
  const bomb = `{ page(first: 2) { ...P0 } } ${Array.from({ length: levels }, (_, level) => `fragment P${level} on Page { a: nodes { page(first: 1) { ...P${level + 1} } } b: nodes { page(first: 2) { ...P${level + 1} } } ...P${level + 1} ...P${level + 1} }`).join(' ')} fragment P${levels} on Page { total }`
  const gate = gateWith({ tokens: 100_000 })
  const document = gate.parse(bomb)
  const startedAt = performance.now()
  expect(() => gate.admit({ schema, document, operation: getOperationAST(document)!, variables: {} }, null)).toThrow(
    'is estimated to cost',
  )
  expect(performance.now() - startedAt).toBeLessThan(2000)
})

test('a fragment that spreads itself, and a field that does not exist, are measured all the same', () => {
  expect(
    refusals('{ ...A } fragment A on Query { thing { ...B } ...A } fragment B on Nothing { none { ...A } }', {}),
  ).toEqual([])
})

test.each([
  ['{ thing { name } }', {}, 1],
  ['{ tags }', {}, 0],
  ['{ __schema { types { name } } __typename }', {}, 0],
  ['mutation { change { name } }', {}, 11],
  ['{ dear { name } }', {}, 5],
  ['{ dear(dose: 1) { name } }', {}, 8],
  ['{ dear(filter: { by: "x", and: [{ by: "y" }, { by: "z" }] }) { name } }', {}, 26],
  ['query ($f: Filter) { dear(filter: $f) { name } }', { f: { and: [{ by: 'y' }] } }, 12],
  ['query ($f: Filter = { by: "x" }) { dear(filter: $f) { name } }', {}, 12],
  ['{ shades }', {}, 20],
  ['{ things { thing { name } } }', {}, 20],
  ['{ grid { name } }', {}, 100],
  ['{ five { name } }', {}, 5],
  ['{ some(first: 3) { name } }', {}, 3],
  ['query ($n: Int) { some(last: $n) { name } }', { n: 7 }, 7],
  ['query ($n: Int = 2) { some(last: $n) { name } }', {}, 2],
  ['query ($n: Int = 2) { some(last: $n) { name } }', { n: null }, 10],
  ['{ some(first: -3) { name } }', {}, 0],
  ['{ usual { name } }', {}, 4],
  ['{ either { name } }', {}, 6],
  ['{ either(first: 2, last: 3) { name } }', {}, 3],
  ['{ page(first: 3) { total nodes { name } ...N } } fragment N on Page { more: nodes { name } }', {}, 7],
  ['{ any { ... on Thing { name } ... on Gem { name } } }', {}, 20],
  ['query ($a: Boolean!) { thing @include(if: $a) { name } ... @skip(if: $a) { things { name } } }', { a: true }, 1],
  ['query ($a: Boolean!) { thing @include(if: $a) { name } ... @skip(if: $a) { things { name } } }', { a: false }, 10],
] as const)('%s with %j is estimated at %i', (text, variables, cost) => {
  expect(costOf(text, variables)).toBe(cost)
})

test.each([
  ['{ some { name } }', 'some'],
  ['{ some(first: 1, last: 1) { name } }', 'some'],
  ['{ some(first: null) { name } }', 'some'],
])('%s needs exactly one slicing argument', (text) => {
  expect(refusals(text, {})).toEqual(['undefined: Field "some" takes exactly one of: first, last.'])
})

test.each([
  ['{ things { thing { name } } }', { things: [{ thing: null }, null, { thing: { name: 'x' } }] }, 3],
  ['{ grid { name } }', { grid: [[{ name: 'x' }], [], null] }, 1],
  ['{ shades }', { shades: ['DARK', 'DARK'] }, 4],
  ['mutation { change { name } }', { change: null }, 10],
  ['{ dear(dose: 1) { name } }', { dear: null }, 3],
  [
    '{ a: thing { name } thing { name } ...T } fragment T on Query { thing { thing { name } } }',
    { a: { name: '' }, thing: { name: '', thing: { name: '' } } },
    3,
  ],
  ['{ page(first: 50) { nodes { name } } }', { page: { nodes: [{ name: 'x' }] } }, 2],
] as const)('%s did cost what came: %j, %i', (text, data, cost) => {
  expect(costOf(text, {}, data)).toBe(cost)
})

test('what is too dear is refused with both figures', () => {
  const gate = gateWith({ cost: 99 })
  const document = gate.parse('{ grid { name } }')
  expect(() => gate.admit({ schema, document, operation: getOperationAST(document)!, variables: {} }, null)).toThrow(
    expect.objectContaining({
      code: 'COST_LIMIT_EXCEEDED',
      message: expect.stringContaining('estimated to cost 100; 99 is the most'),
    }),
  )
})

test('the schema is told to the roles of the policy, wherever it is asked for', () => {
  const as = (...roles: Identity['roles']): Identity => ({ workspaceId: 'w', subject: 's', roles, scopes: [] })
  const ask = (introspectionRoles: OperationPolicy['introspectionRoles'], identity: Identity | null, text: string) => {
    const gate = gateWith({}, { introspectionRoles })
    const document = parse(text)
    return () => gate.admit({ schema, document, operation: getOperationAST(document)!, variables: {} }, identity)
  }
  const hidden = '{ tags ... { ...A } } fragment A on Query { __type(name: "Thing") { name } }'
  for (const text of [getIntrospectionQuery(), hidden]) {
    expect(ask('any', as('VIEWER'), text)).not.toThrow()
    expect(ask('any', null, text)).not.toThrow()
    expect(ask(['ADMIN'], as('EDITOR', 'ADMIN'), text)).not.toThrow()
    for (const identity of [as('VIEWER'), as(), null])
      expect(ask(['ADMIN'], identity, text)).toThrow(expect.objectContaining({ code: 'FORBIDDEN' }))
    expect(ask([], as('ADMIN'), text)).toThrow('does not tell its schema')
  }
  expect(ask([], as(), '{ __typename tags }')).not.toThrow()
})

test("the platform's operations, and those that read its schema, need less than half of each default limit", async () => {
  const { apiSchema } = await loadSupergraph(new URL('../../schema/supergraph.graphql', import.meta.url))
  const folder = new URL('../../schema/operations/', import.meta.url)
  const files = (await readdir(folder)).filter((file) => file.endsWith('.graphql'))
  expect(files.length).toBeGreaterThan(30)
  const operations = await Promise.all(
    files.map(async (file) => ({
      text: await readFile(new URL(file, folder), 'utf8'),
      variables: JSON.parse(
        await readFile(new URL(file.replace('.graphql', '.variables.json'), folder), 'utf8').catch(() => '{}'),
      ),
    })),
  )
  const halves = Object.fromEntries(
    Object.entries(DEFAULT_LIMITS).map(([name, limit]) => [name, name === 'defaultListSize' ? limit : limit / 2]),
  )
  const gate = gateWith(halves)
  for (const { text, variables } of operations) {
    const document = gate.parse(text)
    expect(validate(apiSchema, document, [...specifiedRules, gate.rule])).toEqual([])
    gate.admit({ schema: apiSchema, document, operation: getOperationAST(document)!, variables }, null)
  }
  // As deep as such queries are, they are not half as deep as the limit.
  const introspection = getIntrospectionQuery({
    specifiedByUrl: true,
    oneOf: true,
    schemaDescription: true,
    inputValueDeprecation: true,
    directiveIsRepeatable: true,
  })
  expect(validate(apiSchema, parse(introspection), [gateWith().rule])).toEqual([])
})
