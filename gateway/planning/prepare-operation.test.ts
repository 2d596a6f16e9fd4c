import { expect, test } from 'vitest'
import { noContext } from '../execution/testing/no-context.ts'
import { createOperationGate } from '../operations/operation-limits.ts'
import { DEFAULT_OPERATION_POLICY } from '../operations/operation-policy.ts'
import { loadSupergraph } from '../supergraph/load-supergraph.ts'
import { createPrepareOperation } from './prepare-operation.ts'
import { createPlansHere } from './testing/plan-here.ts'

const supergraph = await loadSupergraph(new URL('../../schema/supergraph.graphql', import.meta.url))
const gate = createOperationGate(DEFAULT_OPERATION_POLICY)
const openPrepare = () => {
  const prepare = createPrepareOperation({ supergraph, gate, plans: createPlansHere(supergraph) })
  return (text: string, operationName: string | null | undefined) => prepare(text, operationName, noContext)
}
const VIEWER = '{ viewer { workspace { name } } }'

test('an operation is prepared once, by its text and its name', () => {
  const prepare = openPrepare()
  const two = 'query A { __typename } query B { __typename }'
  expect(prepare(VIEWER, null)).toBe(prepare(VIEWER, undefined))
  expect(prepare(two, 'A')).toBe(prepare(two, 'A'))
  expect(prepare(two, 'A')).not.toBe(prepare(two, 'B'))
})

test('what is kept is bounded in bytes: long texts push older operations out', () => {
  const prepare = openPrepare()
  const first = prepare(VIEWER, null)
  for (let count = 0; count < 40; count++) void prepare(`${VIEWER} # ${count} ${'x'.repeat(400_000)}`, null)
  expect(prepare(VIEWER, null)).not.toBe(first)
})

test('neither what is huge nor what is invalid takes a place', () => {
  const prepare = openPrepare()
  for (const text of [`${VIEWER} # ${'x'.repeat(600_000)}`, '{ nothing }', '{ ']) {
    expect(prepare(text, null)).toEqual(prepare(text, null))
    expect(prepare(text, null)).not.toBe(prepare(text, null))
  }
})
