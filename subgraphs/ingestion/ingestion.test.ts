// ingestion as running processes on a real database and queue; knowledge and graph are played by handlers that speak the contracts.
import { eq, sql } from 'drizzle-orm'
import Fastify, { type FastifyInstance } from 'fastify'
import { createClient, type Client } from 'graphql-ws'
import { execFile } from 'node:child_process'
import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import http from 'node:http'
import path from 'node:path'
import { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import WebSocket from 'ws'
import { TributaryError } from '#shared/errors.ts'
import { createId } from '#shared/ids.ts'
import { pdf } from '../../test/fixtures/documents/pdf.ts'
import { createTestPlatform, requestSubgraph, testIdentity, type TestPlatform } from '../../test/harness/platform.ts'
import { KNOWLEDGE_BASE_PATH, type knowledgeBaseResponseSchema } from '../../contracts/knowledge-client.ts'
import {
  documentCheck,
  documentFail,
  documentLink,
  documentProcess,
  documentRegister,
  documentsDeleted,
  itemRun,
  stepReported,
  type IngestionStepName,
  type StepError,
} from '../../contracts/messages.ts'
import { documentContentSchema } from '../../contracts/document-content.ts'
import type { RunningRole } from '../../contracts/run-process.ts'
import type { z } from 'zod'
import type { JobEvent } from './domain/item-state.ts'
import { startIngestion, type RunningIngestion } from './main.ts'
import { createStoredBlobs } from './stored-blobs.ts'
import { itemTable, uploadTable } from './tables.ts'
import { expireUploads } from './uploads.ts'
import { startIngestionWorker } from './worker.ts'

const WORKSPACE = createId('ws')
const KNOWLEDGE_BASE = createId('kb')

let platform: TestPlatform
let ingestion: RunningIngestion
let worker: RunningRole
let knowledge: FastifyInstance
let client: Client

/** By the key of a blob: its second half is read when the promise is resolved. */
const secondHalves = new Map<string, PromiseWithResolvers<void>>()

function streamInHalves(key: string): Readable {
  const gate = secondHalves.get(key)
  if (!gate) return platform.blobs.stream(key)
  return Readable.from(
    (async function* () {
      const bytes = await platform.blobs.read(key)
      yield bytes.subarray(0, bytes.byteLength / 2)
      await gate.promise
      yield bytes.subarray(bytes.byteLength / 2)
    })(),
  )
}

/** What the players of knowledge and graph do instead of succeeding, by the name of the document. */
const failures = new Map<string, { step: IngestionStepName; error: StepError }>()
const held = new Map<string, PromiseWithResolvers<void>>()
const registered = new Map<string, z.output<(typeof documentRegister)['schema']>>()
const processed: z.output<(typeof documentProcess)['schema']>[] = []
const failed: string[] = []

beforeAll(async () => {
  platform = await createTestPlatform()
  knowledge = Fastify()
  knowledge.post(KNOWLEDGE_BASE_PATH, async (request): Promise<z.input<typeof knowledgeBaseResponseSchema>> => {
    const identity = await platform.signer.verify(String(request.headers['tributary-identity']))
    const { id } = request.body as { id: string }
    const isKnown = id === KNOWLEDGE_BASE && identity.workspaceId === WORKSPACE
    return { knowledgeBase: isKnown ? { id, name: 'Base' } : null }
  })
  platform.origins.set('knowledge', await knowledge.listen({ host: '127.0.0.1', port: 0 }))
  ingestion = await startIngestion(platform, {}, { publicUrl: () => new URL(ingestion.url).origin })
  worker = await startIngestionWorker({ ...platform, blobs: { ...platform.blobs, stream: streamInHalves } }, {})
  await playKnowledgeAndGraph()
  client = createClient({
    url: ingestion.url.replace('http', 'ws'),
    webSocketImpl: WebSocket,
    connectionParams: async () => ({
      'tributary-identity': await platform.signer.sign(testIdentity(WORKSPACE, 'VIEWER')),
    }),
  })
})

afterAll(async () => {
  await client.dispose()
  await worker.close()
  await ingestion.close()
  await knowledge.close()
  await platform.close()
})

async function playKnowledgeAndGraph(): Promise<void> {
  type ForItem = { workspaceId: string; documentId: string; itemId: string; attempt: number }
  const report = async (order: ForItem, step: IngestionStepName, extra: object = {}): Promise<boolean> => {
    const base = {
      workspaceId: order.workspaceId,
      itemId: order.itemId,
      attempt: order.attempt,
      step,
      occurredAt: new Date().toISOString(),
    }
    await platform.queue.send(stepReported, { ...base, status: 'RUNNING', completedUnits: 1, totalUnits: 2 })
    const failure = failures.get(registered.get(order.documentId)?.title ?? '')
    const isFailing = failure?.step === step
    await platform.queue.send(
      stepReported,
      isFailing ? { ...base, status: 'FAILED', error: failure.error } : { ...base, status: 'SUCCEEDED', ...extra },
    )
    return !isFailing
  }
  await platform.queue.work(documentRegister, {}, async ({ data }) => void registered.set(data.documentId, data))
  await platform.queue.work(documentProcess, { concurrency: 4 }, async ({ data }) => {
    processed.push(data)
    await held.get(registered.get(data.documentId)?.title ?? '')?.promise
    if (!(await report(data, 'CHUNK'))) return
    if (!(await report(data, 'EMBED'))) return
    await report(data, 'INDEX', { chunksKey: data.contentKey })
  })
  await platform.queue.work(documentLink, {}, async ({ data }) => void (await report(data, 'LINK')))
  await platform.queue.work(documentCheck, {}, async ({ data }) => void (await report(data, 'CHECK')))
  await platform.queue.work(documentFail, {}, async ({ data }) => void failed.push(data.documentId))
}

const ask = (query: string, variables = {}, role: 'EDITOR' | 'VIEWER' | 'SERVICE' = 'EDITOR') =>
  requestSubgraph(platform, ingestion.url, testIdentity(WORKSPACE, role), query, variables)

const UPLOAD =
  'mutation ($input: UploadCreateInput!) { uploadCreate(input: $input) { upload { id url isReceived } userErrors { code message path } } }'
const CREATE =
  'mutation ($input: IngestionJobCreateInput!) { ingestionJobCreate(input: $input) { ingestionJob { id status itemCount } userErrors { code message path } } }'
const JOB = `query ($id: ID!) { ingestionJob(id: $id) { id status itemCount completedItemCount failedItemCount startedAt finishedAt knowledgeBase { id }
  items { nodes { id name status error { code message isRetryable } warnings { code message pages } document { id }
    steps { name status attemptCount startedAt finishedAt error { code } progress { completedUnits totalUnits } } } } } }`

async function announce(fileName: string, bytes: Uint8Array, mediaType?: string) {
  const { data } = await ask(UPLOAD, { input: { fileName, sizeBytes: bytes.byteLength, mediaType } })
  return data.uploadCreate.upload as { id: string; url: string }
}

async function upload(fileName: string, bytes: Uint8Array, mediaType?: string): Promise<string> {
  const { id, url } = await announce(fileName, bytes, mediaType)
  const response = await fetch(url, { method: 'PUT', body: Buffer.from(bytes) })
  expect(response.status).toBe(201)
  return id
}

async function createJob(input: object): Promise<string> {
  const { data } = await ask(CREATE, { input: { knowledgeBaseId: KNOWLEDGE_BASE, ...input } })
  expect(data.ingestionJobCreate.userErrors).toEqual([])
  return data.ingestionJobCreate.ingestionJob.id
}

async function* watch(id: string, after: string | null = null) {
  const query = `subscription ($id: ID!, $after: String) { ingestionJobEvents(id: $id, after: $after) { __typename cursor occurredAt
    ... on IngestionStepFinished { item { name status } step { name status } }
    ... on IngestionStepProgressed { item { name } step { name status } completedUnits totalUnits }
    ... on IngestionJobFinished { ingestionJob { id status completedItemCount failedItemCount } } } }`
  for await (const result of client.iterate<{ ingestionJobEvents: any }>({ query, variables: { id, after } })) {
    if (result.errors) throw Object.assign(new Error(JSON.stringify(result.errors)), { errors: result.errors })
    yield result.data!.ingestionJobEvents
  }
}

async function finish(id: string, after: string | null = null) {
  const events = []
  for await (const event of watch(id, after)) events.push(event)
  const { data } = await ask(JOB, { id })
  return { events, job: data.ingestionJob }
}

const encode = (text: string) => new TextEncoder().encode(text)

test('an upload and a text go through all eight steps, and watchers see every one', async () => {
  const uploadId = await upload('guide.md', encode('# Guide\n\nRivers flow **down**.\n'))
  const id = await createJob({
    uploadIds: [uploadId],
    texts: [{ title: 'Note', text: 'A short note.' }],
    tags: ['water'],
  })
  const { job, events } = await finish(id)
  expect(job).toMatchObject({
    status: 'SUCCEEDED',
    itemCount: 2,
    completedItemCount: 2,
    failedItemCount: 0,
    knowledgeBase: { id: KNOWLEDGE_BASE },
  })
  expect(job.items.nodes.map((item: any) => item.name)).toEqual(['guide.md', 'Note'])
  for (const item of job.items.nodes) {
    expect(item.steps.map((step: any) => `${step.name} ${step.status} ${step.attemptCount}`)).toEqual(
      ['FETCH', 'EXTRACT', 'CLEAN', 'CHUNK', 'EMBED', 'INDEX', 'LINK', 'CHECK'].map((name) => `${name} SUCCEEDED 1`),
    )
    const finished = events.filter(
      (event) => event.__typename === 'IngestionStepFinished' && event.item.name === item.name,
    )
    expect(finished).toHaveLength(8)
  }
  expect(events.at(-1)).toMatchObject({ __typename: 'IngestionJobFinished', ingestionJob: { status: 'SUCCEEDED' } })
  expect(events.some((event) => event.__typename === 'IngestionStepProgressed' && event.totalUnits === 2)).toBe(true)
  const [guideItem] = job.items.nodes
  const guide = processed.find((order) => order.documentId === guideItem.document.id)!
  const content = documentContentSchema.parse(JSON.parse((await platform.blobs.read(guide.contentKey)).toString()))
  expect(content).toMatchObject({ title: 'Guide', text: 'Guide\n\nRivers flow down.' })
  expect(guide).toMatchObject({ mediaType: 'text/markdown', contentTitle: 'Guide' })
  expect(registered.get(guideItem.document.id)).toMatchObject({
    title: 'guide.md',
    mediaType: 'text/markdown',
    tags: ['water'],
    knowledgeBaseId: KNOWLEDGE_BASE,
  })
})

test('how many bytes of a file were fetched is told while it is fetched, and stays to be read', async () => {
  const bytes = encode('Half of these words come late. ')
  const uploadId = await upload('halves.txt', bytes)
  const [row] = await platform.database.sql.select().from(uploadTable).where(eq(uploadTable.id, uploadId))
  const gate = Promise.withResolvers<void>()
  secondHalves.set(row!.blobKey!, gate)
  const id = await createJob({ uploadIds: [uploadId] })
  const half = { completedUnits: Math.floor(bytes.byteLength / 2), totalUnits: bytes.byteLength }
  for await (const event of watch(id)) {
    expect(event).toMatchObject({ __typename: 'IngestionStepProgressed', step: { name: 'FETCH' }, ...half })
    break
  }
  const during = (await ask(JOB, { id })).data.ingestionJob.items.nodes[0]
  expect(during.steps[0]).toMatchObject({ name: 'FETCH', status: 'RUNNING', progress: half })
  gate.resolve()
  const { job } = await finish(id)
  expect(job.items.nodes[0].steps[0].progress).toEqual({ ...half, completedUnits: half.totalUnits })
})

test('how many pages of a PDF were read is told while it is read', async () => {
  const lines = Array.from({ length: 80 }, (_, line) => `Line ${line} of a page that takes its time to be read.`)
  const page = lines.map((text, line) => ({ font: 'F1' as const, size: 8, left: 50, baseline: 750 - line * 9, text }))
  const pageCount = 300
  const long = await upload(
    'long.pdf',
    pdf(
      'Long',
      Array.from({ length: pageCount }, () => page),
    ),
  )
  const { job, events } = await finish(await createJob({ uploadIds: [long] }))
  const told = events.filter((event) => event.__typename === 'IngestionStepProgressed' && event.step.name === 'EXTRACT')
  expect(told.length).toBeGreaterThan(0)
  const completed = told.map((event) => event.completedUnits)
  expect(completed).toEqual(completed.toSorted((a, b) => a - b))
  expect(completed[0]).toBeLessThan(pageCount)
  expect(told.every((event) => event.totalUnits === pageCount)).toBe(true)
  const [extract, clean] = job.items.nodes[0].steps.slice(1)
  expect(extract.progress).toEqual({ completedUnits: pageCount, totalUnits: pageCount })
  expect(clean.progress).toBeNull()
}, 60_000)

test('pages without text are a warning of their item', async () => {
  const bytes = await readFile(new URL('../../test/fixtures/documents/partly-scanned.pdf', import.meta.url))
  const ledger = await upload('ledger.pdf', bytes)
  const { job } = await finish(await createJob({ uploadIds: [ledger], texts: [{ title: 'Plain', text: 'Plain.' }] }))
  expect(job.status).toBe('SUCCEEDED')
  expect(job.items.nodes.map((item: any) => item.warnings)).toEqual([
    [
      {
        code: 'PAGES_WITHOUT_TEXT',
        message: expect.stringContaining('3 of 10 pages have no text (scanned?): 2, 5, 7.'),
        pages: [2, 5, 7],
      },
    ],
    [],
  ])
})

test('watching resumes behind a cursor without a gap or a repetition', async () => {
  const id = await createJob({ texts: [{ title: 'Resumed', text: 'Some text.' }] })
  const all = (await finish(id)).events
  const rest = (await finish(id, all[3].cursor)).events
  expect(rest.map((event) => event.cursor)).toEqual(all.slice(4).map((event) => event.cursor))
})

test('watching a job whose events have expired is an error, and those of a later run are still shown', async () => {
  failures.set('Kept', { step: 'EMBED', error: { code: 'MODEL_NOT_AVAILABLE', message: 'No.', isRetryable: true } })
  const id = await createJob({ texts: [{ title: 'Kept', text: 'Kept for a while.' }] })
  const first = await finish(id)
  const log = await platform.openStreamLog<JobEvent>('ingestion')
  const expired = [{ extensions: { code: 'NOT_FOUND' }, message: expect.stringContaining('no longer kept') }]
  try {
    await log.expire(0)
    for (const after of [null, first.events[0].cursor])
      await expect(finish(id, after)).rejects.toMatchObject({ errors: expired })
    failures.delete('Kept')
    await ask('mutation ($id: ID!) { ingestionJobRetry(id: $id) { userErrors { code } } }', { id })
    const second = await finish(id)
    expect(second.events.at(-1)).toMatchObject({ __typename: 'IngestionJobFinished' })
    expect(second.events.every(({ cursor }) => cursor.startsWith('2-'))).toBe(true)
    // Behind this cursor there were others, which nobody can show any more.
    await expect(finish(id, first.events[0].cursor)).rejects.toMatchObject({ errors: expired })
  } finally {
    await log.close()
  }
})

test('a file that cannot be read fails its own item only, with the reason', async () => {
  const bad = await upload('broken.pdf', encode('not a pdf at all'))
  const id = await createJob({ uploadIds: [bad], texts: [{ title: 'Fine', text: 'Fine text.' }] })
  const { job } = await finish(id)
  expect(job).toMatchObject({ status: 'PARTIALLY_SUCCEEDED', completedItemCount: 1, failedItemCount: 1 })
  const [item] = job.items.nodes
  expect(item).toMatchObject({ status: 'FAILED', error: { code: 'MEDIA_TYPE_MISMATCH', isRetryable: false } })
  expect(item.steps[1]).toMatchObject({ name: 'EXTRACT', status: 'FAILED', attemptCount: 1 })
  await expect.poll(() => failed).toContain(item.document.id)
})

test('a failed step of another subgraph is retried from there, and its watchers see one end', async () => {
  failures.set('Flaky', {
    step: 'EMBED',
    error: { code: 'MODEL_NOT_AVAILABLE', message: 'No model.', isRetryable: true },
  })
  const id = await createJob({ texts: [{ title: 'Flaky', text: 'Text to embed.' }] })
  const first = await finish(id)
  expect(first.job).toMatchObject({ status: 'FAILED', failedItemCount: 1 })
  expect(first.job.items.nodes[0].error.code).toBe('MODEL_NOT_AVAILABLE')
  failures.delete('Flaky')
  const before = processed.length
  const { data } = await ask(
    'mutation ($id: ID!) { ingestionJobRetry(id: $id) { ingestionJob { status failedItemCount } userErrors { code } } }',
    { id },
  )
  expect(data.ingestionJobRetry).toMatchObject({ ingestionJob: { failedItemCount: 0 }, userErrors: [] })
  const second = await finish(id, first.events.at(-1).cursor)
  expect(second.job).toMatchObject({ status: 'SUCCEEDED', completedItemCount: 1, failedItemCount: 0 })
  const steps = Object.fromEntries(second.job.items.nodes[0].steps.map((step: any) => [step.name, step.attemptCount]))
  expect(steps).toMatchObject({ FETCH: 1, EXTRACT: 1, CLEAN: 1, EMBED: 2 })
  expect(processed.slice(before).map((order) => order.attempt)).toEqual([2])
  const replayed = (await finish(id)).events
  expect(replayed.filter((event) => event.__typename === 'IngestionJobFinished')).toHaveLength(1)
})

test('cancelling ends what has not ended, tells watchers, and can be done once', async () => {
  const gate = Promise.withResolvers<void>()
  held.set('Held', gate)
  const id = await createJob({ texts: [{ title: 'Held', text: 'Waits.' }] })
  for await (const event of watch(id)) if (event.step?.name === 'CLEAN') break
  const cancel =
    'mutation ($id: ID!) { ingestionJobCancel(id: $id) { ingestionJob { status finishedAt } userErrors { code path } } }'
  const { data } = await ask(cancel, { id })
  expect(data.ingestionJobCancel.ingestionJob).toMatchObject({ status: 'CANCELLED', finishedAt: expect.any(String) })
  gate.resolve()
  const { job, events } = await finish(id)
  expect(job.items.nodes[0].status).toBe('CANCELLED')
  expect(events.at(-1).ingestionJob.status).toBe('CANCELLED')
  const again = await ask(cancel, { id })
  expect(again.data.ingestionJobCancel).toEqual({
    ingestionJob: null,
    userErrors: [{ code: 'NOT_CANCELLABLE', path: ['id'] }],
  })
})

test('cancelling a job ends the process that reads its document', async () => {
  const slow = await upload('slow.md', Buffer.from('[a](<'.repeat(400_000)))
  const id = await createJob({ uploadIds: [slow] })
  await expect.poll(extractionProcesses, { timeout: 20_000 }).toBe(1)
  await ask('mutation ($id: ID!) { ingestionJobCancel(id: $id) { ingestionJob { id } } }', { id })
  await expect.poll(extractionProcesses, { timeout: 1000 }).toBe(0)
  const { job } = await finish(id)
  expect(job.items.nodes[0]).toMatchObject({ status: 'CANCELLED', error: null })
  expect(job.items.nodes[0].steps[1]).toMatchObject({ name: 'EXTRACT', status: 'CANCELLED' })
})

/** How many of them this process has started and not yet seen the end of. */
async function extractionProcesses(): Promise<number> {
  const { stdout } = await promisify(execFile)('ps', ['--ppid', String(process.pid), '-o', 'args'])
  return stdout.split('\n').filter((line) => line.includes('extract-process')).length
}

test('a file that was lost fails its item at once, and the error says so', async () => {
  const lost = await upload('lost.txt', encode('These bytes will be lost.'))
  const [file] = await storedFiles('These bytes will be lost.')
  await rm(file!)
  const { job } = await finish(await createJob({ uploadIds: [lost] }))
  expect(job.items.nodes[0]).toMatchObject({ status: 'FAILED', error: { code: 'NOT_FOUND', isRetryable: false } })
  expect(job.items.nodes[0].steps[0]).toMatchObject({ name: 'FETCH', status: 'FAILED', attemptCount: 1 })
})

test('an error that may pass is tried again, and then fails the item', async () => {
  const unreadable = await upload('unreadable.txt', encode('These bytes cannot be read.'))
  const [file] = await storedFiles('These bytes cannot be read.')
  await rm(file!)
  await mkdir(file!)
  const id = await createJob({ uploadIds: [unreadable] })
  const { job } = await finish(id)
  expect(job.items.nodes[0]).toMatchObject({
    status: 'FAILED',
    error: { code: 'INTERNAL_SERVER_ERROR', isRetryable: true },
  })
  expect(job.items.nodes[0].steps[0]).toMatchObject({ name: 'FETCH', status: 'FAILED', attemptCount: 3 })
  expect(platform.queueErrors.splice(0)).toHaveLength(2)
})

test('a store that is away is waited for, however often it was tried', async () => {
  const waiting = await upload('waiting.txt', encode('These bytes come later.'))
  const away = vi.spyOn(platform.blobs, 'stream')
  for (let attempt = 0; attempt < 3; attempt += 1)
    away.mockImplementationOnce(() => {
      throw new TributaryError('UPSTREAM_UNAVAILABLE', 'The blob store is away.')
    })
  const { job } = await finish(await createJob({ uploadIds: [waiting] }))
  away.mockRestore()
  expect(job.items.nodes[0]).toMatchObject({ status: 'SUCCEEDED' })
  expect(job.items.nodes[0].steps[0]).toMatchObject({ name: 'FETCH', status: 'SUCCEEDED', attemptCount: 4 })
  expect(platform.queueErrors.splice(0)).toHaveLength(3)
})

test('an item whose store is away for as long as the queue tries fails at its step, with the reason', async () => {
  const setLimit = (limit: number) =>
    platform.database.sql.execute(sql`update queue.queue set retry_limit = ${limit} where name = ${itemRun.queue}`)
  const uploadId = await upload('never.txt', encode('Never fetched.'))
  const [row] = await platform.database.sql.select().from(uploadTable).where(eq(uploadTable.id, uploadId))
  const gate = Promise.withResolvers<void>()
  gate.reject(new TributaryError('UPSTREAM_UNAVAILABLE', 'The blob store is away.'))
  gate.promise.catch(() => undefined)
  secondHalves.set(row!.blobKey!, gate)
  await setLimit(0)
  const id = await createJob({ uploadIds: [uploadId] })
  const { job } = await finish(id)
  await setLimit(20)
  expect(job.items.nodes[0]).toMatchObject({
    status: 'FAILED',
    steps: [{ name: 'FETCH', status: 'FAILED' }, {}, {}, {}, {}, {}, {}, {}],
  })
  expect(job.items.nodes[0].error).toMatchObject({
    code: 'UPSTREAM_UNAVAILABLE',
    message: expect.stringMatching(/for a week.*The blob store is away.*retry the ingestion/),
    isRetryable: true,
  })
  expect(platform.queueErrors.splice(0)).toHaveLength(1)
})

test('the same idempotency key gives the same job, also at the same time', async () => {
  const input = { texts: [{ title: 'Once', text: 'Only once.' }], idempotencyKey: 'same' }
  const ids = await Promise.all(Array.from({ length: 5 }, () => createJob(input)))
  expect(new Set(ids).size).toBe(1)
  expect((await finish(ids[0]!)).job.itemCount).toBe(1)
  expect(await createJob({ idempotencyKey: 'same' })).toBe(ids[0])
})

test('an item knows the documents that came in before under its name, as long as they are there', async () => {
  const ingestReport = async (text: string) => {
    const { job } = await finish(await createJob({ texts: [{ title: 'Report', text }] }))
    return job.items.nodes[0] as { id: string; document: { id: string } }
  }
  const first = await ingestReport('The report of the first week.')
  const second = await ingestReport('The report of the second week.')
  const failing = await finish(await createJob({ uploadIds: [await upload('Report', encode('\0'))] }))
  expect(failing.job.status).toBe('FAILED')
  const sameName = async (id: string) => {
    const { data } = await ask(
      'query ($r: [_Any!]!) { _entities(representations: $r) { ... on IngestionItem { sameNameItems { id document { id } } } } }',
      { r: [{ __typename: 'IngestionItem', id }] },
    )
    return data._entities[0].sameNameItems
  }
  const third = await ingestReport('The report of the third week.')
  expect(await sameName(third.id)).toEqual([second, first].map(({ id, document }) => ({ id, document })))
  const deleted = { workspaceId: WORKSPACE, knowledgeBaseId: KNOWLEDGE_BASE, documentId: second.document.id }
  await platform.queue.send(documentsDeleted, deleted)
  await expect.poll(async () => (await sameName(third.id)).map(({ id }: any) => id)).toEqual([first.id])
})

test('deleting a knowledge base cancels its unfinished items', async () => {
  const gate = Promise.withResolvers<void>()
  held.set('Doomed', gate)
  const id = await createJob({ texts: [{ title: 'Doomed', text: 'Goes away.' }] })
  for await (const event of watch(id)) if (event.step?.name === 'CLEAN') break
  const { data } = await ask(JOB, { id })
  const documentId = data.ingestionJob.items.nodes[0].document.id
  await platform.queue.send(documentsDeleted, { workspaceId: WORKSPACE, knowledgeBaseId: KNOWLEDGE_BASE, documentId })
  const { job } = await finish(id)
  gate.resolve()
  expect(job).toMatchObject({ status: 'CANCELLED' })
  expect(job.items.nodes[0].document).toBeNull()
})

test('the bytes of a deleted document go, unless another document has the same', async () => {
  const text = 'Words that two documents share.'
  const shared = await finish(
    await createJob({
      texts: [
        { title: 'First of two', text },
        { title: 'Second of two', text },
      ],
    }),
  )
  const [first, second] = shared.job.items.nodes.map((item: any) => item.document.id)
  const files = () => storedFiles(text)
  const remove = async (documentId: string) => {
    await platform.queue.send(documentsDeleted, { workspaceId: WORKSPACE, knowledgeBaseId: KNOWLEDGE_BASE, documentId })
    await expect
      .poll(async () => {
        const [item] = await platform.database.sql.select().from(itemTable).where(eq(itemTable.documentId, documentId))
        return item!.sourceKey
      })
      .toBeNull()
  }
  // The text as it came, and the content made of it; the elements in between are gone already.
  expect(await files()).toHaveLength(2)
  await remove(first)
  expect(await files()).toHaveLength(2)
  await remove(second)
  expect(await files()).toHaveLength(0)
})

test('an upload that no job took goes with its bytes', async () => {
  const id = await upload('abandoned.txt', encode('Nobody wanted these words.'))
  const kept = await upload('kept.txt', encode('Somebody wants these words.'))
  const options = { database: platform.database.sql, storedBlobs: createStoredBlobs(platform) }
  await finish(await createJob({ uploadIds: [kept] }))
  await expireUploads({ ...options, now: new Date(Date.now() + 26 * 3600 * 1000) })
  expect(await storedFiles('Nobody wanted these words.')).toEqual([])
  expect(await storedFiles('Somebody wants these words.')).toHaveLength(2)
  expect(await platform.database.sql.select().from(uploadTable).where(eq(uploadTable.id, id))).toEqual([])
})

/** Files of the blob store that hold these words. */
async function storedFiles(words: string): Promise<string[]> {
  const directory = path.join(platform.dataDirectory, 'blobs')
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name))
  const contents = await Promise.all(files.map((file) => readFile(file, 'utf8')))
  return files.filter((_, index) => contents[index]!.includes(words))
}

