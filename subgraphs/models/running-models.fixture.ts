// models as a running subgraph on a real database with the embedded models behind it, and what its tests ask it.
import { sql } from 'drizzle-orm'
import { createClient } from 'graphql-ws'
import { afterAll, beforeAll, describe, vi } from 'vitest'
import { WebSocket } from 'ws'
import { rowsOf } from '#shared/database.ts'
import type { StreamLog } from '#shared/stream-log.ts'
import { usageRecorded } from '../../contracts/messages.ts'
import { createModelsClient, type ModelsClient } from '../../contracts/models-client.ts'
import { createTestPlatform, requestSubgraph, testIdentity, type TestPlatform } from '../../test/harness/platform.ts'
import type { GenerationEventPayload } from './domain/generation.ts'
import { startModels, type RunningModels } from './main.ts'
import { cachedModel } from './model-files/cached-model.fixture.ts'
import { EMBEDDED_CHAT_MODEL, EMBEDDED_EMBEDDING_MODEL } from './model-files/manifest.ts'

export const workspaceId = 'ws_models_test'
export const identity = testIdentity(workspaceId, 'VIEWER')
export const foreign = testIdentity('ws_other', 'ADMIN')
export const never = (): AbortSignal => new AbortController().signal
export const environment = {
  ...process.env,
  OLLAMA_HOST: '',
  TRIBUTARY_MODELS_DOWNLOAD: 'false',
  TRIBUTARY_GENERATION_GRACE_MS: '1200',
}

export const user = (content: string) => [{ role: 'USER' as const, content }]
/** Answered in a few tokens. */
export const FRANCE = {
  messages: [
    { role: 'SYSTEM' as const, content: 'You are a helpful assistant.' },
    ...user('What is the capital of France?'),
  ],
  temperature: 0,
  maxTokens: 30,
}
/** Runs for seconds. */
export const LONG = { messages: user('Write a very long story about a river.'), temperature: 0, maxTokens: 900 }

const EVENT = `__typename cursor occurredAt
  ... on GenerationStarted { generation { id status } }
  ... on GenerationDelta { sequence text model { name } }
  ... on GenerationCompleted { generation {
    id status text usage { promptTokens completionTokens totalTokens } timeToFirstTokenMs durationMs finishedAt model { id name }
  } }
  ... on GenerationFailed { code message isRetryable generation { id status text } }`
export const STREAM = `subscription ($input: GenerationInput!) { generationStream(input: $input) { ${EVENT} } }`
export const EVENTS = `subscription ($id: ID!, $after: String) { generationEvents(id: $id, after: $after) { ${EVENT} } }`
export const START = `mutation ($input: GenerationInput!) {
  generationStart(input: $input) { generation { id status } userErrors { code message path } } }`
export const READ = `query ($id: ID!) {
  generation(id: $id) { id status text usage { totalTokens } model { name } finishedAt } }`

export interface Usage {
  eventId: string
  kind: string
  promptTokens: number
  completionTokens: number
  modelName: string | null
}

export interface RunningModelsFixture {
  platform: TestPlatform
  models: RunningModels
  client: ModelsClient
  /** The events of generations, as a worker has them. */
  log: StreamLog<GenerationEventPayload>
  /** What metrics would have been told. */
  usages: Usage[]
  /** Resolves when `usages` holds all that was sent. */
  usagesTold(): Promise<void>
  ask(query: string, variables?: object, as?: typeof identity): ReturnType<typeof requestSubgraph>
  /** Each message of a subscription over WebSocket. */
  subscribe(
    query: string,
    variables: Record<string, unknown>,
  ): AsyncIterable<{ data?: Record<string, any> | null | undefined; errors?: unknown }>
  close(): Promise<void>
}

/** The suite with the fixture running; skipped by name where the models are missing, which in CI is a failure. */
export async function describeRunningModels(
  name: string,
  suite: (running: () => RunningModelsFixture) => void,
): Promise<void> {
  const files = await Promise.all([EMBEDDED_CHAT_MODEL, EMBEDDED_EMBEDDING_MODEL].map(cachedModel))
  const missing = files.flatMap((found) => ('missing' in found ? [found.missing] : []))
  describe.skipIf(missing.length > 0)(missing.length > 0 ? `${name} (skipped: ${missing.join(' ')})` : name, () => {
    let running: RunningModelsFixture
    beforeAll(async () => {
      running = await start()
    })
    afterAll(() => running?.close())
    suite(() => running)
  })
}

async function start(): Promise<RunningModelsFixture> {
  const platform = await createTestPlatform()
  const models = await startModels(platform, environment)
  platform.origins.set('models', new URL(models.url).origin)
  const client = createModelsClient({ origin: () => platform.originOf('models'), signer: platform.signer })
  const sockets = createClient({
    url: models.url.replace('http', 'ws'),
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    connectionParams: async () => ({ 'tributary-identity': await platform.signer.sign(identity) }),
  })
  const usages: Usage[] = []
  const log = await platform.openStreamLog<GenerationEventPayload>('models')
  await platform.queue.workGathered(usageRecorded, async (gathered) => void usages.push(...gathered))
  return {
    platform,
    models,
    client,
    log,
    usages,
    async usagesTold() {
      const untold = sql`select 1 from queue.job where name = ${usageRecorded.queue} and state <> 'completed'`
      await vi.waitUntil(async () => (await rowsOf(platform.database.sql, untold)).length === 0, { timeout: 15_000 })
    },
    ask: (query, variables = {}, as = identity) => requestSubgraph(platform, models.url, as, query, { ...variables }),
    subscribe: (query, variables) => sockets.iterate<Record<string, any>>({ query, variables }),
    async close() {
      await sockets.dispose()
      await models.close()
      await log.close()
      await platform.close()
    },
  }
}

/** The first event; what the subscription was refused with is thrown. */
export async function firstOf<Value>(
  events: AsyncIterable<{ data?: Value | null | undefined; errors?: unknown }>,
): Promise<Value | null | undefined> {
  for await (const { data, errors } of events) {
    if (errors !== undefined) throw errors
    return data
  }
  return null
}

export async function lastOf<Value>(
  events: AsyncIterable<{ data?: Value | null | undefined }>,
): Promise<Value | null | undefined> {
  let last: Value | null | undefined = null
  for await (const { data } of events) last = data
  return last
}

/** The whole text of a generation over the internal API. */
export async function readAll(
  client: ModelsClient,
  request: { messages: { role: 'SYSTEM' | 'USER'; content: string }[]; modelName?: string | null },
): Promise<string> {
  let text = ''
  for await (const line of client.generate(identity, { modelName: null, ...request }, never()))
    text += line.type === 'delta' ? line.text : ''
  return text
}
