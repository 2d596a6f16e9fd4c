// Calls to one Ollama host through Ollama's own client. What that client leaves open is done by the `fetch` handed to it, one for each call: a
// timeout on every wait, typed errors, and a socket that closes when the caller leaves, which is what stops the model on the other side.
import { Ollama } from 'ollama'
import { Agent, fetch as undiciFetch } from 'undici'
import type { z } from 'zod'
import { TributaryError } from '#shared/errors.ts'
import {
  cancellationOf,
  cancelled,
  contextTooLong,
  modelFailed,
  modelNotAvailable,
  providerBusy,
  providerTimedOut,
  providerUnreachable,
  throwIfCancelled,
} from '../ports/model-errors.ts'
import { errorSchema } from './ollama-wire.ts'

export interface OllamaTimeouts {
  /** Until the connection stands. Default 3,000. */
  connectMs: number
  /** Until the first byte of a short answer: lists and descriptions. Default 10,000. */
  answerMs: number
  /** Until the first byte of model work, which may have to load the model from disk first. Default 310,000, above Ollama's own 300,000. */
  firstByteMs: number
  /** Between two parts of a stream. Default 120,000. */
  idleMs: number
}

export const OLLAMA_TIMEOUTS: OllamaTimeouts = {
  connectMs: 3_000,
  answerMs: 10_000,
  firstByteMs: 310_000,
  idleMs: 120_000,
}

export interface OllamaCall {
  /** The model it is about, for errors. */
  modelName?: string
  /** Whether a model has to work for the answer. Default false. */
  isModelWork?: boolean
  signal: AbortSignal
}

export interface OllamaClient extends AsyncDisposable {
  /** One answer, validated. */
  ask<Schema extends z.ZodType>(
    call: OllamaCall,
    use: (client: Ollama) => Promise<unknown>,
    schema: Schema,
  ): Promise<z.output<Schema>>
  /** Each part of a streamed answer, validated. Leaving the loop closes the socket. */
  stream<Schema extends z.ZodType>(
    call: OllamaCall,
    use: (client: Ollama) => Promise<AsyncIterable<unknown>>,
    schema: Schema,
  ): AsyncGenerator<z.output<Schema>, void>
}

export interface OllamaClientOptions {
  url: URL
  hostName: string
  timeouts?: Partial<OllamaTimeouts>
}

export function createOllamaClient({ url, hostName, ...options }: OllamaClientOptions): OllamaClient {
  const timeouts = { ...OLLAMA_TIMEOUTS, ...options.timeouts }
  const createAgent = (headersTimeout: number) =>
    new Agent({ connect: { timeout: timeouts.connectMs }, headersTimeout, bodyTimeout: timeouts.idleMs })
  const agents = { answer: createAgent(timeouts.answerMs), modelWork: createAgent(timeouts.firstByteMs) }
  // A fetch refuses addresses with credentials in them.
  const address = new URL(url)
  const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
  const headers: Record<string, string> = url.username === '' ? {} : { authorization: `Basic ${btoa(credentials)}` }
  address.username = ''
  address.password = ''
  const host = address.href.replace(/\/$/, '')

  const clientFor = (call: OllamaCall, signal: AbortSignal): Ollama => {
    const dispatcher = call.isModelWork === true ? agents.modelWork : agents.answer
    const fetchAnswer = async (target: unknown, init: { signal?: AbortSignal } = {}) => {
      throwIfCancelled(signal)
      const signals = init.signal ? AbortSignal.any([signal, init.signal]) : signal
      const response = await undiciFetch(String(target), { ...init, dispatcher, signal: signals })
      // Here, before the client sees it: it would keep the message and drop the rest.
      if (!response.ok) throw errorOf(response.status, messageIn(await response.text()), call, hostName)
      return response
    }
    return new Ollama({ host, headers, fetch: fetchAnswer as unknown as typeof fetch })
  }
  const waitedMs = (call: OllamaCall) => (call.isModelWork === true ? timeouts.firstByteMs : timeouts.answerMs)

  return {
    async ask(call, use, schema) {
      try {
        return schema.parse(await use(clientFor(call, call.signal)))
      } catch (error) {
        throw transportError(error, call.signal, hostName, waitedMs(call))
      }
    },

    async *stream(call, use, schema) {
      const leaving = new AbortController()
      try {
        const parts = await use(clientFor(call, AbortSignal.any([call.signal, leaving.signal])))
        for await (const part of parts) yield schema.parse(part)
      } catch (error) {
        // The client's own words for a stream that ended without its last part.
        if (error instanceof Error && error.message.startsWith('Did not receive done'))
          throw providerUnreachable(hostName, error)
        // An error inside a stream, where the status is gone: the client throws the host's words as they are.
        if (error instanceof Error && error.constructor === Error) throw errorOf(500, error.message, call, hostName)
        throw transportError(error, call.signal, hostName, timeouts.idleMs)
      } finally {
        leaving.abort()
      }
    },

    async [Symbol.asyncDispose]() {
      await Promise.all([agents.answer.destroy(), agents.modelWork.destroy()])
    },
  }
}

/** What Ollama means by a status and a message. */
function errorOf(
  status: number,
  message: string,
  call: Pick<OllamaCall, 'modelName'>,
  hostName: string,
): TributaryError {
  const modelName = call.modelName ?? hostName
  if (/exceeds (the |maximum )?context length|input length exceeds/i.test(message)) {
    return contextTooLong({ modelName, promptTokens: null, contextLength: null })
  }
  if (status === 404)
    return modelNotAvailable(
      modelName,
      `Pull it on ${hostName} with "ollama pull ${modelName}", or name another model.`,
    )
  if (status === 400 && /does not support/i.test(message))
    return modelNotAvailable(modelName, `${hostName} says: ${message}.`, { isRetryable: false })
  if (status === 503 || status === 429) return providerBusy(hostName)
  if (status === 499) return cancelled()
  return modelFailed(modelName, `${hostName} answered: ${message}`, { isRetryable: status >= 500 })
}

function transportError(error: unknown, signal: AbortSignal, hostName: string, waitedMs: number): TributaryError {
  if (error instanceof TributaryError) return error
  if (signal.aborted) return cancellationOf(signal)
  const cause = error instanceof Error ? error.cause : undefined
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT')
    return providerTimedOut(hostName, waitedMs, error)
  return providerUnreachable(hostName, error)
}

function messageIn(text: string): string {
  try {
    return errorSchema.parse(JSON.parse(text)).error
  } catch {
    return text.slice(0, 300) || 'nothing'
  }
}
