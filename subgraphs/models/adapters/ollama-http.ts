// HTTP to one Ollama host: typed errors, a timeout on every wait, and a socket that closes when the caller leaves, which is what stops
// the model on the other side.
import { Agent, request, type Dispatcher } from 'undici'
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
  path: string
  /** Sent as JSON by POST; without it the call is a GET. */
  body?: object
  /** The model it is about, for errors. */
  modelName?: string
  /** Whether a model has to work for the answer. Default false. */
  isModelWork?: boolean
  signal: AbortSignal
}

export interface OllamaHttp extends AsyncDisposable {
  json<Schema extends z.ZodType>(call: OllamaCall, schema: Schema): Promise<z.output<Schema>>
  /** Each line of the answer, validated. Leaving the loop closes the socket. */
  lines<Schema extends z.ZodType>(call: OllamaCall, schema: Schema): AsyncGenerator<z.output<Schema>, void>
}

export interface OllamaHttpOptions {
  url: URL
  hostName: string
  timeouts?: Partial<OllamaTimeouts>
}

export function createOllamaHttp({ url, hostName, ...options }: OllamaHttpOptions): OllamaHttp {
  const timeouts = { ...OLLAMA_TIMEOUTS, ...options.timeouts }
  const agent = new Agent({ connect: { timeout: timeouts.connectMs } })
  const base = url.href.replace(/\/$/, '')
  const address = new URL(base)
  const authorization =
    url.username === ''
      ? {}
      : { authorization: `Basic ${btoa(`${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`)}` }
  address.username = ''
  address.password = ''

  const send = async (call: OllamaCall, signal: AbortSignal): Promise<Dispatcher.ResponseData> => {
    throwIfCancelled(signal)
    const headersTimeout = call.isModelWork === true ? timeouts.firstByteMs : timeouts.answerMs
    try {
      const response = await request(`${address.href.replace(/\/$/, '')}${call.path}`, {
        dispatcher: agent,
        method: call.body === undefined ? 'GET' : 'POST',
        headers: { 'content-type': 'application/json', ...authorization },
        ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
        signal,
        headersTimeout,
        bodyTimeout: timeouts.idleMs,
      })
      if (response.statusCode === 200) return response
      const text = await response.body.text()
      throw errorOf(response.statusCode, messageIn(text), call, hostName)
    } catch (error) {
      throw transportError(error, signal, hostName, headersTimeout)
    }
  }

  return {
    async json(call, schema) {
      const response = await send(call, call.signal)
      try {
        return schema.parse(await response.body.json())
      } catch (error) {
        throw transportError(error, call.signal, hostName, timeouts.idleMs)
      }
    },

    async *lines(call, schema) {
      const leaving = new AbortController()
      const response = await send(call, AbortSignal.any([call.signal, leaving.signal]))
      // Destroying the body after the loop was left reports an error that nobody waits for.
      response.body.on('error', () => undefined)
      try {
        // The network cuts between any two bytes, also within a character.
        const decoder = new TextDecoder()
        let rest = ''
        for await (const chunk of response.body) {
          const lines = (rest + decoder.decode(chunk as Uint8Array, { stream: true })).split('\n')
          rest = lines.pop() ?? ''
          for (const line of lines) if (line.trim() !== '') yield schema.parse(JSON.parse(line))
        }
        if (rest.trim() !== '') yield schema.parse(JSON.parse(rest))
      } catch (error) {
        throw transportError(error, call.signal, hostName, timeouts.idleMs)
      } finally {
        leaving.abort()
      }
    },

    [Symbol.asyncDispose]: () => agent.destroy(),
  }
}

/** What Ollama means by a status and a message. Also used for errors inside a stream, where the status is gone. */
export function errorOf(
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
  const code = error instanceof Error && 'code' in error ? error.code : undefined
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
