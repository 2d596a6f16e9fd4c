// What is left of a document whose ingestion failed or was cancelled: its row, and nothing in the search index, where it would take the places
// of documents that can be found.
import path from 'node:path'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { rowsOf } from '#shared/database.ts'
import { TributaryError } from '#shared/errors.ts'
import { documentCheck, documentFail, documentProcess, searchEntriesDelete } from '../../contracts/messages.ts'
import { createLanceDbVectorStore } from './adapters/lancedb-vector-store.ts'
import type { VectorStore } from './ports/vector-store.ts'
import { startTestKnowledge, textContent, type SentDocument, type TestKnowledge } from './testing/start-knowledge.ts'

let knowledge: TestKnowledge
let index: VectorStore
let knowledgeBaseId: string

beforeAll(async () => {
  knowledge = await startTestKnowledge()
  const directory = path.join(knowledge.platform.dataDirectory, 'vectors')
  index = await createLanceDbVectorStore({ directory, isWriter: false, onError: () => undefined })
  knowledgeBaseId = await knowledge.createKnowledgeBase('Failures')
})
afterAll(async () => {
  await index?.close()
  await knowledge?.close()
})

const content = (words: string) => textContent('Title', [{ heading: 'Heading', text: words }])
const indexed = ({ documentId }: SentDocument) =>
  index.count(knowledge.workspaceId, documentId, new AbortController().signal)
const nothing = { texts: 0, vectors: 0 }

async function documentOf({ documentId }: SentDocument) {
  const [row] = await rowsOf<{ status: string; chunks_key: string | null }>(
    knowledge.platform.database.sql,
    sql`select status, chunks_key from knowledge.document where id = ${documentId}`,
  )
  return row!
}

const handled = (queue: string) =>
  expect
    .poll(
      () =>
        rowsOf(
          knowledge.platform.database.sql,
          sql`select state from queue.job where name = ${queue} and state <> 'completed'`,
        ),
      { timeout: 15_000 },
    )
    .toEqual([])

test('the chunks of a failed document leave the index, and a later attempt brings them back', async () => {
  const sent = await knowledge.sendDocument(knowledgeBaseId, content('Herons wade through shallow marshes at dawn.'))
  await knowledge.reported(sent.itemId, 'INDEX', 'SUCCEEDED')
  expect((await indexed(sent)).texts).toBeGreaterThan(0)
  const { chunks_key: chunksKey } = await documentOf(sent)
  await knowledge.platform.queue.send(documentFail, sent.command)
  await expect.poll(() => indexed(sent), { timeout: 15_000 }).toEqual(nothing)
  await handled(searchEntriesDelete.queue)
  expect(await documentOf(sent)).toEqual({ status: 'FAILED', chunks_key: null })
  await expect(knowledge.platform.blobs.read(chunksKey!)).rejects.toMatchObject({ code: 'NOT_FOUND' })

  knowledge.reports.length = 0
  const again = { ...sent.command, attempt: 2 }
  await knowledge.platform.queue.send(documentProcess, again)
  await knowledge.reported(sent.itemId, 'INDEX', 'SUCCEEDED')
  await knowledge.platform.queue.send(documentCheck, again)
  await knowledge.reported(sent.itemId, 'CHECK', 'SUCCEEDED')
  expect(await documentOf(sent)).toEqual({ status: 'READY', chunks_key: chunksKey })
  expect((await indexed(sent)).texts).toBeGreaterThan(0)
})

test('a document that is cancelled while it is indexed is not in the index afterwards', async () => {
  const gate = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  knowledge.models.beforeEmbedding = async () => {
    begun.resolve()
    await gate.promise
  }
  const sent = await knowledge.sendDocument(knowledgeBaseId, content('Otters sleep on their backs in the kelp.'))
  await begun.promise
  await knowledge.platform.queue.send(documentFail, sent.command)
  await expect.poll(async () => (await documentOf(sent)).status, { timeout: 15_000 }).toBe('FAILED')
  await handled(searchEntriesDelete.queue)
  gate.resolve()
  knowledge.models.beforeEmbedding = () => undefined
  await knowledge.reported(sent.itemId, 'INDEX', 'SUCCEEDED')
  await expect.poll(() => indexed(sent), { timeout: 15_000 }).toEqual(nothing)
  await expect.poll(() => documentOf(sent), { timeout: 15_000 }).toEqual({ status: 'FAILED', chunks_key: null })
})

