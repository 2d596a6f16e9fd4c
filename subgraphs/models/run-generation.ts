// One generation from the model to the stream log. Deltas that come while the last one is being stored are merged into the next event: a
// fast model costs no more writes than the database gives, and no text waits longer than one write.
import type { Logger } from 'pino'
import { TributaryError } from '#shared/errors.ts'
import type { StreamLog } from '#shared/stream-log.ts'
import type { GenerationEventPayload, GenerationInput, GenerationOutcome } from './domain/generation.ts'
import type { GenerationStore } from './generation-store.ts'
import type { ChatModel, ChatRequest } from './ports/chat-model.ts'
import type { GenerationRow } from './tables.ts'

export interface RunGenerationOptions {
  row: GenerationRow
  input: GenerationInput
  openModel(signal: AbortSignal): Promise<ChatModel>
  store: GenerationStore
  log: StreamLog<GenerationEventPayload>
  /** Aborted when the generation was ended by someone else, or is to be: its reason is not looked at. */
  signal: AbortSignal
  logger: Logger
}

/** Never throws; ends the generation however it goes. */
export async function runGeneration(options: RunGenerationOptions): Promise<void> {
  const { row, store, logger } = options
  let outcome: GenerationOutcome
  try {
    outcome = { status: 'COMPLETED', usage: await generate(options) }
  } catch (error) {
    outcome = outcomeOf(error, options, logger)
  }
  try {
    await store.finish(row, outcome)
  } catch (error) {
    // Its lease runs out and another process ends it.
    logger.error({ err: error, generationId: row.id }, 'a generation could not be ended')
  }
}

async function generate(
  options: RunGenerationOptions,
): Promise<Extract<GenerationOutcome, { status: 'COMPLETED' }>['usage']> {
  const { row, input, store, log } = options
  const stopped = new AbortController()
  const signal = AbortSignal.any([options.signal, stopped.signal])
  const startedAt = performance.now()
  const buffer: { text: string; lastSequence: number } = { text: '', lastSequence: -1 }
  let storing: Promise<void> | null = null
  let failure: unknown = null

  const storeBuffered = async (): Promise<void> => {
    try {
      while (buffer.text !== '') {
        const { text, lastSequence } = buffer
        buffer.text = ''
        // Refused once the stream is closed: someone else has ended the generation.
        if (!(await log.append(row.workspaceId, row.id, [{ type: 'delta', sequence: lastSequence, text }])))
          stopped.abort()
      }
    } catch (error) {
      failure ??= error
      stopped.abort()
    } finally {
      storing = null
    }
  }

  try {
    const model = await options.openModel(signal)
    for await (const event of model.generate(chatRequest(input), signal)) {
      if (event.kind === 'finished') {
        await (storing ?? undefined)
        if (failure !== null) throw failure
        return event.usage
      }
      buffer.text += event.text
      buffer.lastSequence += 1
      storing ??= storeBuffered()
      if (buffer.lastSequence === 0) await store.markRunning(row, Math.round(performance.now() - startedAt))
    }
    throw new TributaryError('MODEL_FAILED', `The model "${row.modelName}" ended without an answer.`)
  } catch (error) {
    await (storing ?? undefined)
    throw failure ?? error
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

function outcomeOf(error: unknown, { row, signal }: RunGenerationOptions, logger: Logger): GenerationOutcome {
  if (signal.aborted) return { status: 'CANCELLED' }
  if (error instanceof TributaryError) {
    const { code, message, isRetryable } = error
    return code === 'CANCELLED' ? { status: 'CANCELLED' } : { status: 'FAILED', code, message, isRetryable }
  }
  logger.error({ err: error, generationId: row.id }, 'a generation failed unexpectedly')
  const message = `Something went wrong on the server. Its log has the details under ${row.id}.`
  return { status: 'FAILED', code: 'INTERNAL_SERVER_ERROR', message, isRetryable: true }
}
