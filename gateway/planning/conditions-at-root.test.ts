// Mutations whose root has conditions, over three subgraphs: what runs, how often and in which order.
import { parse, type OperationDefinitionNode } from 'graphql'
import { expect, test } from 'vitest'
import { executeOurs, prepareForTest } from '../execution/testing/prepare-for-test.ts'
import { openLedger } from '../execution/testing/ledger.ts'
import { decide, variablesAtRoot } from './conditions-at-root.ts'

test.each([
  ['countUp countUp @include(if: $a)', { a: true }, ['countUp']],
  ['countUp @include(if: $a) countUp', { a: true }, ['countUp']],
  ['countUp @include(if: $a) countUp @skip(if: $b)', { a: true, b: false }, ['countUp']],
  ['...On ... on Mutation @skip(if: $b) { countUp }', { a: true }, ['countUp']],
  ['countUp @include(if: $a) @skip(if: $b)', { a: true, b: true }, []],
  ['countUp @include(if: $a) note { text } countUp', { a: true }, ['countUp', 'note']],
  ['countUp @include(if: $a) note { text } countUp', { a: false }, ['note', 'countUp']],
  ['... @include(if: $a) { reverse { id } note { text } } countUp reverse { at }', {}, ['countUp', 'reverse']],
  [
    '... @include(if: $a) { reverse { id } note { text } } countUp reverse { at }',
    { a: true },
    ['reverse', 'note', 'countUp'],
  ],
])('{ %s } with %j runs %j', async (selections, variables, fields) => {
  await using graph = await openLedger()
  const fragment = selections.includes('...On') ? 'fragment On on Mutation { countUp @include(if: $a) }' : ''
  const declared = ['$a', '$b'].filter((name) => `${selections}${fragment}`.includes(name))
  const variablesOf = declared.length > 0 ? `(${declared.map((name) => `${name}: Boolean! = false`).join()})` : ''
  const source = `mutation ${variablesOf} { ${selections} } ${fragment}`
  const prepared = prepareForTest(graph, source, variables)!
  const ours = await executeOurs(graph, prepared)
  const asked = graph
    .takeRequests()
    .filter(({ query }) => query.startsWith('mutation'))
    .flatMap(({ query }) => [...query.matchAll(/\b(?:countUp|note|reverse)\b/g)].map(([field]) => field))
  expect(asked).toEqual(fields)
  expect(ours.data).toEqual((await graph.executeMonolith(prepared.document, variables)).data)
})

const operationIn = (source: string) => {
  const document = parse(source)
  return { document, operation: document.definitions[0] as OperationDefinitionNode }
}

test('only conditions at the root of a mutation are decided before it is planned', () => {
  const selections = '{ ...F x { y @include(if: $below) } z @skip(if: $c) ... @include(if: $a) { z } }'
  const fragment = 'fragment F on M { ... { w @skip(if: $b) v { u @skip(if: $below) } } }'
  const { document, operation } = operationIn(`mutation ${selections} ${fragment}`)
  expect(variablesAtRoot(document, operation)).toEqual(['a', 'b', 'c'])
  const query = operationIn(`query ${selections} ${fragment}`)
  expect(variablesAtRoot(query.document, query.operation)).toEqual([])
})

test('a variable has its value or its default, and none when it is no boolean', () => {
  const { operation } = operationIn('mutation ($a: Boolean = true, $b: Boolean!, $c: Boolean! = true) { x }')
  expect(decide(['a', 'b', 'c', 'd'], operation, { b: false, c: 'no' })).toEqual({ a: true, b: false })
})
