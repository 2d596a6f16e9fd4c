// Requests to Chroma: each ends with its caller's signal or its time limit, and each failure becomes an error of the platform.
import {
  ChromaClient,
  ChromaForbiddenError,
  ChromaNotFoundError,
  ChromaQuotaExceededError,
  ChromaRateLimitError,
  ChromaUnauthorizedError,
} from 'chromadb'
import { TributaryError } from '#shared/errors.ts'
import { vectorStoreFull, vectorStoreUnavailable } from '../ports/vector-store.ts'
import { untilAborted } from './until-aborted.ts'

export interface ChromaTimeouts {
  /** Longest time for a request that only reads, in milliseconds. Default 10,000. */
  readMs?: number
  /** Longest time for a request that writes, in milliseconds. Default 60,000. */
  writeMs?: number
}

export interface ChromaRequestsOptions {
  /** For example `http://127.0.0.1:8000`. */
  url: string
  /** Of Chroma Cloud, or of a proxy in front of a server of one's own, which itself asks for none. */
  token?: string | undefined
  /** Chroma's own tenant and database; both have to be there. Default `default_tenant` and `default_database`. */
  tenant?: string | undefined
  database?: string | undefined
  timeouts?: ChromaTimeouts | undefined
}

type Abilities = ChromaClient['preflightChecks']

/** Does not ask the server what it takes before its first write, when that is known. */
class InformedClient extends ChromaClient {
  constructor(options: ConstructorParameters<typeof ChromaClient>[0], abilities: Abilities) {
    super(options)
    this.preflightChecks = abilities
  }
}

type Call<Result> = (client: ChromaClient) => Promise<Result>

export interface ChromaRequests {
  read<Result>(signal: AbortSignal, call: Call<Result>): Promise<Result>
  write<Result>(signal: AbortSignal, call: Call<Result>): Promise<Result>
  /** Ends every request under way; later ones fail. */
  close(): void
}

export function createChromaRequests(options: ChromaRequestsOptions): ChromaRequests {
  const { token, tenant = 'default_tenant', database = 'default_database', timeouts = {} } = options
  const { readMs = 10_000, writeMs = 60_000 } = timeouts
  const url = new URL(options.url)
  const closing = new AbortController()

  /** What the server said of itself. Forgotten after every failure, for it may be another server then. */
  let abilities: Abilities

  /** A client has one signal for all its requests, so every call has a client; it is no more than these settings. */
  const clientWith = (signal: AbortSignal) =>
    new InformedClient(
      {
        host: url.hostname,
        port: url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port),
        ssl: url.protocol === 'https:',
        tenant,
        database,
        headers: token === undefined ? {} : { 'x-chroma-token': token, authorization: `Bearer ${token}` },
        fetchOptions: { signal },
      },
      abilities,
    )

  async function request<Result>(timeoutMs: number, signal: AbortSignal, call: Call<Result>): Promise<Result> {
    signal.throwIfAborted()
    const limit = AbortSignal.any([signal, closing.signal, AbortSignal.timeout(timeoutMs)])
    try {
      const client = clientWith(limit)
      const result = await untilAborted(limit, () => call(client))
      abilities = client.preflightChecks
      return result
    } catch (error) {
      abilities = undefined
      signal.throwIfAborted()
      throw typed(error)
    }
  }

  return {
    read: (signal, call) => request(readMs, signal, call),
    write: (signal, call) => request(writeMs, signal, call),
    close: () => closing.abort(new Error('The vector store is closed.')),
  }
}

/** Whether what was asked for is not there. */
export const saysNotFound = (error: unknown): boolean =>
  error instanceof TributaryError && error.cause instanceof ChromaNotFoundError

function typed(error: unknown): TributaryError {
  if (error instanceof TributaryError) return error
  const because = { cause: error }
  if (error instanceof ChromaUnauthorizedError)
    return new TributaryError(
      'CONFIGURATION_INVALID',
      'Chroma refuses the token in CHROMA_TOKEN, or wants one.',
      because,
    )
  if (error instanceof ChromaForbiddenError)
    return new TributaryError(
      'UPSTREAM_UNAVAILABLE',
      'Chroma takes no writes: the token in CHROMA_TOKEN may not do this.',
      because,
    )
  if (error instanceof ChromaQuotaExceededError || error instanceof ChromaRateLimitError)
    return new TributaryError(
      'CAPACITY_EXCEEDED',
      'Chroma at CHROMA_URL has no room or too much to do. Try again in a moment.',
      because,
    )
  // SQLite's words, and the file system's.
  if (/database or disk is full|no space left/i.test(String(error)))
    return vectorStoreFull(
      'Chroma (CHROMA_URL)',
      'Make room on it, then try again; restart Chroma if it does not answer then.',
      error,
    )
  return vectorStoreUnavailable(error)
}