test('bad input for a job names the field and takes nothing on', async () => {
  const unreceived = await announce('later.txt', encode('later'))
  const used = await upload('used.txt', encode('used'))
  await finish(await createJob({ uploadIds: [used] }))
  const cases: [object, string, string][] = [
    [{}, 'INVALID', 'input.uploadIds'],
    [{ knowledgeBaseId: createId('kb'), texts: [{ title: 'a', text: 'b' }] }, 'NOT_FOUND', 'input.knowledgeBaseId'],
    [{ uploadIds: [createId('up')] }, 'NOT_FOUND', 'input.uploadIds.0'],
    [{ uploadIds: ['nonsense'] }, 'NOT_FOUND', 'input.uploadIds.0'],
    [{ uploadIds: [unreceived.id] }, 'INVALID', 'input.uploadIds.0'],
    [{ uploadIds: [used] }, 'INVALID', 'input.uploadIds.0'],
    [{ texts: [{ title: '', text: 'b' }] }, 'INVALID', 'input.texts.0.title'],
    [{ texts: [{ title: 'a', text: ' ' }] }, 'INVALID', 'input.texts.0.text'],
    [{ texts: [{ title: 'a', text: 'a\0b' }] }, 'INVALID', 'input.texts.0.text'],
    [
      { texts: [{ title: 'a', text: 'b', mediaType: 'image/png' }] },
      'UNSUPPORTED_MEDIA_TYPE',
      'input.texts.0.mediaType',
    ],
    [{ texts: [{ title: 'a', text: 'b' }], tags: [''] }, 'INVALID', 'input.tags'],
  ]
  for (const [input, code, path] of cases) {
    const { data } = await ask(CREATE, { input: { knowledgeBaseId: KNOWLEDGE_BASE, ...input } })
    expect(data.ingestionJobCreate.ingestionJob).toBeNull()
    expect(data.ingestionJobCreate.userErrors.map((error: any) => `${error.code} ${error.path.join('.')}`)).toEqual([
      `${code} ${path}`,
    ])
  }
})

