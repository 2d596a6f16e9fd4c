import { expect, test } from 'vitest'
import { withPurpose } from './embedding-prefix.ts'

test.for([
  ['all-minilm-l6-v2', 'query', 'river', 'river'],
  ['nomic-embed-text:latest', 'query', 'river', 'search_query: river'],
  ['someone/nomic-embed-text', 'document', 'river', 'search_document: river'],
  ['mxbai-embed-large', 'document', 'river', 'river'],
  ['mxbai-embed-large', 'query', 'river', 'Represent this sentence for searching relevant passages: river'],
] as const)('%s gets for a %s %j the text %j', ([model, purpose, text, expected]) => {
  expect(withPurpose(model, purpose, text)).toBe(expected)
})
