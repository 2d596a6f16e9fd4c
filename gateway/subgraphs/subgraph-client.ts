// One GraphQL request to one subgraph: signed identity, time limit, the client's AbortSignal down to the socket, and one error for each
// way a subgraph can fail. Whoever executes a plan calls this and nothing else.
import { Pool } from 'undici'
import { TributaryError } from '#shared/errors.ts'
import { IDENTITY_HEADER, type IdentitySigner } from '../../contracts/identity.ts'
import type { RequestContext } from '../request-context.ts'
import { injectTraceContext } from '../telemetry/trace-context.ts'

/** What a fetch asks, whatever the values: made once for a fetch of a plan. */
export interface SubgraphOperation {
  /** Only queries may be sent twice or shared. */
  kind: 'query' | 'mutation'
  query: string
  operationName?: string | undefined
}

export interface SubgraphRequest {
  operation: SubgraphOperation
  /** A JSON object: representations are compared as text anyway, and are not written again. */
  variables: string
}

export interface SubgraphResponse {
  data?: Record<string, unknown> | null | undefined
  errors?: readonly SubgraphError[] | undefined
}

export interface SubgraphError {
  message: string
  path?: readonly (string | number)[]
  extensions?: Record<string, unknown>
}

export interface SubgraphClient {
  request(subgraph: string, request: SubgraphRequest, context: RequestContext): Promise<SubgraphResponse>
  close(): Promise<void>
}

export interface CreateSubgraphClientOptions {
  /** The GraphQL URL of a subgraph by its name in the supergraph. */
  urlOf: (subgraph: string) => string
  signer: IdentitySigner
  /** Longest wait for a subgraph's answer, in milliseconds. Default 60,000: a first embedding may load its model. */
  timeoutMs?: number
  /** Sockets per subgraph. Default 64. */
  connections?: number
}

export function createSubgraphClient(options: CreateSubgraphClientOptions): SubgraphClient {
  const timeoutMs = options.timeoutMs ?? 60_000
  const pools = new Map<string, Pool>()
  const poolOf = (origin: string): Pool => {
    let pool = pools.get(origin)
    if (!pool) {
      pool = new Pool(origin, {
        connections: options.connections ?? 64,
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
        connectTimeout: 5000,
      })
      pools.set(origin, pool)
    }
    return pool
  }

  return {
    async request(subgraph, request, context) {
      const url = new URL(options.urlOf(subgraph))
      const headers: Record<string, string> = {
        'content-type': 'application/json',
        accept: 'application/json',
        'x-request-id': context.requestId,
      }
      injectTraceContext(headers, context.trace)
      if (context.identity) headers[IDENTITY_HEADER] = await options.signer.sign(context.identity)
      let text: string
      try {
        const response = await poolOf(url.origin).request({
          path: url.pathname,
          method: 'POST',
          headers,
          body: `${bodyStart(request.operation)}${request.variables}}`,
          signal: context.signal,
        })
        text = await response.body.text()
        context.onSubgraphAnswer?.({ status: response.statusCode, sizeBytes: Buffer.byteLength(text) })
      } catch (cause) {
        throw failure(cause, subgraph, context.signal)
      }
      try {
        return JSON.parse(text) as SubgraphResponse
      } catch (cause) {
        throw new TributaryError(
          'UPSTREAM_UNAVAILABLE',
          `The subgraph "${subgraph}" answered with something that is not JSON.`,
          { cause },
        )
      }
    },
    async close() {
      await Promise.all([...pools.values()].map((pool) => pool.close()))
    },
  }
}

const bodyStarts = new WeakMap<SubgraphOperation, string>()

/** Everything before the variables. */
function bodyStart(operation: SubgraphOperation): string {
  let start = bodyStarts.get(operation)
  if (start === undefined) {
    const { query, operationName } = operation
    start = `${JSON.stringify({ query, ...(operationName === undefined ? {} : { operationName }) }).slice(0, -1)},"variables":`
    bodyStarts.set(operation, start)
  }
  return start
}

function failure(cause: unknown, subgraph: string, signal: AbortSignal): TributaryError {
  if (signal.aborted) return new TributaryError('CANCELLED', 'The client left before the answer was ready.', { cause })
  const code = (cause as { code?: string }).code
  return code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT'
    ? new TributaryError('UPSTREAM_TIMED_OUT', `The subgraph "${subgraph}" did not answer in time.`, { cause })
    : new TributaryError('UPSTREAM_UNAVAILABLE', `The subgraph "${subgraph}" cannot be reached.`, { cause })
}
