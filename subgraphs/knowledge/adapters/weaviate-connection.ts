// Calls to Weaviate: each ends with its caller's signal or its time limit, and each failure becomes an error of the platform.
//
// The client library repeats gRPC calls that found nobody, for many seconds, and its channel waits longer and longer before it looks for a server
// that was away. So every call has a question beside it whether the server is ready, which fails at once where nothing listens; and after such a
// failure the next call has a client of its own.
import weaviate, { type WeaviateClient } from 'weaviate-client'
import { untilAborted } from '#shared/abortable.ts'
import { TributaryError } from '#shared/errors.ts'
import { vectorStoreFull, vectorStoreUnavailable } from '../ports/vector-store.ts'
import { createLimitedCalls, type CallTimeouts, type LimitedCalls } from './limited-calls.ts'

export interface WeaviateConnectionOptions {
  /** Of the REST API, for example `http://127.0.0.1:8080`. A path before its API is kept. */
  url: string
  /** Of the gRPC API, for example `http://127.0.0.1:50051`; `https:` stands for TLS. */
  grpcUrl: string
  apiKey?: string | undefined
  timeouts?: CallTimeouts | undefined
}

type Call<Result> = (client: WeaviateClient, signal: AbortSignal) => Promise<Result>

export interface WeaviateConnection {
  read<Result>(signal: AbortSignal, call: Call<Result>): Promise<Result>
  write<Result>(signal: AbortSignal, call: Call<Result>): Promise<Result>
  /** POST of the REST API, for what the client library does not do well. `path` begins after `/v1`. */
  post(signal: AbortSignal, path: string, body: unknown): Promise<unknown>
  /** Ends every call under way; later ones fail. */
  close(): Promise<void>
}

export function createWeaviateConnection(options: WeaviateConnectionOptions): WeaviateConnection {
  const { apiKey } = options
  const restUrl = `${options.url.replace(/\/+$/, '')}/v1`
  const calls = createLimitedCalls({ timeouts: options.timeouts, typed: asTributaryError })
  let current: Promise<WeaviateClient> | null = null

  async function forget(client: Promise<WeaviateClient>): Promise<void> {
    if (current === client) current = null
    await (await client.catch(() => null))?.close()
  }

  /** Aborts when the server turns out not to answer, or not to be ready. */
  function watchReadiness(until: AbortSignal): AbortSignal {
    const notReady = new AbortController()
    fetch(`${restUrl}/.well-known/ready`, { signal: until }).then(
      async (answer) => {
        if (!answer.ok) notReady.abort(new Error(`Weaviate is not ready (status ${answer.status}).`))
        await answer.body?.cancel()
      },
      (error: unknown) => notReady.abort(error),
    )
    return notReady.signal
  }

  const call = <Result>(limited: LimitedCalls['read'], signal: AbortSignal, work: Call<Result>): Promise<Result> =>
    limited(signal, async (limit) => {
      const done = new AbortController()
      const notReady = watchReadiness(AbortSignal.any([limit, done.signal]))
      const client = (current ??= connect(options, calls.timeouts))
      client.catch(() => forget(client))
      const either = AbortSignal.any([limit, notReady])
      try {
        return await untilAborted(async () => work(await client, either), either)
      } catch (error) {
        if (!signal.aborted && (either.aborted || /\bUNAVAILABLE\b/.test(String(error)))) await forget(client)
        throw error
      } finally {
        done.abort()
      }
    })

  return {
    read: (signal, work) => call(calls.read, signal, work),
    write: (signal, work) => call(calls.write, signal, work),
    post: (signal, path, body) =>
      calls.write(signal, async (limit) => {
        const headers = {
          'content-type': 'application/json',
          ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
        }
        const answer = await fetch(restUrl + path, {
          method: 'POST',
          headers,
          body: JSON.stringify(body),
          signal: limit,
        })
        if (answer.ok) return (await answer.json()) as unknown
        throw Object.assign(new Error(`${path} was answered with ${answer.status}: ${await answer.text()}`), {
          code: answer.status,
        })
      }),
    async close() {
      calls.close()
      if (current) await forget(current)
    },
  }
}

/**
 * Without the client's own checks, but for the version: it would ask for it beside a call, and leave the failure of that unhandled, which ends
 * the process.
 */
async function connect(
  { url, grpcUrl, apiKey }: WeaviateConnectionOptions,
  { readMs, writeMs }: Required<CallTimeouts>,
): Promise<WeaviateClient> {
  const [rest, grpc] = [new URL(url), new URL(grpcUrl)]
  const client = await weaviate.connectToCustom({
    httpHost: rest.hostname,
    httpPort: portOf(rest),
    httpPath: rest.pathname.replace(/\/+$/, ''),
    httpSecure: rest.protocol === 'https:',
    grpcHost: grpc.hostname,
    grpcPort: portOf(grpc),
    grpcSecure: grpc.protocol === 'https:',
    // In seconds.
    timeout: { init: readMs / 1000, query: readMs / 1000, insert: writeMs / 1000 },
    skipInitChecks: true,
    ...(apiKey === undefined ? {} : { authCredentials: new weaviate.ApiKey(apiKey) }),
  })
  try {
    await client.getWeaviateVersion()
    return client
  } catch (error) {
    await client.close()
    throw error
  }
}

const portOf = ({ port, protocol }: URL): number => (port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port))

/** Statuses of HTTP and of gRPC, as the client library hands them on. */
export function asTributaryError(error: unknown): TributaryError {
  if (error instanceof TributaryError) return error
  const name = error instanceof Error ? error.name : ''
  const code = error instanceof Error && 'code' in error ? error.code : null
  const words = String(error)
  if (code === 401 || name === 'WeaviateUnauthenticatedError' || /\bUNAUTHENTICATED\b/.test(words))
    return new TributaryError('CONFIGURATION_INVALID', 'Weaviate refuses the key in WEAVIATE_API_KEY, or wants one.', {
      cause: error,
    })
  // By default it reads only from nine tenths of the disk on (DISK_USE_READONLY_PERCENTAGE).
  if (/disk usage too high|no space left/i.test(words))
    return vectorStoreFull(
      'Weaviate (WEAVIATE_URL)',
      'Make room on it, and restart Weaviate if it stays read-only then; then try again.',
      error,
    )
  if (code === 403 || name === 'WeaviateInsufficientPermissionsError' || /read-?only|PERMISSION_DENIED/i.test(words))
    return new TributaryError(
      'UPSTREAM_UNAVAILABLE',
      'Weaviate takes no writes: it is read-only, or the key in WEAVIATE_API_KEY may only read.',
      { cause: error },
    )
  if (/could not find enough weaviate nodes/i.test(words))
    return new TributaryError(
      'UPSTREAM_UNAVAILABLE',
      'Weaviate has fewer nodes now than TRIBUTARY_WEAVIATE_REPLICAS asks for. Add nodes, or lower it.',
      { cause: error },
    )
  if (code === 429 || code === 507)
    return new TributaryError(
      'CAPACITY_EXCEEDED',
      'Weaviate at WEAVIATE_URL has no room or too much to do. Try again in a moment.',
      { cause: error },
    )
  return vectorStoreUnavailable(error)
}
