import { expect, test } from 'vitest'
import { connectionsAreAlike } from './connections-are-alike.ts'
import { brokenAt, exampleApi } from './example.ts'

test('connections-are-alike: conforming', () => {
  expect(
    brokenAt(
      connectionsAreAlike,
      exampleApi(`type Query { models(first: Int = 50, after: String, filter: ModelFilter, orderBy: ModelOrder): ModelConnection! } input ModelFilter { name: String } input ModelOrder { field: String }
  type ModelConnection { edges: [ModelEdge!]! nodes: [Model!]! pageInfo: PageInfo! totalCount: Int! } type ModelEdge { cursor: String! node: Model! } type Model { id: ID! } type PageInfo { hasNextPage: Boolean! }`),
    ),
  ).toEqual([])
})

test('connections-are-alike: violating', () => {
  expect(
    brokenAt(
      connectionsAreAlike,
      exampleApi(`type Query { models(first: Int, filter: String): ModelConnection! others(first: Int = 500, after: Int, orderBy: String): ModelConnection! }
  type ModelConnection { edges: [ModelEdge]! nodes: [Model!]! } type ModelEdge { cursor: ID! node: Model! } type Model { id: ID! }`),
    ),
  ).toEqual([
    'ModelConnection.edges',
    'ModelConnection.pageInfo',
    'ModelEdge.cursor',
    'Query.models(first:)',
    'Query.models(after:)',
    'Query.models(filter:)',
    'Query.others(first:)',
    'Query.others(after:)',
    'Query.others(orderBy:)',
  ])
})
