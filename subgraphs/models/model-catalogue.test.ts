// The catalogue over the embedded host, whose files are found, late or not at all as a test wants.
import { fileURLToPath } from 'node:url'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestPlatform, type TestPlatform } from '../../test/harness/platform.ts'
import { createEmbeddedProvider } from './adapters/embedded-provider.ts'
import { createCountUsage } from './count-usage.ts'
import { createModelCatalogue } from './model-catalogue.ts'
import { EMBEDDED_RERANK_MODEL } from './model-files/manifest.ts'
import { createRerankPassages } from './rerank-passages.ts'

let platform: TestPlatform

beforeAll(async () => {
  platform = await createTestPlatform()
  await platform.database.migrate({ schema: 'models', folder: fileURLToPath(new URL('./migrations', import.meta.url)) })
})
afterAll(() => platform.close())

const openCatalogue = (locate: () => Promise<string | null>) =>
  createModelCatalogue({
    database: platform.database,
    providers: [createEmbeddedProvider({ models: [EMBEDDED_RERANK_MODEL], locate })],
    defaults: {},
  })
const found = async () => '/models/reranker'
const never = (): AbortSignal => new AbortController().signal

test('who asks before the embedded models are located waits until they are', async () => {
  const located = Promise.withResolvers<string>()
  const catalogue = await openCatalogue(() => located.promise)
  let isAnswered = false
  const asking = catalogue.find('RERANK', null).finally(() => (isAnswered = true))
  await new Promise(setImmediate)
  expect(isAnswered).toBe(false)
  located.resolve('/models/reranker')
  expect(await asking).toMatchObject({ name: EMBEDDED_RERANK_MODEL.name, isAvailable: true })
})

test('what a host has is written down once, and not again by the next process', async () => {
  const first = await openCatalogue(found)
  await first.refresh()
  const before = platform.statements.length
  const second = await openCatalogue(found)
  await second.refresh()
  expect(platform.statements.slice(before).filter((statement) => statement.startsWith('insert'))).toEqual([])
})

test('that there is no reranking model and that it cannot be had now are two answers', async () => {
  await (await openCatalogue(found)).refresh()
  const countUsage = createCountUsage(platform)
  const request = { question: 'question', passages: [{ context: '', sentences: ['passage'] }], idempotencyKey: null }
  const broken = await openCatalogue(() => Promise.reject(new Error('disk')))
  const away = createRerankPassages({ catalogue: broken, countUsage })
  await expect(away('ws_x', request, never())).rejects.toMatchObject({
    code: 'UPSTREAM_UNAVAILABLE',
    isRetryable: true,
  })
  const none = createRerankPassages({ catalogue: await openCatalogue(async () => null), countUsage })
  expect(await none('ws_x', request, never())).toBeNull()
})

test('a host that answers serves, even if what it has cannot be written down', async () => {
  const catalogue = await openCatalogue(found)
  await platform.database.sql.execute(sql`drop table models.host_snapshot`)
  await catalogue.refresh()
  expect(await catalogue.find('RERANK', null)).toMatchObject({ isAvailable: true })
})
