import { expect, test } from 'vitest'
import { noTechnologyWords } from './no-technology-words.ts'
import { brokenAt, exampleApi } from './example.ts'

test('no-technology-words: conforming', () => {
  expect(
    brokenAt(noTechnologyWords, exampleApi(`type Model { provider: Provider } enum Provider { OLLAMA OPENAI }`)),
  ).toEqual([])
})

test('no-technology-words: violating', () => {
  expect(
    brokenAt(
      noTechnologyWords,
      exampleApi(`type Neo4jNode { kafkaTopic(redisKey: String): Int } input SearchInput { qdrantFilter: String }`),
    ),
  ).toEqual(['Neo4jNode', 'Neo4jNode.kafkaTopic', 'Neo4jNode.kafkaTopic(redisKey:)', 'SearchInput.qdrantFilter'])
})