test('an announced file that breaks a rule is refused with the field', async () => {
  const cases: [object, string, string][] = [
    [{ fileName: 'a.txt', sizeBytes: 0 }, 'INVALID', 'input.sizeBytes'],
    [{ fileName: 'a.txt', sizeBytes: 100_000_001 }, 'TOO_LARGE', 'input.sizeBytes'],
    [{ fileName: '../a.txt', sizeBytes: 1 }, 'INVALID', 'input.fileName'],
    [{ fileName: 'a.png', sizeBytes: 1, mediaType: 'image/png' }, 'UNSUPPORTED_MEDIA_TYPE', 'input.mediaType'],
    [{ fileName: 'a\0.txt', sizeBytes: 1 }, 'INVALID', 'input.fileName'],
    [{ fileName: 'a.txt', sizeBytes: 1, mediaType: 'text/plain; charset=\0' }, 'INVALID', 'input.mediaType'],
  ]
  for (const [input, code, path] of cases) {
    const { data } = await ask(UPLOAD, { input })
    expect(data.uploadCreate.userErrors.map((error: any) => `${error.code} ${error.path.join('.')}`)).toEqual([
      `${code} ${path}`,
    ])
  }
})

test('the bytes of an upload are received once, whole, and under the right token only', async () => {
  const bytes = encode('twelve bytes')
  const { url, id } = await announce('a.txt', bytes)
  const put = async (address: string, body: Uint8Array | string) => {
    const response = await fetch(address, { method: 'PUT', body: body as never })
    return { status: response.status, code: (await response.json()).error?.code }
  }
  expect(await put(url.replace(/token=.*/, 'token=wrong'), bytes)).toEqual({ status: 401, code: 'UNAUTHENTICATED' })
  expect(await put(url.replace(id, createId('up')), bytes)).toEqual({ status: 404, code: 'NOT_FOUND' })
  expect(await put(url, 'short')).toEqual({ status: 422, code: 'UPLOAD_INCOMPLETE' })
  expect(await put(url, 'much longer than announced')).toEqual({ status: 413, code: 'UPLOAD_TOO_LARGE' })
  expect(await put(url, bytes)).toMatchObject({ status: 201 })
  expect(await put(url, bytes)).toEqual({ status: 409, code: 'UPLOAD_ALREADY_RECEIVED' })
})

