import { expect, test } from 'vitest'
import { namesAreCased } from './names-are-cased.ts'
import { brokenAt, exampleApi } from './example.ts'

test('names-are-cased: conforming', () => {
  expect(
    brokenAt(
      namesAreCased,
      exampleApi(
        `type Chunk { headingPath(asText: String): Mode } input NameFilter { nameLike: String } enum Mode { FULL_TEXT V2 }`,
      ),
    ),
  ).toEqual([])
})

test('names-are-cased: violating', () => {
  expect(
    brokenAt(
      namesAreCased,
      exampleApi(
        `type text_chunk { Heading(as_text: String): Mode } input Filter { Name: String } enum Mode { fullText FULL }`,
      ),
    ),
  ).toEqual(['text_chunk', 'text_chunk.Heading', 'text_chunk.Heading(as_text:)', 'Filter.Name', 'Mode.fullText'])
})
