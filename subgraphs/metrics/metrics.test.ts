// metrics as running processes on a real database and queue: events come in by message, figures are read through the subgraph.
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { z } from 'zod'
import { rowsOf } from '#shared/database.ts'
import { createId } from '#shared/ids.ts'
import { usageRecorded } from '../../contracts/messages.ts'
import type { Role } from '../../contracts/identity.ts'
import type { RunningRole } from '../../contracts/run-process.ts'
import { createTestPlatform, requestSubgraph, testIdentity, type TestPlatform } from '../../test/harness/platform.ts'
import { startMetrics, type RunningMetrics } from './main.ts'
import { createReadUsage } from './read-usage.ts'
import { createRecordUsage } from './record-usage.ts'
import { startMetricsWorker } from './worker.ts'

let platform: TestPlatform
let metrics: RunningMetrics
let worker: RunningRole

beforeAll(async () => {
  platform = await createTestPlatform()
  metrics = await startMetrics(platform, {})
  worker = await startMetricsWorker(platform, {})
})

afterAll(async () => {
  await worker.close()
  await metrics.close()
  await platform.close()
})

type Event = z.input<(typeof usageRecorded)['schema']>

const messageOf = (workspaceId: string, event: Partial<Event>): Event => ({
  workspaceId,
  eventId: createId('use'),
  kind: 'GENERATION',
  occurredAt: new Date().toISOString(),
  modelName: 'small',
  knowledgeBaseIds: [],
  promptTokens: 0,
  completionTokens: 0,
  retrievalMs: null,
  ...event,
})

async function record(workspaceId: string, events: Partial<Event>[]): Promise<void> {
  const recordUsage = createRecordUsage({ database: platform.database.sql })
  await recordUsage(events.map((event) => messageOf(workspaceId, event)))
}

/** The same by message, as the other subgraphs do; returns when all messages were handled. */
async function recordByMessage(workspaceId: string, events: Partial<Event>[]): Promise<void> {
  const messages = events.map((event) => messageOf(workspaceId, event))
  await platform.queue.sendMany(usageRecorded, messages)
  const unfinished = sql`select 1 from queue.job where name = ${usageRecorded.queue} and state <> 'completed'`
  await expect.poll(() => rowsOf(platform.database.sql, unfinished), { timeout: 20_000 }).toEqual([])
}

const ask = (workspaceId: string, query: string, variables = {}, role: Role = 'ADMIN') =>
  requestSubgraph(platform, metrics.url, testIdentity(workspaceId, role), query, variables)

const USAGE =
  'query ($from: DateTime!, $to: DateTime!, $interval: UsageInterval) { usage(from: $from, to: $to, interval: $interval) { start modelName requestCount promptTokens completionTokens } }'
const METRICS =
  'query ($r: [_Any!]!) { _entities(representations: $r) { ... on KnowledgeBase { metrics { searchCount answerCount retrievalLatencyMs { p50 p95 p99 } } } } }'
const references = (...ids: string[]) => ({ r: ids.map((id) => ({ __typename: 'KnowledgeBase', id })) })

test('an event that is told of several times counts once', async () => {
  const workspaceId = createId('ws')
  const knowledgeBaseId = createId('kb')
  const event = { eventId: 'gen_1', promptTokens: 10, completionTokens: 5, occurredAt: '2026-03-01T10:00:00.000Z' }
  const search = {
    eventId: 'search_1',
    kind: 'SEARCH' as const,
    knowledgeBaseIds: [knowledgeBaseId, knowledgeBaseId],
    retrievalMs: 8,
  }
  await recordByMessage(workspaceId, [event, event, search, search])
  await record(workspaceId, [event, search])
  const { data } = await ask(workspaceId, USAGE, { from: '2026-01-01T00:00:00Z', to: '2027-01-01T00:00:00Z' })
  expect(data.usage).toEqual([
    { start: '2026-03-01T00:00:00.000Z', modelName: 'small', requestCount: 1, promptTokens: 10, completionTokens: 5 },
  ])
  const answer = await ask(workspaceId, METRICS, references(knowledgeBaseId))
  expect(answer.data._entities[0].metrics.searchCount).toBe(1)
})

test('usage is summed by interval in UTC and by model, within a half-open range', async () => {
  const workspaceId = createId('ws')
  await record(workspaceId, [
    { occurredAt: '2026-01-31T23:59:59.999Z', promptTokens: 1 },
    { occurredAt: '2026-02-01T00:00:00.000Z', promptTokens: 2, completionTokens: 20 },
    { occurredAt: '2026-02-01T00:59:59.999Z', promptTokens: 4, completionTokens: 40 },
    { occurredAt: '2026-02-01T01:00:00.000Z', promptTokens: 8, kind: 'EMBEDDING', modelName: 'embedder' },
    { occurredAt: '2026-02-01T01:00:00.000Z', promptTokens: 32, kind: 'RERANK', modelName: 'reranker' },
    { occurredAt: '2026-02-03T12:00:00.000Z', promptTokens: 9_000_000_000 },
    { occurredAt: '2026-03-01T00:00:00.000Z', promptTokens: 16 },
    { occurredAt: '2026-02-01T02:00:00.000Z', promptTokens: 999, kind: 'ANSWER' },
  ])
  const read = async (interval: string | null) => {
    const { data } = await ask(workspaceId, USAGE, {
      from: '2026-02-01T00:00:00Z',
      to: '2026-03-01T00:00:00Z',
      interval,
    })
    return data.usage.map((bucket: { start: string; modelName: string; requestCount: number; promptTokens: number }) =>
      [bucket.start.slice(0, 16), bucket.modelName, bucket.requestCount, bucket.promptTokens].join(' '),
    )
  }
  expect(await read('HOUR')).toEqual([
    '2026-02-01T00:00 small 2 6',
    '2026-02-01T01:00 embedder 1 8',
    '2026-02-01T01:00 reranker 1 32',
    '2026-02-03T12:00 small 1 9000000000',
  ])
  const days = [
    '2026-02-01T00:00 embedder 1 8',
    '2026-02-01T00:00 reranker 1 32',
    '2026-02-01T00:00 small 2 6',
    '2026-02-03T00:00 small 1 9000000000',
  ]
  expect(await read('DAY')).toEqual(days)
  expect(await read(null)).toEqual(days)
  expect(await read('MONTH')).toEqual([
    '2026-02-01T00:00 embedder 1 8',
    '2026-02-01T00:00 reranker 1 32',
    '2026-02-01T00:00 small 3 9000000006',
  ])
})