test('deleting what a failed attempt left comes too late for the next attempt, and takes nothing of it', async () => {
  const sent = await knowledge.sendDocument(knowledgeBaseId, content('Badgers dig setts with many entrances.'))
  await knowledge.reported(sent.itemId, 'INDEX', 'SUCCEEDED')
  const { chunks_key: chunksKey } = await documentOf(sent)
  const before = await indexed(sent)
  await knowledge.platform.queue.send(searchEntriesDelete, { ...sent.command, chunksKeys: [chunksKey!] })
  await handled(searchEntriesDelete.queue)
  expect(await indexed(sent)).toEqual(before)
  await expect(knowledge.platform.blobs.read(chunksKey!)).resolves.toBeDefined()
})

test('a step that never got through while the queue tried is reported as failed, where it stood', async () => {
  await giveUpAtOnce(documentProcess.queue, documentCheck.queue)
  knowledge.models.beforeEmbedding = () => {
    throw new TributaryError('UPSTREAM_UNAVAILABLE', 'No model can be had.')
  }
  const sent = await knowledge.sendDocument(knowledgeBaseId, content('Kestrels hover against the wind.'))
  const failed = await knowledge.reported(sent.itemId, 'EMBED', 'FAILED')
  expect(failed.error).toMatchObject({ isRetryable: true, message: expect.stringMatching(/for a week.*retry the ing/) })

  knowledge.models.beforeEmbedding = () => undefined

  await moveAway('chunk')
  await knowledge.platform.queue.send(documentCheck, sent.command)
  await knowledge.reported(sent.itemId, 'CHECK', 'FAILED')
})

test('what was deleted leaves the index also when the queue had given up on it', async () => {
  const sent = await knowledge.sendDocument(knowledgeBaseId, content('Newts regrow a lost leg.'))
  await knowledge.reported(sent.itemId, 'INDEX', 'SUCCEEDED')
  expect((await indexed(sent)).texts).toBeGreaterThan(0)
  await giveUpAtOnce(searchEntriesDelete.queue)
  const moveBack = await moveAway('tombstone')
  const gone = { ...sent.command, chunksKeys: [] }
  await knowledge.platform.database.sql.execute(sql`delete from knowledge.document where id = ${sent.documentId}`)
  await knowledge.platform.queue.send(searchEntriesDelete, gone)
  const givenUp = sql`select state::text from queue.job where name = ${`${searchEntriesDelete.queue}.given-up`}`
  await expect
    .poll(() => rowsOf<{ state: string }>(knowledge.platform.database.sql, givenUp), { timeout: 20_000 })
    .toContainEqual({ state: 'completed' })
  await moveBack()
  await expect.poll(() => indexed(sent), { timeout: 20_000 }).toEqual(nothing)
})

/** Of messages that are sent from now on. */
async function giveUpAtOnce(...queues: string[]) {
  for (const queue of queues) {
    const setLimit = (limit: number) =>
      knowledge.platform.database.sql.execute(sql`update queue.queue set retry_limit = ${limit} where name = ${queue}`)
    await setLimit(0)
    onTestFinished(() => setLimit(20).then(() => undefined))
  }
}

/** Statements on the table fail until it is moved back, at the latest after the test. */
async function moveAway(table: string): Promise<() => Promise<void>> {
  const rename = (from: string, to: string) =>
    knowledge.platform.database.sql.execute(sql.raw(`alter table if exists knowledge.${from} rename to ${to}`))
  await rename(table, `${table}_away`)
  const moveBack = () => rename(`${table}_away`, table).then(() => undefined)
  onTestFinished(moveBack)
  return moveBack
}
