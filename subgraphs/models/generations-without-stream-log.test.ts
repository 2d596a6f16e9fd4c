// Whoever runs a generation can end it while the stream log is away.
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { TributaryError } from '#shared/errors.ts'
import type { StreamLog } from '#shared/stream-log.ts'
import { createTestPlatform, type TestPlatform } from '../../test/harness/platform.ts'
import type { CatalogueModel } from './domain/choose-model.ts'
import type { GenerationEventPayload } from './domain/generation.ts'
import { createGenerations, type Generations, type GenerationsOptions } from './generations.ts'
import type { ModelCatalogue } from './model-catalogue.ts'
import { openScriptedGenerations, type ScriptedGenerations } from './scripted-generation.fixture.ts'

const workspaceId = 'ws_1'
const away = () => Promise.reject(new TributaryError('UPSTREAM_UNAVAILABLE', 'The stream log is away.'))
const MODEL = { provider: 'EMBEDDED', name: 'a scripted model' } as CatalogueModel

let platform: TestPlatform
let scripted: ScriptedGenerations
let generations: Generations
let hasStopped: boolean
beforeAll(async () => {
  platform = await createTestPlatform()
  scripted = await openScriptedGenerations(platform)
})
afterAll(() => scripted.close())
beforeEach(() => {
  hasStopped = false
})

/** Starts one whose model says two words and then waits until it is stopped; the stream log is away. */
async function start(options: Partial<GenerationsOptions> = {}): Promise<string> {
  const log: StreamLog<GenerationEventPayload> = { ...scripted.log, appendAt: away, read: away }
  const catalogue = {
    find: async () => MODEL,
    openChatModel: async () => ({
      name: MODEL.name,
      limits: { contextLength: 4096 },
      async *generate(_request, signal) {
        yield { kind: 'delta', text: 'two ' }
        yield { kind: 'delta', text: 'words' }
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
        hasStopped = true
        signal.throwIfAborted()
      },
    }),
  } satisfies Partial<ModelCatalogue>
  generations = await createGenerations({
    ...platform,
    log,
    catalogue: catalogue as unknown as ModelCatalogue,
    graceMs: 60_000,
    leaseMs: 60_000,
    ...options,
  })
  const messages = [{ role: 'USER' as const, content: 'Say it.' }]
  const started = await generations.start(workspaceId, { modelName: null, messages }, { isDetached: false })
  if (!('row' in started)) throw new Error(JSON.stringify(started))
  const { id } = started.row
  await vi.waitUntil(() => scripted.warned.mock.calls.some(([about]) => about.generationId === id), { timeout: 20_000 })
  return id
}
async function statusOf(id: string): Promise<string | undefined> {
  const [row] = await generations.findMany(workspaceId, [id])
  return row?.status
}

test('it is cancelled, and its model stops', async () => {
  const id = await start()
  const cancelled = await generations.cancel(workspaceId, id)
  expect(cancelled).toMatchObject({ row: { status: 'CANCELLED', text: 'two words' } })
  expect(hasStopped).toBe(true)
  await generations.close()
})

test('one that nobody watches is cancelled after the grace time', async () => {
  const id = await start({ graceMs: 1, beatMs: 50 })
  await expect.poll(() => statusOf(id), { timeout: 20_000 }).toBe('CANCELLED')
  expect(hasStopped).toBe(true)
  await generations.close()
})

test('a process that stops ends it as failed and retryable', async () => {
  const id = await start()
  await generations.close()
  const [row] = await scripted.store.findMany(workspaceId, [id])
  expect(row).toMatchObject({ status: 'FAILED', text: 'two words' })
  expect((await scripted.follow(row!)).at(-1)?.payload).toMatchObject({ code: 'PROCESS_DIED', isRetryable: true })
})
