// What a generation's text is made from, whichever store its stream is on.
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createId } from '#shared/ids.ts'
import type { StreamLog } from '#shared/stream-log.ts'
import type { TestPlatform } from '../../test/harness/platform.ts'
import type { GenerationEventPayload } from './domain/generation.ts'
import { createGenerationStore, type GenerationStore } from './generation-store.ts'

export function describeGenerationStore(name: string, open: () => Promise<TestPlatform>): void {
  describe(`GenerationStore on ${name}`, () => {
    let platform: TestPlatform
    let log: StreamLog<GenerationEventPayload>
    let store: GenerationStore
    const workspaceId = 'ws_1'
    beforeAll(async () => {
      platform = await open()
      const { database, queue } = platform
      await database.migrate({ schema: 'models', folder: fileURLToPath(new URL('./migrations', import.meta.url)) })
      log = await platform.openStreamLog<GenerationEventPayload>('models')
      store = createGenerationStore({ database, log, queue, graceMs: 10_000, leaseMs: 10_000 })
    })
    afterAll(async () => {
      await log?.close()
      await platform?.close()
    })
    const start = () =>
      store.insert({
        id: createId('gen'),
        workspaceId,
        modelProvider: 'EMBEDDED',
        modelName: 'a model',
        isDetached: true,
      })
    const append = (id: string, sequence: number, text: string) =>
      log.append(workspaceId, id, [{ type: 'delta', sequence, text }])

    test('the texts of running generations grow with their deltas', async () => {
      const [first, second] = [await start(), await start()]
      expect(await store.textsSoFar(workspaceId, [first.id])).toEqual([{ id: first.id, text: '' }])
      await append(first.id, 0, 'Hel')
      await append(first.id, 1, 'lo')
      await append(second.id, 0, 'Bye')
      expect(await store.textsSoFar(workspaceId, [first.id, second.id])).toEqual([
        { id: first.id, text: 'Hello' },
        { id: second.id, text: 'Bye' },
      ])
      expect((await store.textsSoFar('ws_2', [first.id])).map(({ text }) => text)).toEqual([''])
    })

    test('a generation that ends keeps the whole text of its stream, and takes no more', async () => {
      const row = await start()
      await append(row.id, 0, 'Hel')
      await append(row.id, 4, 'lo')
      expect(await store.finish(row, { status: 'CANCELLED' })).toBe(true)
      expect(await store.finish(row, { status: 'CANCELLED' })).toBe(false)
      expect(await append(row.id, 5, ' late')).toBe(false)
      expect(await store.findMany(workspaceId, [row.id])).toMatchObject([{ status: 'CANCELLED', text: 'Hello' }])
      const payloads: GenerationEventPayload['type'][] = []
      const signal = AbortSignal.timeout(10_000)
      for await (const { payload } of log.follow({ workspaceId, streamId: row.id, signal })) payloads.push(payload.type)
      expect(payloads).toEqual(['started', 'delta', 'delta', 'completed'])
    })
  })
}
