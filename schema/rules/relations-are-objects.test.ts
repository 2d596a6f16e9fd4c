import { expect, test } from 'vitest'
import { relationsAreObjects } from './relations-are-objects.ts'
import { brokenAt, exampleApi } from './example.ts'

test('relations-are-objects: conforming', () => {
  expect(
    brokenAt(
      relationsAreObjects,
      exampleApi(
        `type Chunk { id: ID! document: Document! } type Document { id: ID! } type DocumentDeletePayload { documentId: ID } input AskInput { documentIds: [ID!]! kindOfGrid: Int }`,
      ),
    ),
  ).toEqual([])
})

test('relations-are-objects: violating', () => {
  expect(
    brokenAt(
      relationsAreObjects,
      exampleApi(
        `type Chunk { id: ID! documentId: ID! modelIds: [ID!]! } input AskInput { documentId: String! ids: [Int!] }`,
      ),
    ),
  ).toEqual(['Chunk.documentId', 'Chunk.modelIds', 'AskInput.documentId', 'AskInput.ids'])
})