test('an upload that is cut half way leaves nothing behind and can be sent again', async () => {
  const bytes = encode('x'.repeat(100_000))
  const { url, id } = await announce('cut.txt', bytes)
  await new Promise<void>((resolve) => {
    const request = http.request(url, { method: 'PUT', headers: { 'content-length': bytes.byteLength } })
    request.on('error', () => resolve())
    request.write(bytes.slice(0, 50_000), () => request.destroy())
  })
  await expect.poll(() => readdir(path.join(platform.dataDirectory, 'blobs', 'incoming'))).toEqual([])
  expect((await fetch(url, { method: 'PUT', body: Buffer.from(bytes) })).status).toBe(201)
  const { data } = await ask(
    'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Upload { isReceived fileName } } }',
    {
      r: [{ __typename: 'Upload', id }],
    },
  )
  expect(data._entities).toEqual([{ isReceived: true, fileName: 'cut.txt' }])
})

test('the address of an upload stops working', async () => {
  const { url, id } = await announce('late.txt', encode('late'))
  await platform.database.sql
    .update(uploadTable)
    .set({ expiresAt: new Date(0) })
    .where(eq(uploadTable.id, id))
  expect((await fetch(url, { method: 'PUT', body: 'late' })).status).toBe(401)
})

test('messages that come twice, late or for an older attempt change nothing', async () => {
  const id = await createJob({ texts: [{ title: 'Repeated', text: 'Once is enough.' }] })
  const first = await finish(id)
  const [item] = first.job.items.nodes
  const order = { workspaceId: WORKSPACE, itemId: item.id, attempt: 1 }
  const before = processed.length
  const occurredAt = new Date().toISOString()
  await platform.queue.send(itemRun, order)
  await platform.queue.send(itemRun, { ...order, attempt: 7 })
  await platform.queue.send(stepReported, { ...order, step: 'EMBED', status: 'FAILED', occurredAt })
  await platform.queue.send(stepReported, { ...order, step: 'INDEX', status: 'SUCCEEDED', occurredAt })
  await platform.queue.send(stepReported, {
    ...order,
    itemId: 'item_unknown',
    step: 'INDEX',
    status: 'SUCCEEDED',
    occurredAt,
  })
  const marker = await finish(await createJob({ texts: [{ title: 'After', text: 'Comes after.' }] }))
  expect(marker.job.status).toBe('SUCCEEDED')
  expect((await finish(id)).job).toEqual(first.job)
  expect(processed.slice(before)).toHaveLength(1)
  expect(platform.queueErrors).toEqual([])
})

