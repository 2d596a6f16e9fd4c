import { expect, test } from 'vitest'
import type { Endpoint } from '../client/endpoint.ts'
import type { Output } from '../terminal/output.ts'
import { search } from './search.ts'

/** What is printed when the platform searched in this mode. */
async function searched(
  mode: 'LEXICAL' | 'HYBRID',
  options: { embeddingModel?: { name: string }; asked?: string } = {},
): Promise<{ lines: string; notes: string }> {
  const { embeddingModel = null, asked } = options
  const node = { id: 'kb_1', name: 'Handbook', documentCount: 1, chunkCount: 1, embeddingModel }
  const knowledgeBases = { edges: [{ cursor: '', node }], pageInfo: { hasNextPage: false, endCursor: null } }
  const endpoint = {
    request: (operation: string) =>
      Promise.resolve(
        operation === 'Search'
          ? { knowledgeBase: { search: { mode, durationMs: 5, hits: [] } } }
          : { knowledgeBases: { ...knowledgeBases, nodes: [node] } },
      ),
  } as Partial<Endpoint> as Endpoint
  const lines: string[] = []
  const notes: string[] = []
  const output = {
    line: (text = '') => void lines.push(text),
    note: (text: string) => void notes.push(text),
    record: () => undefined,
  } as Partial<Output> as Output
  const flags = { knowledgeBase: [], first: 5, ...(asked === undefined ? {} : { mode: asked }) }
  await search({ endpoint, output, signal: new AbortController().signal }, 'backup', flags)
  return { lines: lines.join('\n'), notes: notes.join('\n') }
}

test('a search that had to do without an embedding model says so, and what to do', async () => {
  const { lines, notes } = await searched('LEXICAL')
  expect(lines).toBe('Handbook: 0 passages in 5 ms, by words only: it has no embedding model')
  for (const words of [
    'network access',
    'TRIBUTARY_MODELS_DIR',
    'OLLAMA_HOST',
    'delete them',
    'another knowledge base',
  ])
    expect(notes).toContain(words)
})

test('a model that is there and did not answer is another matter', async () => {
  const { lines, notes } = await searched('LEXICAL', { embeddingModel: { name: 'minilm' } })
  expect(lines).toBe('Handbook: 0 passages in 5 ms, by words only: minilm could not embed the question')
  expect(notes).toContain('log')
  expect(notes).not.toContain('TRIBUTARY_MODELS_DIR')
})

test('nothing is said where words were asked for, or meaning was used', async () => {
  for (const { lines, notes } of [await searched('LEXICAL', { asked: 'LEXICAL' }), await searched('HYBRID')]) {
    expect(lines).toBe('Handbook: 0 passages in 5 ms')
    expect(notes).toBe('')
  }
})
