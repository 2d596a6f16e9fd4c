// The text of one generation on its way to the stream log, in order and each piece once. Deltas that come while the last one is being stored
// are merged into the next event: a fast model costs no more writes than the log gives, and no text waits longer than one write.
//
// While the log is away, silent or full, text waits here and the same event is asked for again, at its place in the stream: one that was stored
// without an answer is not stored twice. When much waits, the model waits, too.
import type { StreamLog } from '#shared/stream-log.ts'
import type { GenerationEventPayload } from './domain/generation.ts'
import type { GenerationKey } from './generation-store.ts'
import { throughTroubleOfStore } from './through-trouble-of-store.ts'

/** Behind `started`. */
const FIRST_PLACE = 2
/** Nothing is added to an event of so many characters, which is far below what an event may have. */
const EVENT_CHARACTERS = 32 * 1024

/** What was taken from the model, whether it is stored or not. */
export interface WrittenText {
  text: string
  deltaCount: number
}

export interface DeltaWriter {
  /** Takes a delta of the model. Resolves as soon as there is room for another. */
  add(text: string): Promise<void>
  /** Resolves when nothing waits any more; throws what keeps it from being stored. */
  flush(): Promise<void>
  written(): WrittenText
}

export interface DeltaWriterOptions {
  key: GenerationKey
  log: StreamLog<GenerationEventPayload>
  /** How long an event is asked for again while the log is away, in milliseconds. */
  patienceMs: number
  /** Text that may wait, in bytes; the delta that reaches it included. */
  bufferBytes: number
  /** Aborted: what waits need not be stored any more. */
  signal: AbortSignal
  /** Called when no text can be stored any more: somebody else has closed the stream, or `flush` throws. */
  onEnd(): void
  onTrouble(error: unknown): void
}

type Delta = Extract<GenerationEventPayload, { type: 'delta' }>

export function createDeltaWriter(options: DeltaWriterOptions): DeltaWriter {
  const { key, log, patienceMs, bufferBytes, signal, onEnd, onTrouble } = options
  const waiting: Delta[] = []
  let [waitingBytes, place, text, deltaCount] = [0, FIRST_PLACE, '', 0]
  let storing: Promise<void> | null = null
  let hasEnded = false
  let failure: unknown = null

  async function storeWaiting(): Promise<void> {
    try {
      for (let delta = waiting.shift(); delta !== undefined && !hasEnded; delta = waiting.shift()) {
        const stored = delta
        const append = () => log.appendAt(key.workspaceId, key.id, place, [stored])
        if (!(await throughTroubleOfStore(append, { patienceMs, signal, onTrouble }))) hasEnded = true
        place += 1
        waitingBytes -= Buffer.byteLength(stored.text)
      }
    } catch (error) {
      failure = error
      hasEnded = true
    } finally {
      storing = null
      if (hasEnded) onEnd()
    }
  }

  return {
    async add(added) {
      text += added
      const sequence = deltaCount++
      if (hasEnded) return
      const last = waiting.at(-1)
      if (last === undefined || last.text.length + added.length > EVENT_CHARACTERS)
        waiting.push({ type: 'delta', sequence, text: added })
      else waiting.splice(-1, 1, { type: 'delta', sequence, text: last.text + added })
      waitingBytes += Buffer.byteLength(added)
      storing ??= storeWaiting()
      if (waitingBytes >= bufferBytes) await storing
    },

    async flush() {
      await (storing ?? undefined)
      if (failure !== null) throw failure
    },

    written: () => ({ text, deltaCount }),
  }
}
