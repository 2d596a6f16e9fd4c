// One GraphQL request to one subgraph, and one error for each way it can fail. Whoever executes a plan calls this and nothing else.
//
// What happens on the way, from the outside in: equal queries are shared → a query may be sent again → it waits for its turn → the circuit is
// asked → it is sent. One signal carries whatever ends it: callers who left, or time that is over.
import { IDENTITY_HEADER, type IdentitySigner } from '../../contracts/identity.ts'
import type { RequestContext } from '../request-context.ts'
import { headersOf, type SubgraphHeaders } from './apply-header-rules.ts'
import { createCircuit, type Circuit, type CircuitState } from './circuit.ts'
import { openConnections, type Connections } from './connections.ts'
import { REMAINING_HEADER } from './deadline.ts'
import type { ErrorMask } from './mask-errors.ts'
import { readAnswer } from './read-answer.ts'
import { withRetries } from './retry.ts'
import { send, type HttpAnswer } from './send.ts'
import { defaultSubgraphSettings, type SubgraphSettings } from './settings.ts'
import { createSharedFetches, type SharedFetches } from './shared-fetches.ts'
import { requestTimedOut, SubgraphFailure, subgraphTimedOut } from './subgraph-failure.ts'
import { traceHeadersOf } from './trace-context.ts'
import { createTurns, type Turns } from './turns.ts'

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
  /** The response is the caller's own, to change as they like. Throws coded errors. */
  request(subgraph: string, request: SubgraphRequest, context: RequestContext): Promise<SubgraphResponse>
  close(): Promise<void>
}

/** How it stands with one subgraph just now. */
export interface SubgraphState {
  subgraph: string
  circuit: CircuitState
  /** Fetches under way, and fetches that wait for their turn. */
  running: number
  waiting: number
}

export interface WatchedSubgraphClient extends SubgraphClient {
  /** Of each subgraph that was asked since the start. */
  states(): SubgraphState[]
}

export interface CreateSubgraphClientOptions {
  /** The GraphQL URL of a subgraph by its name in the supergraph; asked for each request, so that it may change. */
  urlOf: (subgraph: string) => string
  /** Null: subgraphs are told no identity. */
  signer: IdentitySigner | null
  /** What differs from the defaults that docs/configuration.md names. */
  settings?: Partial<SubgraphSettings>
  /** What of a subgraph's errors goes on. Default: all. */
  maskErrors?: ErrorMask
  /** Certificate authorities for `https:`, in PEM. Default: those of Node. */
  certificateAuthorities?: string
}

/** Everything that is kept for one subgraph. */
interface Subgraph {
  url: string
  path: string
  connections: Connections
  timeoutMs: number
  headers: SubgraphHeaders
  circuit: Circuit
  turns: Turns
  fetches: SharedFetches<HttpAnswer>
}

/** The first is what the field has agreed on, the second what servers have sent before. */
const ACCEPT = 'application/graphql-response+json, application/json;q=0.9'

