// One HTTP call between processes of the platform: signed, with a timeout and the caller's AbortSignal, and errors that keep their code.
import { request } from 'undici'
import { z } from 'zod'
import { ERROR_CATALOGUE, TributaryError, type ErrorCode } from '#shared/errors.ts'
import { IDENTITY_HEADER } from './identity.ts'

export interface InternalRequest {
  url: string
  method?: 'GET' | 'POST'
  /** The signed token; also checked by the receiver. */
  token: string
  body?: unknown
  signal: AbortSignal
  /** Longest wait for the headers of the answer, in milliseconds. Default 30,000. */
  timeoutMs?: number
  /** Longest pause inside the body, in milliseconds; 0 is none. Default `timeoutMs`. */
  bodyTimeoutMs?: number
  /** Who is called, for messages: "models". */
  target: string
}

const errorBody = z.object({ error: z.object({ code: z.string(), message: z.string(), isRetryable: z.boolean() }) })

/** The raw answer, its status being 200. Throws what the other side threw, or UPSTREAM_UNAVAILABLE / UPSTREAM_TIMED_OUT / CANCELLED. */
export async function internalRequest(options: InternalRequest) {
  const timeoutMs = options.timeoutMs ?? 30_000
  let response
  try {
    response = await request(options.url, {
      method: options.method ?? 'POST',
      headers: {
        [IDENTITY_HEADER]: options.token,
        ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
      signal: options.signal,
      headersTimeout: timeoutMs,
      bodyTimeout: options.bodyTimeoutMs ?? timeoutMs,
    })
  } catch (cause) {
    throw transportError(cause, options)
  }
  if (response.statusCode === 200) return response
  const parsed = errorBody.safeParse(await response.body.json().catch(() => null))
  if (parsed.success && parsed.data.error.code in ERROR_CATALOGUE) {
    const { code, message, isRetryable } = parsed.data.error
    throw new TributaryError(code as ErrorCode, message, { isRetryable })
  }
  throw new TributaryError(
    'UPSTREAM_UNAVAILABLE',
    `The ${options.target} service answered with status ${response.statusCode}.`,
  )
}

/** The answer as JSON, in the shape of `schema`. */
export async function internalJson<Schema extends z.ZodType>(
  options: InternalRequest,
  schema: Schema,
): Promise<z.output<Schema>> {
  const response = await internalRequest(options)
  try {
    return schema.parse(await response.body.json())
  } catch (cause) {
    if (cause instanceof z.ZodError)
      throw new TributaryError('UPSTREAM_UNAVAILABLE', `The ${options.target} service answered in an unknown shape.`, {
        cause,
      })
    throw transportError(cause, options)
  }
}

export function transportError(cause: unknown, options: { signal: AbortSignal; target: string }): TributaryError {
  if (cause instanceof TributaryError) return cause
  if (options.signal.aborted) return new TributaryError('CANCELLED', 'The caller stopped waiting.', { cause })
  const code = (cause as { code?: string }).code
  return code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT'
    ? new TributaryError('UPSTREAM_TIMED_OUT', `The ${options.target} service did not answer in time.`, { cause })
    : new TributaryError('UPSTREAM_UNAVAILABLE', `The ${options.target} service cannot be reached.`, { cause })
}
