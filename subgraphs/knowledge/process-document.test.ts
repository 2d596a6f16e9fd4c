// The handlers of durable messages under bad conditions: delivered twice, stopped between batches, overtaken by a deletion, without a model.
// Deliveries are made by hand, so that each stops exactly where the test wants it.
import { sql } from 'drizzle-orm'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { rowsOf } from '#shared/database.ts'
import { createId } from '#shared/ids.ts'
import type { z } from 'zod'
import { documentChunksSchema, type DocumentContent } from '../../contracts/document-content.ts'
import {
  contributionsDelete,
  type documentProcess,
  documentsDeleted,
  searchEntriesDelete,
  stepReported,
} from '../../contracts/messages.ts'
import { createModelsClient } from '../../contracts/models-client.ts'
import { createTestPlatform, type TestPlatform } from '../../test/harness/platform.ts'
import { createLanceDbVectorStore } from './adapters/lancedb-vector-store.ts'
import { createCheckDocument } from './check-document.ts'
import { createDeleteContent, createDeleteSearchEntries } from './delete-content.ts'
import { createKnowledgeBases, type KnowledgeBases } from './knowledge-bases.ts'
import type { VectorStore } from './ports/vector-store.ts'
import { createProcessDocument } from './process-document.ts'
import { createFailDocument, createRegisterDocument } from './register-document.ts'
import { openTestDatabase } from './testing/open-database.ts'
import { EMBEDDER, startScriptedModels, type ScriptedModels } from './testing/scripted-models.ts'
import { textContent } from './testing/start-knowledge.ts'

type Command = z.output<typeof documentProcess.schema>

let platform: TestPlatform
let models: ScriptedModels
let vectorStore: VectorStore
let vectorDirectory: string
let knowledgeBases: KnowledgeBases
let handlers: {
  register: ReturnType<typeof createRegisterDocument>
  process: ReturnType<typeof createProcessDocument>
  check: ReturnType<typeof createCheckDocument>
  fail: ReturnType<typeof createFailDocument>
  deleteEntries: ReturnType<typeof createDeleteSearchEntries>
}
let workspaceId: string
let knowledgeBaseId: string
const logError = vi.fn()
const noSignal = new AbortController().signal

/** 100 sections, so 100 chunks: four batches. */
const LONG = textContent(
  'Register of ships',
  Array.from({ length: 100 }, (_, index) => ({
    heading: `Ship ${index}`,
    text: `The ship number ${index} carries ${index * 7} barrels. ${'It sails between the islands in every season. '.repeat(6)}`,
  })),
)

beforeAll(async () => {
  platform = await createTestPlatform({ database: await openTestDatabase(() => undefined) })
  models = await startScriptedModels()
  await platform.database.migrate({
    schema: 'knowledge',
    folder: fileURLToPath(new URL('./migrations', import.meta.url)),
  })
  vectorDirectory = await mkdtemp(path.join(os.tmpdir(), 'tributary-vectors-'))
  vectorStore = await createLanceDbVectorStore({
    directory: vectorDirectory,
    onError: (error) => expect.unreachable(String(error)),
  })
  const { database, queue, blobs, signer } = platform
  const client = createModelsClient({ origin: () => models.origin, signer })
  knowledgeBases = createKnowledgeBases({ database: database.sql, models: client })
  handlers = {
    register: createRegisterDocument({ database }),
    process: createProcessDocument({
      database,
      queue,
      blobs,
      models: client,
      vectorStore,
      knowledgeBases,
      logger: { error: logError },
    }),
    check: createCheckDocument({ database, queue, blobs, vectorStore }),
    fail: createFailDocument({ database, queue }),
    deleteEntries: createDeleteSearchEntries({ database, vectorStore, blobs }),
  }
})

beforeEach(async () => {
  workspaceId = createId('ws')
  models.available = [EMBEDDER]
  models.isAway = false
  models.beforeEmbedding = () => undefined
  models.embeddings.length = 0
  const created = await knowledgeBases.create(workspaceId, { name: 'Ships' }, noSignal)
  knowledgeBaseId = 'knowledgeBase' in created ? created.knowledgeBase.id : ''
})

afterAll(async () => {
  await vectorStore.close()
  await platform.close()
  await models.close()
  await rm(vectorDirectory, { recursive: true, force: true })
})

async function register(content: DocumentContent = LONG): Promise<Command> {
  const { key: contentKey } = await platform.blobs.put(workspaceId, Buffer.from(JSON.stringify(content)))
  const about = { workspaceId, knowledgeBaseId, documentId: createId('doc') }
  const rest = { title: 'ships.txt', mediaType: 'text/plain', sizeBytes: 1, sourceUri: null, tags: [] }
  await handlers.register({ ...about, ...rest })
  return {
    ...about,
    itemId: createId('item'),
    attempt: 1,
    contentKey,
    contentTitle: content.title,
    mediaType: 'text/plain',
  }
}

