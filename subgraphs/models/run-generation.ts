// One generation, from the model to its end. A store that is away for a while keeps the model waiting at most; beyond that the generation fails.
import type { Logger } from 'pino'
import { TributaryError } from '#shared/errors.ts'
import type { StreamLog } from '#shared/stream-log.ts'
import type { GenerationEventPayload, GenerationInput, GenerationOutcome } from './domain/generation.ts'
import type { GenerationStore } from './generation-store.ts'
import type { ChatModel, ChatRequest } from './ports/chat-model.ts'
import type { GenerationRow } from './tables.ts'
import { throughTroubleOfStore, type ThroughTroubleOptions } from './through-trouble-of-store.ts'
import { createDeltaWriter, type DeltaWriter } from './write-deltas.ts'

export interface RunGenerationOptions {
  row: GenerationRow
  input: GenerationInput
  openModel(signal: AbortSignal): Promise<ChatModel>
  store: GenerationStore
  log: StreamLog<GenerationEventPayload>
  /** Aborted when the generation was ended by someone else, or is to be: as failed with a TributaryError that is the reason, else as cancelled. */
  signal: AbortSignal
  logger: Logger
  /**
   * How long the text waits for a stream log that is away before the generation fails, in milliseconds. Default 60,000: a fail-over of
   * Redis that is found out after half a minute is over by then.
   */
  patienceMs?: number
  /** Text that waits for the stream log before the model has to wait, in bytes. Default 1 MiB. */
  bufferBytes?: number
}

/** Never throws; ends the generation however it goes. */
export async function runGeneration(options: RunGenerationOptions): Promise<void> {
  const { row, store, log, signal, logger, patienceMs = 60_000, bufferBytes = 1024 ** 2 } = options
  const stopped = new AbortController()
  const onTrouble = (error: unknown): void =>
    logger.warn({ err: error, generationId: row.id }, 'a generation waits for a store that is away')
  const patience = { patienceMs, signal, onTrouble }
  const writer = createDeltaWriter({ ...patience, key: row, log, bufferBytes, onEnd: () => stopped.abort() })
  let outcome: GenerationOutcome
  try {
    const usage = await generate(options, writer, patience, AbortSignal.any([signal, stopped.signal]))
    outcome = { status: 'COMPLETED', usage }
  } catch (error) {
    outcome = outcomeOf(error, options, logger)
  }
  try {
    const finish = () => store.finish(row, outcome, writer.written())
    await throughTroubleOfStore(finish, { ...patience, patienceMs: Infinity })
  } catch (error) {
    // Its lease runs out and another process ends it.
    logger.error({ err: error, generationId: row.id }, 'a generation could not be ended')
  }
}

async function generate(
  { row, input, openModel, store }: RunGenerationOptions,
  writer: DeltaWriter,
  patience: ThroughTroubleOptions,
  signal: AbortSignal,
): Promise<Extract<GenerationOutcome, { status: 'COMPLETED' }>['usage']> {
  const startedAt = performance.now()
  let isRunning = false
  try {
    const model = await openModel(signal)
    for await (const event of model.generate(chatRequest(input), signal)) {
      if (event.kind === 'finished') {
        await writer.flush()
        return event.usage
      }
      await writer.add(event.text)
      if (isRunning) continue
      isRunning = true
      const timeToFirstTokenMs = Math.round(performance.now() - startedAt)
      await throughTroubleOfStore(() => store.markRunning(row, timeToFirstTokenMs), patience)
    }
    throw new TributaryError('MODEL_FAILED', `The model "${row.modelName}" ended without an answer.`)
  } catch (error) {
    await writer.flush()
    throw error
  }
}

function chatRequest(input: GenerationInput): ChatRequest {
  const { messages, temperature, topP, maxTokens, seed, stop } = input
  return {
    messages: messages.map(({ role, content }) => ({ role: role.toLowerCase() as Lowercase<typeof role>, content })),
    ...(temperature == null ? {} : { temperature }),
    ...(topP == null ? {} : { topP }),
    ...(maxTokens == null ? {} : { maxTokens }),
    ...(seed == null ? {} : { seed }),
    ...(stop == null || stop.length === 0 ? {} : { stop }),
  }
}

function outcomeOf(thrown: unknown, { row, signal }: RunGenerationOptions, logger: Logger): GenerationOutcome {
  const error: unknown = signal.aborted ? signal.reason : thrown
  if (signal.aborted && !(error instanceof TributaryError)) return { status: 'CANCELLED' }
  if (error instanceof TributaryError) {
    const { code, message, isRetryable } = error
    return code === 'CANCELLED' ? { status: 'CANCELLED' } : { status: 'FAILED', code, message, isRetryable }
  }
  logger.error({ err: error, generationId: row.id }, 'a generation failed unexpectedly')
  const message = `Something went wrong on the server. Its log has the details under ${row.id}.`
  return { status: 'FAILED', code: 'INTERNAL_SERVER_ERROR', message, isRetryable: true }
}
