// What a search tells metrics, and when.
import { pino } from 'pino'
import { expect, test } from 'vitest'
import type { JobQueue } from '#shared/job-queue.ts'
import { testIdentity } from '../../test/harness/platform.ts'
import { createSearchKnowledgeBase } from './search-knowledge-base.ts'

/** A search that finds nothing, over a queue that sends as the test says. */
function search(send: JobQueue['send']) {
  const searchKnowledgeBase = createSearchKnowledgeBase({
    retrieval: { retrieve: async () => ({ mode: 'HYBRID', hits: [], embedding: null }) },
    queue: { send } as JobQueue,
    logger: pino({ level: 'silent' }),
  })
  return searchKnowledgeBase({
    identity: testIdentity('ws_x', 'VIEWER'),
    knowledgeBase: { id: 'kb_x' } as never,
    query: 'herons',
    first: 10,
    mode: 'HYBRID',
    signal: new AbortController().signal,
  })
}

test('a search is answered when its usage is stored: what was served counts, also when the process is killed right after', async () => {
  const begun = Promise.withResolvers<unknown>()
  const stored = Promise.withResolvers<void>()
  let isAnswered = false
  const searching = search(async (_message, usage) => {
    begun.resolve(usage)
    await stored.promise
  }).finally(() => (isAnswered = true))
  expect(await begun.promise).toMatchObject({ kind: 'SEARCH', knowledgeBaseIds: ['kb_x'], workspaceId: 'ws_x' })
  await new Promise(setImmediate)
  expect(isAnswered).toBe(false)
  stored.resolve()
  expect(await searching).toMatchObject({ mode: 'HYBRID', hits: [] })
})

test('a search that cannot be counted is answered all the same', async () => {
  expect(await search(() => Promise.reject(new Error('The queue is away.')))).toMatchObject({ hits: [] })
})
