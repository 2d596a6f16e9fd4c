// What remains of an operation for a caller who may not read all of it.
import { parse, print, stripIgnoredCharacters, type OperationDefinitionNode } from 'graphql'
import { expect, test } from 'vitest'
import { filterUnauthorised } from './filter-unauthorised.ts'
import { openStaff } from './testing/staff.ts'

const { supergraph } = openStaff()

function filtered(source: string, given: { isAuthenticated?: boolean; scopes?: string[]; policies?: string[] } = {}) {
  const document = parse(source)
  return filterUnauthorised({
    schema: supergraph.apiSchema,
    rules: supergraph.authorization!,
    claims: {
      isAuthenticated: given.isAuthenticated ?? false,
      scopes: new Set(given.scopes),
      policies: new Set(given.policies),
    },
    document,
    operation: document.definitions.find(({ kind }) => kind === 'OperationDefinition') as OperationDefinitionNode,
  })
}
const readable = (...given: Parameters<typeof filtered>): string =>
  stripIgnoredCharacters(print(filtered(...given)!.readable))

test('where everything may be read nothing is filtered', () => {
  expect(filtered('{ me { name } currency __schema { description } }')).toBeNull()
  expect(filtered('{ me { email } level }', { isAuthenticated: true })).toBeNull()
})

test.each([
  ['a field', '{ me { name email } }', '{me{name}}'],
  ['a field under another name', '{ me { name: email nickname } }', '{me{nickname}}'],
  ['a field with all below it', '{ me { name friends { name } } }', '{me{name}}'],
  ['a field whose type is restricted', '{ notice audit { id } audits { id } level levels }', '{notice}'],
  ['a field whose scalar is restricted', '{ me { grade salary bonus } }', '{me{grade}}'],
  ['an object of which nothing is left', '{ me { email friends { name } } }', '{me{__typename}}'],
  ['an operation of which nothing is left', '{ budget level }', '{__typename}'],
  ['a mutation', 'mutation { rename(id: 1, name: "x") { id } touch(id: 1) { email id } }', 'mutation{touch(id:1){id}}'],
  ['a field of an interface', '{ entry { id ...on Open { id } } }', '{entry{...on Open{id}}}'],
  ['a type behind an interface', '{ entries { ...on Open { id } ...on Closed { id } } }', '{entries{...on Open{id}}}'],
  ['a type in a union', '{ found { __typename ...on Audit { id } } }', '{found{__typename}}'],
  ['an inline fragment', '{ me { ...{ email } name } }', '{me{name}}'],
  [
    'a field with conditions',
    '{ me { email @skip(if: true) name @include(if: true) } }',
    '{me{name@include(if:true)}}',
  ],
  [
    'fragments',
    '{ me { ...A ...B } } fragment A on Person { email ...C } fragment B on Person { name ...C } fragment C on Person { phone }',
    '{me{...B}}fragment B on Person{name}',
  ],
  [
    'fragments that only refused fields spread',
    '{ me { name friends { ...A } } } fragment A on Person { name }',
    '{me{name}}',
  ],
  ['no introspection', '{ level __schema { description } me { __typename } }', '{__schema{description}me{__typename}}'],
])('%s: %s', (_what, source, left) => {
  expect(readable(source)).toBe(left)
})

test.each([
  ['{ me { phone name } }', ['phone'], '{me{name}}'],
  ['{ me { phone name } }', ['phone', 'pay'], '{me{name}}'],
  ['{ me { phone email } }', ['phone', 'contact'], '{me{phone}}'],
  ['{ me { phone salary email } budget }', ['all'], '{me{phone salary}}'],
])('of %s with scopes %j remains %s', (source, scopes, left) => {
  expect(readable(source, { scopes })).toBe(left)
})

test.each([
  [[], '{notice}'],
  [['ADMIN'], '{notice audit{id}}'],
  [['ADMIN', 'EDITOR'], '{notice audit{id}ledger}'],
  [['SERVICE'], '{notice ledger}'],
])('policies %j', (policies, left) => {
  expect(stripIgnoredCharacters(print(filtered('{ notice audit { id } ledger level }', { policies })!.readable))).toBe(
    left,
  )
})

test('each refused selection is marked with what is missing; those below it too', () => {
  const { refusals, marked } = filtered(
    '{ me { email ...P } p: person(id: 1) { ...P } entry { owner { ...P } ...on Open { owner { ...P } } } } fragment P on Person { name phone }',
    {},
  )!
  expect([...refusals.values()].map(({ coordinate, missing }) => `${coordinate} ${missing}`).toSorted()).toEqual([
    'Entry.owner authentication',
    'Person.email authentication',
    'Person.name authentication',
    'Person.phone authentication',
    'Person.phone scopes',
  ])
  expect(marked.document.definitions).toHaveLength(3)
})

test('a fragment that is spread again and again is looked at once', () => {
  const depth = 60
  const fragments = Array.from(
    { length: depth },
    (_, at) => `fragment F${at} on Person { boss { ...F${at + 1} } b: boss { ...F${at + 1} } }`,
  )
  const source = `{ me { ...F0 friends { ...F0 } } } ${fragments.join(' ')} fragment F${depth} on Person { email }`
  const { marked, refusals } = filtered(source)!
  expect(marked.document.definitions).toHaveLength(1 + 2 * (depth + 1))
  expect(refusals.size).toBe(1 + 1 + 2 * depth + 1)
})