test('jobs, items and uploads of another workspace do not exist', async () => {
  const id = await createJob({ texts: [{ title: 'Ours', text: 'Ours.' }] })
  const { job } = await finish(id)
  const foreign = testIdentity(createId('ws'), 'ADMIN')
  const foreignAsk = (query: string, variables = {}) =>
    requestSubgraph(platform, ingestion.url, foreign, query, variables)
  expect((await foreignAsk(JOB, { id })).data.ingestionJob).toBeNull()
  const representations = [
    { __typename: 'IngestionJob', id },
    { __typename: 'IngestionItem', id: job.items.nodes[0].id },
    { __typename: 'Document', id: job.items.nodes[0].document.id },
  ]
  const entities = await foreignAsk('query ($r: [_Any!]!) { _entities(representations: $r) { __typename } }', {
    r: representations,
  })
  expect(entities.data._entities).toEqual([null, null, null])
  const cancel = await foreignAsk('mutation ($id: ID!) { ingestionJobCancel(id: $id) { userErrors { code } } }', { id })
  expect(cancel.data.ingestionJobCancel.userErrors[0].code).toBe('NOT_FOUND')
})

test('ids that are none are unknown', async () => {
  const uploadId = await upload('any.txt', encode('Any words.'))
  for (const id of ['nonsense', 'job_\0', `${uploadId}\0`, '', '\ud83d']) {
    expect(await ask(JOB, { id })).toEqual({ data: { ingestionJob: null } })
    const r = ['Upload', 'IngestionJob', 'IngestionItem', 'Document'].map((__typename) => ({ __typename, id }))
    expect(await ask('query ($r: [_Any!]!) { _entities(representations: $r) { __typename } }', { r })).toEqual({
      data: { _entities: r.map(() => null) },
    })
    for (const field of ['ingestionJobCancel', 'ingestionJobRetry']) {
      const { data } = await ask(`mutation ($id: ID!) { ${field}(id: $id) { userErrors { code path } } }`, { id })
      expect(data[field].userErrors).toEqual([{ code: 'NOT_FOUND', path: ['id'] }])
    }
    await expect(finish(id)).rejects.toMatchObject({ errors: [{ extensions: { code: 'NOT_FOUND' } }] })
    const texts = [{ title: 'a', text: 'b' }]
    for (const [input, path] of [
      [{ knowledgeBaseId: KNOWLEDGE_BASE, uploadIds: [uploadId, id] }, 'input.uploadIds.1'],
      [{ knowledgeBaseId: id, texts }, 'input.knowledgeBaseId'],
      [{ knowledgeBaseId: `kb_${'a'.repeat(300)}`, texts }, 'input.knowledgeBaseId'],
    ] as const) {
      const { data } = await ask(CREATE, { input })
      expect(data.ingestionJobCreate.userErrors.map((error: any) => `${error.code} ${error.path.join('.')}`)).toEqual([
        `NOT_FOUND ${path}`,
      ])
    }
  }
})

