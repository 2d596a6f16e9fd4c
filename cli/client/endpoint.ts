// One connection to the endpoint: queries and mutations over HTTP, subscriptions over one WebSocket, errors as ClientError.
import { createClient, type Client } from 'graphql-ws'
import {
  clientError,
  ClientError,
  connectionLost,
  failureOf,
  interrupted,
  notAccepted,
  unreachable,
  type GraphQLFailure,
} from './client-error.ts'
import { readOperation } from './operations.ts'
import { uploadAddress } from './upload-address.ts'

export interface EndpointOptions {
  /** The address of the GraphQL endpoint, `http://host:port/graphql`. */
  url: string
  apiKey: string
  /** Longest wait for an answer over HTTP, in milliseconds. Default 60,000. */
  timeoutMs?: number
  /** Send uploads beside `url`, whatever address the endpoint gives out for them. Default false: where that says, as far as it can be reached. */
  sendsUploadsHere?: boolean
}

export type Variables = Readonly<Record<string, unknown>>

export interface Endpoint {
  readonly url: string
  /** Where to send the bytes of an upload that the endpoint gave this address. */
  uploadAddress(given: string): string
  /** The `data` of an operation of `schema/operations/`. Throws ClientError for whatever errors come with it. */
  request<Data>(operationName: string, variables?: Variables, signal?: AbortSignal): Promise<Data>
  /** The `data` of each event. Throws ConnectionLost when the socket closes before the stream ends. */
  subscribe<Data>(operationName: string, variables: Variables, signal?: AbortSignal): AsyncGenerator<Data, void>
  close(): Promise<void>
}

/** The stream ended because the connection did; it can be resumed from the last cursor. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost'
  /** Whether anybody was there: if not, most likely there is no platform. */
  readonly wasConnected: boolean

  constructor(url: string, wasConnected: boolean, cause: unknown) {
    super(`The connection to ${url} was lost.`, { cause })
    this.wasConnected = wasConnected
  }
}

interface GraphQLAnswer<Data> {
  data?: Data | null
  errors?: readonly GraphQLFailure[]
}

/** graphql-ws: Unauthorized, Forbidden. */
const FORBIDDEN_CLOSE_CODES = new Set([4401, 4403])
/** BadResponse, BadRequest, SubprotocolNotAcceptable, SubscriberAlreadyExists, TooManyInitialisationRequests. */
const NOT_UNDERSTOOD_CLOSE_CODES = new Set([4004, 4400, 4406, 4409, 4429])
/** From here on a code is a program's own: somebody is there. */
const FIRST_PRIVATE_CLOSE_CODE = 4000

export function createEndpoint(options: EndpointOptions): Endpoint {
  const { url, apiKey, timeoutMs = 60_000 } = options
  const headers = {
    'content-type': 'application/json',
    accept: 'application/graphql-response+json, application/json',
    authorization: `Bearer ${apiKey}`,
  }
  let streams: Client | undefined
  let wasConnected = false
  const openStreams = () =>
    (streams ??= createClient({
      url: url.replace(/^http/, 'ws'),
      connectionParams: { Authorization: `Bearer ${apiKey}` },
      // A second `answerStream` would be a second answer: resuming is up to the caller, by cursor.
      retryAttempts: 0,
      keepAlive: 10_000,
      on: { connected: () => (wasConnected = true) },
    }))

  return {
    url,
    uploadAddress: (given) =>
      uploadAddress({ given, endpointUrl: url, isAlwaysBeside: options.sendsUploadsHere === true }),
    async request<Data>(operationName: string, variables: Variables = {}, signal?: AbortSignal) {
      const timeout = AbortSignal.timeout(timeoutMs)
      let response: Response | undefined
      let body: string
      try {
        response = await fetch(url, {
          method: 'POST',
          headers,
          body: JSON.stringify({ query: readOperation(operationName), operationName, variables }),
          signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
        })
        body = await response.text()
      } catch (cause) {
        if (signal?.aborted) throw interrupted(cause)
        if (timeout.aborted)
          throw clientError(
            'TIMED_OUT',
            `The endpoint at ${url} did not answer within ${timeoutMs / 1000} seconds. See whether the platform is overloaded, then try again.`,
            cause,
          )
        throw response ? connectionLost(url, cause) : unreachable(url, cause)
      }
      const answer = parseAnswer<Data>(body)
      if (answer?.errors?.length) throw failureOf(answer.errors)
      if (response.status === 401) throw notAccepted()
      if (response.status === 503)
        throw clientError('STARTING', `The platform at ${url} is starting or overloaded. Try again in a few seconds.`)
      if (!answer?.data)
        throw clientError(
          'NOT_THE_ENDPOINT',
          `What answers at ${url} (status ${response.status}) is not a Tributary endpoint. Set TRIBUTARY_URL to the address that \`npm start\` printed, with its path /graphql.`,
        )
      return answer.data
    },

    async *subscribe<Data>(operationName: string, variables: Variables, signal?: AbortSignal) {
      const arrived: GraphQLAnswer<Data>[] = []
      let end: { error: unknown } | 'complete' | null = null
      let wake = () => undefined as void
      const finish = (how: { error: unknown } | 'complete') => {
        end ??= how
        wake()
      }
      const unsubscribe = openStreams().subscribe<Data>(
        { query: readOperation(operationName), operationName, variables: { ...variables } },
        {
          next(result) {
            arrived.push(result as GraphQLAnswer<Data>)
            wake()
          },
          error: (error) => finish({ error }),
          complete: () => finish('complete'),
        },
      )
      const onAbort = () => finish({ error: interrupted() })
      signal?.addEventListener('abort', onAbort, { once: true })
      if (signal?.aborted) onAbort()
      try {
        for (;;) {
          const result = arrived.shift()
          if (result) {
            if (result.errors?.length && !result.data) throw failureOf(result.errors)
            if (result.data) yield result.data
          } else if (end === 'complete') return
          else if (end) throw streamFailure((end as { error: unknown }).error, url, wasConnected)
          else await new Promise<void>((resolve) => (wake = resolve))
        }
      } finally {
        signal?.removeEventListener('abort', onAbort)
        unsubscribe()
      }
    },

    async close() {
      await streams?.dispose()
    },
  }
}

function parseAnswer<Data>(body: string): GraphQLAnswer<Data> | null {
  try {
    return JSON.parse(body) as GraphQLAnswer<Data>
  } catch {
    return null
  }
}

function streamFailure(error: unknown, url: string, wasConnected: boolean): Error {
  if (error instanceof ClientError) return error
  if (Array.isArray(error)) return failureOf(error as GraphQLFailure[])
  const closeCode = typeof error === 'object' && error !== null && 'code' in error ? Number(error.code) : 0
  if (FORBIDDEN_CLOSE_CODES.has(closeCode)) return notAccepted(error)
  if (NOT_UNDERSTOOD_CLOSE_CODES.has(closeCode))
    return clientError(
      'NOT_UNDERSTOOD',
      `The endpoint at ${url} and this command line do not understand each other's streams (${closeCode}: ${reasonOf(error)}). They are likely of different versions: update the older one.`,
      error,
    )
  return new ConnectionLost(url, wasConnected || closeCode >= FIRST_PRIVATE_CLOSE_CODE, error)
}

const reasonOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'reason' in error ? String(error.reason) : 'without a reason'