const deliver = (data: Command, options: { signal?: AbortSignal; retryCount?: number } = {}) =>
  handlers.process({ data, retryCount: options.retryCount ?? 0, signal: options.signal ?? noSignal })

/** What was sent to a queue about this workspace, in the order of sending, with whatever the queue still holds. */
async function sent<Message extends { queue: string; schema: z.ZodType }>(
  message: Message,
): Promise<z.output<Message['schema']>[]> {
  const rows = await rowsOf<{ data: z.output<Message['schema']> }>(
    platform.database.sql,
    sql`select data from queue.job where name = ${message.queue} and data->>'workspaceId' = ${workspaceId} order by created_on, id`,
  )
  return rows.map(({ data }) => data)
}

const succeeded = async () =>
  (await sent(stepReported)).filter(({ status }) => status === 'SUCCEEDED').map(({ step }) => step)

/** Everything that is stored of the document, in rows and vectors. */
async function stored({ documentId }: Command) {
  const [document] = await rowsOf<Record<string, unknown>>(
    platform.database.sql,
    sql`select status, title, chunk_count, vector_count, trailing_text, chunks_key from knowledge.document where id = ${documentId}`,
  )
  const chunks = await rowsOf<Record<string, unknown>>(
    platform.database.sql,
    sql`select * from knowledge.chunk where document_id = ${documentId} order by ordinal`,
  )
  const [checkpoint] = await rowsOf<{ count: number }>(
    platform.database.sql,
    sql`select count(*)::int as count from knowledge.chunk_embedding where document_id = ${documentId}`,
  )
  return {
    document,
    chunks,
    checkpoints: checkpoint!.count,
    counts: await vectorStore.count(workspaceId, documentId, noSignal),
  }
}

test('processing stores every chunk once with its vector, tells graph of the chunks and reports each step', async () => {
  const command = await register()
  await deliver(command)
  const { document, chunks, checkpoints, counts } = await stored(command)
  expect(counts).toEqual({ texts: 100, vectors: 100 })
  expect(checkpoints).toBe(0)
  expect(chunks).toHaveLength(100)
  expect(document).toMatchObject({ status: 'PENDING', title: 'Register of ships', chunk_count: 100, vector_count: 100 })
  expect(await succeeded()).toEqual(['CHUNK', 'EMBED', 'INDEX'])
  const blob = await platform.blobs.read(String(document!['chunks_key']))
  const told = documentChunksSchema.parse(JSON.parse(blob.toString('utf8')))
  expect(told.chunks).toEqual(
    chunks.map(({ id, start_offset, end_offset }) => ({ id, startOffset: start_offset, endOffset: end_offset })),
  )
  await handlers.check({ data: command, signal: noSignal })
  expect((await stored(command)).document).toMatchObject({ status: 'READY' })
  expect(await succeeded()).toEqual(['CHUNK', 'EMBED', 'INDEX', 'CHECK'])
})

test('the media type found in the bytes replaces the one told by the name', async () => {
  const command = await register()
  await deliver({ ...command, mediaType: 'text/markdown' })
  const [document] = await rowsOf<{ media_type: string }>(
    platform.database.sql,
    sql`select media_type from knowledge.document where id = ${command.documentId}`,
  )
  expect(document?.media_type).toBe('text/markdown')
})

test('a second delivery changes nothing, embeds nothing and reports again', async () => {
  const command = await register()
  await deliver(command)
  const first = await stored(command)
  const embeddingCount = models.embeddings.length
  await deliver(command)
  expect(await stored(command)).toEqual(first)
  expect(models.embeddings).toHaveLength(embeddingCount)
  expect(await succeeded()).toEqual(['CHUNK', 'EMBED', 'INDEX', 'CHUNK', 'EMBED', 'INDEX'])
  expect((await sent(stepReported)).at(-1)?.chunksKey).toBe(first.document!['chunks_key'])
})

test('two deliveries at the same time leave what one leaves', async () => {
  const command = await register()
  const results = await Promise.allSettled([deliver(command), deliver(command)])
  // One may find its checkpoint taken by the other; the queue delivers it again.
  if (results.some(({ status }) => status === 'rejected')) await deliver(command)
  const { chunks, counts, checkpoints } = await stored(command)
  expect(chunks).toHaveLength(100)
  expect(counts).toEqual({ texts: 100, vectors: 100 })
  expect(checkpoints).toBe(0)
  await handlers.check({ data: command, signal: noSignal })
  expect((await stored(command)).document).toMatchObject({ status: 'READY' })
})

