// A generation by a model that says what a test wants, on a real store and stream log, and what there is of it afterwards.
import { fileURLToPath } from 'node:url'
import { vi, type Mock } from 'vitest'
import { createId } from '#shared/ids.ts'
import type { StreamEvent, StreamLog } from '#shared/stream-log.ts'
import { usageRecorded } from '../../contracts/messages.ts'
import type { TestPlatform } from '../../test/harness/platform.ts'
import type { GenerationEventPayload } from './domain/generation.ts'
import { createGenerationStore, type GenerationStore } from './generation-store.ts'
import { runGeneration, type RunGenerationOptions } from './run-generation.ts'
import type { GenerationRow } from './tables.ts'

const workspaceId = 'ws_1'
export const USAGE = { promptTokens: 3, completionTokens: 5, cachedPromptTokens: null }

export interface ScriptedGenerations {
  store: GenerationStore
  log: StreamLog<GenerationEventPayload>
  /** Called whenever a generation finds a store away. */
  warned: Mock
  insert(): Promise<GenerationRow>
  /** The model says what the script yields. */
  run(
    row: GenerationRow,
    script: (signal: AbortSignal) => AsyncIterable<string> | Iterable<string>,
    options?: Partial<RunGenerationOptions>,
  ): Promise<void>
  /** All events to the last one, from a log of another process. */
  follow(row: GenerationRow): Promise<StreamEvent<GenerationEventPayload>[]>
  read(row: GenerationRow): Promise<GenerationRow>
  /** Usage messages that there are of it, when those of a later one are. */
  usagesOf(row: GenerationRow): Promise<{ promptTokens: number; completionTokens: number }[]>
  close(): Promise<void>
}

export async function openScriptedGenerations(platform: TestPlatform): Promise<ScriptedGenerations> {
  const { database, queue, logger } = platform
  await database.migrate({ schema: 'models', folder: fileURLToPath(new URL('./migrations', import.meta.url)) })
  const [log, reader] = [
    await platform.openStreamLog<GenerationEventPayload>('models'),
    await platform.openStreamLog<GenerationEventPayload>('models'),
  ]
  const store = createGenerationStore({ database, log, queue, graceMs: 60_000, leaseMs: 60_000 })
  const usages = new Map<string, { promptTokens: number; completionTokens: number }[]>()
  await queue.workGathered(usageRecorded, async (gathered) => {
    for (const usage of gathered) usages.set(usage.eventId, [...(usages.get(usage.eventId) ?? []), usage])
  })
  const warned = vi.fn()
  vi.spyOn(logger, 'warn').mockImplementation(warned)
  vi.spyOn(logger, 'error').mockImplementation(() => undefined)

  const insert = () =>
    store.insert({
      id: createId('gen'),
      workspaceId,
      modelProvider: 'EMBEDDED',
      modelName: 'a scripted model',
      isDetached: true,
    })
  return {
    store,
    log,
    warned,
    insert,
    run: (row, script, options = {}) =>
      runGeneration({
        row,
        input: { modelName: null, messages: [{ role: 'USER', content: 'Say it.' }] },
        async openModel() {
          return {
            name: row.modelName,
            limits: { contextLength: 4096 },
            async *generate(_request, signal) {
              for await (const text of script(signal)) {
                signal.throwIfAborted()
                yield { kind: 'delta', text }
              }
              yield { kind: 'finished', reason: 'stop', usage: USAGE }
            },
          }
        },
        store,
        log,
        signal: new AbortController().signal,
        logger,
        ...options,
      }),
    async follow({ id }) {
      const events: StreamEvent<GenerationEventPayload>[] = []
      const signal = AbortSignal.timeout(60_000)
      for await (const event of reader.follow({ workspaceId, streamId: id, signal })) events.push(event)
      signal.throwIfAborted()
      return events
    },
    async read({ id }) {
      const [row] = await store.findMany(workspaceId, [id])
      return row!
    },
    async usagesOf({ id }) {
      const later = await insert()
      await store.finish(later, { status: 'COMPLETED', usage: USAGE }, { text: '', deltaCount: 0 })
      await vi.waitUntil(() => usages.has(later.id), { timeout: 20_000 })
      return (usages.get(id) ?? []).map(({ promptTokens, completionTokens }) => ({ promptTokens, completionTokens }))
    },
    async close() {
      await log.close()
      await reader.close()
      await platform.close()
    },
  }
}

/** The text of its events, which have to be as they should: started, deltas in order, one last; without a gap. */
export function textOfEvents(events: readonly StreamEvent<GenerationEventPayload>[]): string {
  const cursors = events.map(({ cursor }) => Number.parseInt(cursor.slice(1), 36))
  const types = events.map(({ payload }) => payload.type)
  const deltas = events.flatMap(({ payload }) => (payload.type === 'delta' ? [payload] : []))
  const isRising = deltas.every(({ sequence }, index) => sequence > (deltas[index - 1]?.sequence ?? -1))
  if (cursors.some((cursor, index) => cursor !== index + 1)) throw new Error(`There is a gap: ${cursors.join(' ')}`)
  if (types[0] !== 'started' || types.slice(1, -1).some((type) => type !== 'delta') || !isRising)
    throw new Error(`Events are not in order: ${JSON.stringify(events)}`)
  return deltas.map(({ text }) => text).join('')
}
