import { expect, test } from 'vitest'
import { sharedTypesAreCommon } from './shared-types-are-common.ts'
import { brokenAt, exampleSubgraphs } from './example.ts'

test('shared-types-are-common: conforming', () => {
  expect(
    brokenAt(
      sharedTypesAreCommon,
      exampleSubgraphs({
        a: 'type Query { a: Int } type Model @key(fields: "id") { id: ID! } enum Mode { FAST }',
        b: 'type Query { b: Int } type Model @key(fields: "id") { id: ID! }',
      }),
    ),
  ).toEqual([])
})

test('shared-types-are-common: violating', () => {
  expect(
    brokenAt(
      sharedTypesAreCommon,
      exampleSubgraphs({
        a: 'enum Mode { FAST } input ModeInput { mode: Mode }',
        b: 'enum Mode { FAST } input ModeInput { mode: Mode } type Span @shareable { start: Int }',
      }),
    ),
  ).toEqual(['Mode', 'ModeInput', 'Span'])
})