test.each([0, 1, 2, 3])(
  'stopped before batch %i it goes on behind the stored ones, and each batch has one key',
  async (stopAt) => {
    const command = await register()
    const stop = new AbortController()
    let batch = 0
    models.beforeEmbedding = () => {
      if (batch++ === stopAt) stop.abort()
    }
    await expect(deliver(command, { signal: stop.signal })).rejects.toThrow()
    models.beforeEmbedding = () => undefined
    await deliver(command)
    const keys = models.embeddings.map(({ idempotencyKey }) => idempotencyKey)
    expect(new Set(keys).size).toBe(4)
    const texts = new Map(models.embeddings.map((request) => [request.idempotencyKey, request.texts]))
    for (const request of models.embeddings) expect(request.texts).toEqual(texts.get(request.idempotencyKey))
    expect((await stored(command)).counts).toEqual({ texts: 100, vectors: 100 })
    await handlers.check({ data: command, signal: noSignal })
    expect((await stored(command)).document).toMatchObject({ status: 'READY' })
  },
)

test('without an embedding model the document is found by words, and the next one takes the model that is there by then', async () => {
  models.available = []
  const created = await knowledgeBases.create(workspaceId, { name: 'Without model' }, noSignal)
  knowledgeBaseId = 'knowledgeBase' in created ? created.knowledgeBase.id : ''
  const first = await register()
  await deliver(first)
  await handlers.check({ data: first, signal: noSignal })
  expect(await stored(first)).toMatchObject({ document: { status: 'READY' }, counts: { texts: 100, vectors: 0 } })
  expect(
    (await sent(stepReported)).find(({ step, status }) => step === 'EMBED' && status === 'SUCCEEDED'),
  ).toMatchObject({
    completedUnits: 0,
  })
  models.available = [EMBEDDER]
  const second = await register()
  await deliver(second)
  expect((await stored(second)).counts).toEqual({ texts: 100, vectors: 100 })
  expect(await knowledgeBases.findMany(workspaceId, [knowledgeBaseId])).toMatchObject([
    { embeddingModelName: EMBEDDER.name },
  ])
})

test('while models is away a document is not taken for one without an embedding model', async () => {
  models.available = []
  const created = await knowledgeBases.create(workspaceId, { name: 'Unsettled' }, noSignal)
  knowledgeBaseId = 'knowledgeBase' in created ? created.knowledgeBase.id : ''
  models.available = [EMBEDDER]
  const command = await register()
  models.isAway = true
  await expect(deliver(command)).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' })
  models.isAway = false
  await deliver(command, { retryCount: 1 })
  expect(models.embeddings.length).toBeGreaterThan(0)
})

test('a model that stays away is tried again by the queue, and ends as a failed step that may be retried', async () => {
  const command = await register()
  models.beforeEmbedding = () => {
    throw new Error('The host is away.')
  }
  await expect(deliver(command)).rejects.toMatchObject({ code: 'MODEL_NOT_AVAILABLE' })
  await deliver(command, { retryCount: 99 })
  expect((await sent(stepReported)).at(-1)).toMatchObject({
    step: 'EMBED',
    status: 'FAILED',
    error: { code: 'MODEL_NOT_AVAILABLE', isRetryable: true },
  })
  await handlers.fail(command)
  expect((await stored(command)).document).toMatchObject({ status: 'FAILED' })
  models.beforeEmbedding = () => undefined
  await deliver(command)
  expect((await stored(command)).document).toMatchObject({ status: 'FAILED' })
  const retry = { ...command, attempt: 2 }
  await deliver(retry)
  await handlers.check({ data: retry, signal: noSignal })
  await handlers.fail(command)
  expect((await stored(command)).document).toMatchObject({ status: 'READY' })
})

test('content without any text fails CHUNK with a code of the catalogue', async () => {
  const command = await register({ version: 1, title: null, text: '\n \n', blocks: [] })
  await deliver(command)
  expect((await sent(stepReported)).at(-1)).toMatchObject({
    step: 'CHUNK',
    status: 'FAILED',
    error: { code: 'DOCUMENT_WITHOUT_TEXT', isRetryable: false },
  })
})

test('a content that is gone fails CHUNK instead of being tried forever', async () => {
  const command = await register()
  await platform.blobs.delete(command.contentKey)
  await deliver(command)
  expect((await sent(stepReported)).at(-1)).toMatchObject({
    step: 'CHUNK',
    status: 'FAILED',
    error: { code: 'NOT_FOUND' },
  })
  expect(logError).toHaveBeenLastCalledWith(
    { err: expect.objectContaining({ code: 'NOT_FOUND' }), step: 'CHUNK', documentId: command.documentId },
    expect.any(String),
  )
})