test('figures of a knowledge base cover its searches and answers of the last 30 days', async () => {
  const workspaceId = createId('ws')
  const [used, unused, old] = [createId('kb'), createId('kb'), createId('kb')]
  const measured = Array.from({ length: 100 }, (_, index) => ({
    kind: index < 60 ? ('SEARCH' as const) : ('ANSWER' as const),
    knowledgeBaseIds: [used],
    retrievalMs: index + 1,
  }))
  const monthAgo = new Date(Date.now() - 31 * 24 * 3600 * 1000).toISOString()
  await record(workspaceId, [
    ...measured,
    { kind: 'SEARCH', knowledgeBaseIds: [used, old], retrievalMs: 5_000, occurredAt: monthAgo },
    { kind: 'ANSWER', knowledgeBaseIds: [old], retrievalMs: null },
  ])
  const { data } = await ask(workspaceId, METRICS, references(used, unused, old, 'kb_nonsense\0'), 'VIEWER')
  const nothing = { searchCount: 0, answerCount: 0, retrievalLatencyMs: null }
  expect(data._entities.map((each: { metrics: unknown }) => each.metrics)).toEqual([
    { searchCount: 60, answerCount: 40, retrievalLatencyMs: { p50: 50.5, p95: 95.05, p99: 99.01 } },
    nothing,
    { ...nothing, answerCount: 1 },
    nothing,
  ])
})

test('the figures of fifty knowledge bases cost one statement', async () => {
  const workspaceId = createId('ws')
  const before = platform.statements.length
  await ask(workspaceId, METRICS, references(...Array.from({ length: 50 }, () => createId('kb'))), 'VIEWER')
  expect(platform.statements.slice(before).filter((statement) => statement.includes('metrics.'))).toHaveLength(1)
})

test('another workspace sees none of the usage, and only ADMIN sees that of the own', async () => {
  const [workspaceId, knowledgeBaseId] = [createId('ws'), createId('kb')]
  await record(workspaceId, [
    { promptTokens: 3 },
    { kind: 'SEARCH', knowledgeBaseIds: [knowledgeBaseId], retrievalMs: 4 },
  ])
  const range = { from: '2020-01-01T00:00:00Z', to: '2100-01-01T00:00:00Z' }
  expect((await ask(workspaceId, USAGE, range)).data.usage).toHaveLength(1)
  const foreign = createId('ws')
  expect((await ask(foreign, USAGE, range)).data.usage).toEqual([])
  expect((await ask(foreign, METRICS, references(knowledgeBaseId))).data._entities[0].metrics.searchCount).toBe(0)
  for (const role of ['EDITOR', 'VIEWER', 'SERVICE'] as const) {
    // Also where there is nothing to see.
    for (const asked of [range, { from: '1990-01-01T00:00:00Z', to: '1991-01-01T00:00:00Z' }]) {
      expect((await ask(workspaceId, USAGE, asked, role)).errors?.[0]?.extensions.code).toBe('FORBIDDEN')
    }
  }
  const unsigned = await requestSubgraph(platform, metrics.url, null, USAGE, range)
  expect(unsigned.errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED')
})

test('a range may begin before the calendar does and end with it', async () => {
  const workspaceId = createId('ws')
  await record(workspaceId, [{ promptTokens: 3 }])
  for (const interval of ['HOUR', 'DAY', 'MONTH']) {
    const range = { from: '0000-01-01T00:00:00Z', to: '9999-12-31T23:59:59Z', interval }
    expect((await ask(workspaceId, USAGE, range)).data?.usage).toMatchObject([{ promptTokens: 3 }])
  }
})

test('a range that is empty or holds too many buckets is refused by argument', async () => {
  const workspaceId = createId('ws')
  const moment = '2026-01-01T00:00:00Z'
  const empty = await ask(workspaceId, USAGE, { from: moment, to: moment })
  expect(empty.errors?.[0]).toMatchObject({ extensions: { code: 'BAD_USER_INPUT' } })
  await record(workspaceId, [{ modelName: 'a' }, { modelName: 'b' }, { modelName: 'c' }])
  const readUsage = createReadUsage({ database: platform.database.sql, maximumBuckets: 2 })
  const range = { from: new Date('2020-01-01'), to: new Date('2100-01-01'), interval: 'HOUR' as const }
  await expect(readUsage(workspaceId, range)).rejects.toMatchObject({ code: 'BAD_USER_INPUT', argumentPath: ['from'] })
})