export function createSubgraphClient(options: CreateSubgraphClientOptions): WatchedSubgraphClient {
  const { signer, maskErrors = (errors) => errors } = options
  const settings = { ...defaultSubgraphSettings(), ...options.settings }
  const subgraphs = new Map<string, Subgraph>()

  function subgraphOf(name: string): Subgraph {
    const url = options.urlOf(name)
    const known = subgraphs.get(name)
    if (known?.url === url) return known
    const parsed = new URL(url)
    const path = parsed.pathname + parsed.search
    const timeoutMs = settings.timeoutMs.of.get(name) ?? settings.timeoutMs.default
    const connections = openConnections({
      origin: parsed.origin,
      // No more than have their turn.
      most: settings.concurrency,
      connectTimeoutMs: settings.connectTimeoutMs,
      silenceMs: timeoutMs,
      certificateAuthorities: options.certificateAuthorities,
    })
    if (known) {
      void known.connections.close()
      return Object.assign(known, { url, path, connections })
    }
    const subgraph: Subgraph = {
      url,
      path,
      connections,
      timeoutMs,
      headers: headersOf(name, settings.headerRules),
      circuit: createCircuit(name, settings.circuit),
      turns: createTurns(name, settings),
      fetches: createSharedFetches(),
    }
    subgraphs.set(name, subgraph)
    return subgraph
  }

  return {
    async request(name, request, context) {
      const subgraph = subgraphOf(name)
      const { timeoutMs, circuit, turns } = subgraph
      const token = signer && context.identity ? await signer.sign(context.identity) : undefined
      const now = performance.now()
      if (context.deadline <= now) throw requestTimedOut(name)
      const isCutShort = context.deadline < now + timeoutMs
      const endsAt = isCutShort ? context.deadline : now + timeoutMs
      const outOfTime = () => requestTimedOut(name)
      const { operation } = request
      const body = `${bodyStart(operation)}${request.variables}}`
      const forwarded = subgraph.headers.toSubgraph(context.headers)
      const isQuery = operation.kind === 'query'
      const isShared = isQuery && settings.isSharing && !subgraph.headers.givesCookies

      const sendOnce = async (signal: AbortSignal): Promise<HttpAnswer> => {
        const answer = await send({
          subgraph: name,
          connections: subgraph.connections,
          path: subgraph.path,
          headers: requestHeaders(context, token, forwarded, endsAt),
          body,
          signal,
          limitBytes: settings.responseLimitBytes,
          timeoutMs,
        })
        // A server error that is no GraphQL answer counts for the circuit.
        if (answer.status >= 500) readAnswer(answer, name)
        return answer
      }
      const attempt = async (signal: AbortSignal): Promise<HttpAnswer> => {
        circuit.assertAsked()
        return turns.run(() => circuit.run(() => sendOnce(signal)), signal)
      }

      const fetched = subgraph.fetches.fetch(
        isShared ? `${token}\n${forwarded.join('\n')}\n${body}` : null,
        { signal: context.signal, deadline: context.deadline, outOfTime },
        { endsAt, isCutShort, timedOut: isCutShort ? outOfTime : () => subgraphTimedOut(name, timeoutMs) },
        (signal) =>
          isQuery
            ? withRetries(() => attempt(signal), {
                retries: settings.queryRetries,
                endsAt,
                signal,
                canAsk: () => circuit.state !== 'open',
              })
            : attempt(signal),
      )
      const answer = await tellAnswer(fetched, context)
      const response = readAnswer(answer, name)
      if (context.clientHeaders) subgraph.headers.toClient(answer.headers, context.clientHeaders)
      if (!response.errors) return response
      const errors = maskErrors(response.errors, { subgraph: name, requestId: context.requestId })
      return { ...response, errors }
    },

    states: () =>
      Array.from(subgraphs, ([name, { circuit, turns }]) => ({
        subgraph: name,
        circuit: circuit.state,
        running: turns.running,
        waiting: turns.waiting,
      })),

    async close() {
      await Promise.all([...subgraphs.values()].map(({ connections }) => connections.close()))
      for (const { circuit } of subgraphs.values()) circuit.close()
    },
  }
}

/** Each of those who share a fetch is told of its answer, of one that is a failure too. */
async function tellAnswer(fetched: Promise<HttpAnswer>, { onSubgraphAnswer }: RequestContext): Promise<HttpAnswer> {
  try {
    const answer = await fetched
    onSubgraphAnswer?.({ status: answer.status, sizeBytes: answer.sizeBytes })
    return answer
  } catch (error) {
    if (error instanceof SubgraphFailure && error.answer) onSubgraphAnswer?.(error.answer)
    throw error
  }
}

function requestHeaders(
  context: RequestContext,
  token: string | undefined,
  forwarded: readonly (readonly [string, string])[],
  endsAt: number,
): Record<string, string> {
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    accept: ACCEPT,
    'x-request-id': context.requestId,
    [REMAINING_HEADER]: String(Math.max(1, Math.floor(endsAt - performance.now()))),
    ...traceHeadersOf(context.trace),
  }
  for (const [name, value] of forwarded) headers[name] = value
  // Last: nothing that comes from outside may stand in its place.
  if (token !== undefined) headers[IDENTITY_HEADER] = token
  return headers
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