test('a retry with other content replaces chunks and vectors', async () => {
  const command = await register()
  await deliver(command)
  const shorter = textContent('Shorter', [
    { heading: 'One', text: 'Only one ship is left, and it carries nothing at all.' },
  ])
  const { key: contentKey } = await platform.blobs.put(workspaceId, Buffer.from(JSON.stringify(shorter)))
  const retry = { ...command, attempt: 2, contentKey, contentTitle: 'Shorter' }
  await deliver(retry)
  await handlers.check({ data: retry, signal: noSignal })
  const { document, chunks, counts } = await stored(retry)
  expect(document).toMatchObject({ status: 'READY', title: 'Shorter' })
  expect(chunks).toHaveLength(1)
  expect(counts).toEqual({ texts: 1, vectors: 1 })
})

test.each([
  [
    'a changed chunk',
    sql`update knowledge.chunk set text = 'x' || substr(text, 2) where ordinal = 3 and document_id = `,
  ],
  [
    'a shifted span',
    sql`update knowledge.chunk set start_offset = start_offset + 1 where ordinal = 3 and document_id = `,
  ],
  ['a missing chunk', sql`delete from knowledge.chunk where ordinal = 99 and document_id = `],
  [
    'lost text between chunks',
    sql`update knowledge.chunk set preceding_text = '' where ordinal = 5 and document_id = `,
  ],
])('the check finds %s, and the retry mends it', async (_name, damage) => {
  const command = await register()
  await deliver(command)
  await platform.database.sql.execute(sql`${damage}${command.documentId}`)
  await handlers.check({ data: command, signal: noSignal })
  expect((await sent(stepReported)).at(-1)).toMatchObject({
    step: 'CHECK',
    status: 'FAILED',
    error: { code: 'QUALITY_CHECK_FAILED', isRetryable: true },
  })
  const retry = { ...command, attempt: 2 }
  await deliver(retry)
  await handlers.check({ data: retry, signal: noSignal })
  expect((await stored(command)).document).toMatchObject({ status: 'READY' })
})

test('the check finds lost vectors', async () => {
  const command = await register()
  await deliver(command)
  await vectorStore.deleteDocument(workspaceId, command.documentId, noSignal)
  await handlers.check({ data: command, signal: noSignal })
  expect((await sent(stepReported)).at(-1)).toMatchObject({ step: 'CHECK', status: 'FAILED' })
})

test('a document deleted while it is embedded leaves nothing and does not come back', async () => {
  const { deleteDocument } = createDeleteContent({ database: platform.database, queue: platform.queue })
  const command = await register()
  let batch = 0
  models.beforeEmbedding = async () => {
    if (batch++ === 1) expect(await deleteDocument(workspaceId, command.documentId)).toEqual([])
  }
  await deliver(command)
  for (const message of await sent(searchEntriesDelete))
    await handlers.deleteEntries({ data: message, signal: noSignal })
  await handlers.register({ ...command, title: 'late', sizeBytes: 1, sourceUri: null, tags: [] })
  await deliver(command)
  await handlers.check({ data: command, signal: noSignal })
  expect(await stored(command)).toEqual({
    document: undefined,
    chunks: [],
    checkpoints: 0,
    counts: { texts: 0, vectors: 0 },
  })
  const about = { workspaceId, knowledgeBaseId, documentId: command.documentId }
  expect(await sent(contributionsDelete)).toEqual([about])
  expect(await sent(documentsDeleted)).toEqual([about])
  expect(await succeeded()).not.toContain('INDEX')
})

test('a deleted knowledge base takes its documents with it, and only those', async () => {
  const { deleteKnowledgeBase } = createDeleteContent({ database: platform.database, queue: platform.queue })
  const other = await register()
  await deliver(other)
  const created = await knowledgeBases.create(workspaceId, { name: 'Short-lived' }, noSignal)
  knowledgeBaseId = 'knowledgeBase' in created ? created.knowledgeBase.id : ''
  const command = await register()
  await deliver(command)
  const chunksKey = String((await stored(command)).document!['chunks_key'])
  expect(await deleteKnowledgeBase(workspaceId, knowledgeBaseId)).toEqual([])
  expect(await deleteKnowledgeBase(workspaceId, knowledgeBaseId)).toMatchObject([{ code: 'NOT_FOUND' }])
  const [cleanup] = await sent(searchEntriesDelete)
  expect(cleanup).toEqual({ workspaceId, knowledgeBaseId, documentId: null, chunksKeys: [chunksKey] })
  await handlers.deleteEntries({ data: cleanup!, signal: noSignal })
  await handlers.deleteEntries({ data: cleanup!, signal: noSignal })
  await deliver(command)
  expect(await stored(command)).toMatchObject({ document: undefined, counts: { texts: 0, vectors: 0 } })
  await expect(platform.blobs.read(chunksKey)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  expect((await stored(other)).counts).toEqual({ texts: 100, vectors: 100 })
})

test('a command that overtakes the registration is tried again', async () => {
  const command = { ...(await register()), documentId: createId('doc') }
  await expect(deliver(command)).rejects.toMatchObject({ isRetryable: true })
})
