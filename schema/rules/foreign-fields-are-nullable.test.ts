import { expect, test } from 'vitest'
import { foreignFieldsAreNullable } from './foreign-fields-are-nullable.ts'
import { brokenAt, exampleSubgraphs } from './example.ts'

test('foreign-fields-are-nullable: conforming', () => {
  expect(
    brokenAt(
      foreignFieldsAreNullable,
      exampleSubgraphs({
        a: '"Own." type Chunk @key(fields: "id") { id: ID! next: Chunk! model: Model } type Model @key(fields: "id") { id: ID! uses: Int }',
      }),
    ),
  ).toEqual([])
})

test('foreign-fields-are-nullable: violating', () => {
  expect(
    brokenAt(
      foreignFieldsAreNullable,
      exampleSubgraphs({
        a: '"Own." type Chunk @key(fields: "id") { id: ID! model: Model! models: [Model!]! } type Model @key(fields: "id") { id: ID! uses: Int! } interface Written { model: Model! }',
      }),
    ),
  ).toEqual(['Chunk.model', 'Chunk.models', 'Model.uses', 'Written.model'])
})