test('a cursor of another list is refused, and no other list with it', async () => {
  const { id } = (await finish(await createJob({ texts: [{ title: 'Paged', text: 'Paged.' }] }))).job
  const cursorOf = (...order: (string | number)[]) => Buffer.from(JSON.stringify(order)).toString('base64url')
  const invalid = [{ extensions: { code: 'CURSOR_INVALID', argumentPath: ['after'] } }]
  for (const after of ['nonsense', cursorOf('job_\0'), cursorOf(1), cursorOf('a', 'b'), cursorOf(id, 1)]) {
    const { errors } = await ask('query ($after: String) { ingestionJobs(after: $after) { nodes { id } } }', { after })
    expect(errors).toMatchObject(invalid)
  }
  for (const after of ['nonsense', cursorOf(id), cursorOf('1'), cursorOf(1.5), cursorOf(1e12), cursorOf(1, 2)]) {
    const query = `query ($id: ID!, $after: String) { ingestionJob(id: $id) { items { nodes { name } } } 
      other: ingestionJob(id: $id) { items(after: $after) { nodes { name } } } }`
    const { data, errors } = await ask(query, { id, after })
    expect(errors).toMatchObject(invalid)
    expect(data?.ingestionJob ?? null).toEqual({ items: { nodes: [{ name: 'Paged' }] } })
  }
})

