import { expect, test } from 'vitest'
import { entitiesHaveOneOwner } from './entities-have-one-owner.ts'
import { brokenAt, exampleSubgraphs } from './example.ts'

test('entities-have-one-owner: conforming', () => {
  expect(
    brokenAt(
      entitiesHaveOneOwner,
      exampleSubgraphs({
        a: '"A model." type Model implements Node @key(fields: "id") { id: ID! }',
        b: 'type Model implements Node @key(fields: "id", resolvable: false) { id: ID! }',
        c: 'type Model implements Node @key(fields: "id") { id: ID! uses: Int }',
      }),
    ),
  ).toEqual([])
})

test('entities-have-one-owner: violating', () => {
  expect(
    brokenAt(
      entitiesHaveOneOwner,
      exampleSubgraphs({
        a: '"One." type Twice implements Node @key(fields: "id") { id: ID! } type Nobodys implements Node @key(fields: "id") { id: ID! }',
        b: '"Two." type Twice implements Node @key(fields: "id") { id: ID! } "A." type Hidden implements Node @key(fields: "id", resolvable: false) { id: ID! }',
        c: '"A." type Named implements Node @key(fields: "name") { id: ID! name: String! } "A." type Loose @key(fields: "id") { id: ID! }',
      }),
    ),
  ).toEqual(['Twice', 'Nobodys', 'Hidden', 'Named', 'Loose'])
})
