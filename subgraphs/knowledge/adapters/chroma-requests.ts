// Requests to Chroma: each ends with its caller's signal or its time limit, and each failure becomes an error of the platform.
import {
  AdminClient,
  ChromaClient,
  ChromaForbiddenError,
  ChromaNotFoundError,
  ChromaQuotaExceededError,
  ChromaRateLimitError,
  ChromaUnauthorizedError,
} from 'chromadb'
import { TributaryError } from '#shared/errors.ts'
import { vectorStoreFull, vectorStoreUnavailable } from '../ports/vector-store.ts'
import { createLimitedCalls, type CallTimeouts } from './limited-calls.ts'

export interface ChromaRequestsOptions {
  /** For example `http://127.0.0.1:8000`. */
  url: string
  /** Of Chroma Cloud, or of a proxy in front of a server of one's own, which itself asks for none. */
  token?: string | undefined
  /** Those of Chroma; both have to be there. Default `default_tenant` and `default_database`. */
  tenant?: string | undefined
  database?: string | undefined
  timeouts?: CallTimeouts | undefined
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
  /** Whether the database is there. A list of collections, and what is in them, is empty of one that is not. */
  hasDatabase(signal: AbortSignal): Promise<boolean>
  /** Ends every request under way; later ones fail. */
  close(): void
}

export function createChromaRequests(options: ChromaRequestsOptions): ChromaRequests {
  const { token, tenant = 'default_tenant', database = 'default_database', timeouts } = options
  const url = new URL(options.url)

  /** What the server said of itself. Forgotten after every failure, for it may be another server then. */
  let abilities: Abilities

  /** A client has one signal for all its requests, so every call has a client; it is no more than these settings. */
  const settingsWith = (signal: AbortSignal) => ({
    host: url.hostname,
    port: url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port),
    ssl: url.protocol === 'https:',
    headers: token === undefined ? {} : { 'x-chroma-token': token, authorization: `Bearer ${token}` },
    fetchOptions: { signal },
  })

  const calls = createLimitedCalls({ timeouts, typed })
  const request =
    <Result>(call: Call<Result>) =>
    async (limit: AbortSignal): Promise<Result> => {
      const client = new InformedClient({ ...settingsWith(limit), tenant, database }, abilities)
      try {
        const result = await call(client)
        abilities = client.preflightChecks
        return result
      } catch (error) {
        abilities = undefined
        throw error
      }
    }

  return {
    read: (signal, call) => calls.read(signal, request(call)),
    write: (signal, call) => calls.write(signal, request(call)),
    async hasDatabase(signal) {
      try {
        await calls.read(signal, (limit) =>
          new AdminClient(settingsWith(limit)).getDatabase({ name: database, tenant }),
        )
        return true
      } catch (error) {
        if (saysNotFound(error)) return false
        throw error
      }
    },
    close: calls.close,
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
  if (/\bDatabase \[.*\] does not exist/s.test(String(error)))
    return new TributaryError(
      'CONFIGURATION_INVALID',
      'Chroma does not have the database in CHROMA_DATABASE, or not in the tenant in CHROMA_TENANT. Make it there, or correct them.',
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