test('readers may follow but not ingest', async () => {
  expect(
    (await ask('{ ingestionJobs(first: 1) { nodes { id } } }', {}, 'VIEWER')).data.ingestionJobs.nodes,
  ).toHaveLength(1)
  for (const query of [
    'mutation { uploadCreate(input: { fileName: "a.txt", sizeBytes: 1 }) { upload { id } } }',
    `mutation { ingestionJobCancel(id: "job_x") { ingestionJob { id } } }`,
  ]) {
    expect((await ask(query, {}, 'VIEWER')).errors?.[0]?.extensions.code).toBe('FORBIDDEN')
  }
})

test('the address that takes the bytes of an upload is told only to those who may ingest', async () => {
  const { id } = await announce('secret.txt', encode('secret'))
  const read = (fields: string, role: 'EDITOR' | 'SERVICE' | 'VIEWER') =>
    ask(
      `query ($r: [_Any!]!) { _entities(representations: $r) { ... on Upload { ${fields} } } }`,
      { r: [{ __typename: 'Upload', id }] },
      role,
    )
  for (const role of ['EDITOR', 'SERVICE'] as const)
    expect((await read('url', role)).data._entities[0].url).toContain('token=')
  expect((await read('fileName isReceived', 'VIEWER')).data._entities).toEqual([
    { fileName: 'secret.txt', isReceived: false },
  ])
  const refused = await read('fileName url', 'VIEWER')
  expect(refused.errors?.[0]?.extensions.code).toBe('FORBIDDEN')
  expect(JSON.stringify(refused)).not.toContain('token=')
})

