// Requests to Qdrant: each ends with its caller's signal or its time limit, and each failure becomes an error of the platform.
import { QdrantClient } from '@qdrant/js-client-rest'
import { TributaryError } from '#shared/errors.ts'
import { vectorStoreFull, vectorStoreUnavailable } from '../ports/vector-store.ts'
import { createLimitedCalls, type CallTimeouts } from './limited-calls.ts'

export interface QdrantRequestsOptions {
  /** Without a port it is Qdrant's own, 6333, as for every client of Qdrant. A path before its API is kept. */
  url: string
  apiKey?: string | undefined
  timeouts?: CallTimeouts | undefined
}

type Api = ReturnType<QdrantClient['api']>
type Call<Result> = (api: Api, init: { signal: AbortSignal }) => Promise<{ data: { result?: Result } }>

export interface QdrantRequests {
  read<Result>(signal: AbortSignal, call: Call<Result>): Promise<Result>
  write<Result>(signal: AbortSignal, call: Call<Result>): Promise<Result>
  /** Ends every request under way; later ones fail. */
  close(): void
}

export function createQdrantRequests({ url, apiKey, timeouts }: QdrantRequestsOptions): QdrantRequests {
  const { origin, pathname } = new URL(url)
  const hasSchemesPort = /^(http:\/\/[^/]*:80|https:\/\/[^/]*:443)(\/|$)/i.test(url)
  const client = new QdrantClient({
    url: origin,
    prefix: pathname.replace(/\/+$/, ''),
    ...(hasSchemesPort ? { port: null } : {}),
    // As a header, since the client's own option writes a warning to the console when the connection is not encrypted.
    headers: apiKey === undefined ? {} : { 'api-key': apiKey },
    // The client's time limit replaces the caller's signal; without it the signal given to a request counts.
    timeout: Infinity,
    checkCompatibility: false,
  })
  const calls = createLimitedCalls({ timeouts, typed })
  const request =
    <Result>(call: Call<Result>) =>
    async (limit: AbortSignal) =>
      (await call(client.api(), { signal: limit })).data.result as Result

  return {
    read: (signal, call) => calls.read(signal, request(call)),
    write: (signal, call) => calls.write(signal, request(call)),
    close: calls.close,
  }
}

/** Status of the answer that an error of `QdrantRequests` tells of; null when there was none. */
export function statusOf(error: unknown): number | null {
  const answer = error instanceof TributaryError ? error.cause : error
  return answer instanceof Error && 'status' in answer && typeof answer.status === 'number' ? answer.status : null
}

export const saysAlreadyThere = (error: unknown): boolean =>
  statusOf(error) === 409 || (statusOf(error) === 400 && saidBy((error as Error).cause).includes('already exists'))

/** Qdrant's own words, for deciding and for logs. */
const saidBy = (error: unknown): string =>
  error instanceof Error && 'data' in error ? JSON.stringify(error.data) : String(error)

function typed(error: unknown): TributaryError {
  const status = statusOf(error)
  if (status === null) return vectorStoreUnavailable(error)
  if (status === 401)
    return new TributaryError('CONFIGURATION_INVALID', 'Qdrant refuses the key in QDRANT_API_KEY, or wants one.', {
      cause: error,
    })
  if (status === 403)
    return new TributaryError(
      'UPSTREAM_UNAVAILABLE',
      'Qdrant takes no writes: it is locked, or the key in QDRANT_API_KEY may only read.',
      { cause: error },
    )
  if (status === 429)
    return new TributaryError('CAPACITY_EXCEEDED', 'Qdrant at QDRANT_URL has too much to do. Try again in a moment.', {
      cause: error,
    })
  if (status === 507 || /no space left|disk/i.test(saidBy(error)))
    return vectorStoreFull('Qdrant at QDRANT_URL', 'Make room on it, then try again.', error)
  if (status >= 500) return vectorStoreUnavailable(error)
  return new TributaryError(
    'INTERNAL_SERVER_ERROR',
    `Qdrant does not take a request (status ${status}); it may be of a version that is not supported.`,
    { cause: error },
  )
}