test('many documents with their jobs, steps and items cost a constant number of statements', async () => {
  const texts = Array.from({ length: 20 }, (_, index) => ({ title: `Many ${index}`, text: `Text number ${index}.` }))
  const id = await createJob({ texts })
  const { job } = await finish(id)
  expect(job.status).toBe('SUCCEEDED')
  const before = platform.statements.length
  const query = `query ($r: [_Any!]!) { _entities(representations: $r) { ... on Document { ingestionItem { status steps { name status } }
    ingestionJob { status items(first: 2) { nodes { id sameNameItems { id } } } } } } }`
  const r = job.items.nodes.map((item: any) => ({ __typename: 'Document', id: item.document.id }))
  const { data } = await ask(query, { r })
  expect(data._entities).toHaveLength(20)
  expect(platform.statements.length - before).toBe(4)
}, 120_000)

test('the workspace is part of every change, also where an id alone would do', () => {
  const changes = platform.statements.filter((statement) => /^(update|delete from) "ingestion"/.test(statement))
  expect(changes.length).toBeGreaterThan(20)
  // What this suite itself does to make an address expire.
  const own = changes.filter((statement) => !statement.startsWith('update "ingestion"."upload" set "expires_at"'))
  expect([...new Set(own.filter((statement) => !/where .*"workspace_id" = /s.test(statement)))]).toEqual([])
})
