// One upstream subscription over graphql-ws, at the subgraph's own URL with ws(s)://. It ends with the subgraph's error, with
// UPSTREAM_UNAVAILABLE when the socket is lost, or when the consumer returns.
//
// Each has a socket of its own, so that what is forwarded of a client's headers reaches nobody else's subscription.
import { createClient } from 'graphql-ws'
import { WebSocket } from 'ws'
import { TributaryError } from '#shared/errors.ts'
import { IDENTITY_HEADER, type IdentitySigner } from '../../contracts/identity.ts'
import { headersOf, type SubgraphHeaders } from '../subgraphs/apply-header-rules.ts'
import { NO_HEADER_RULES, type HeaderRules } from '../subgraphs/header-rules.ts'
import type { ErrorMask } from '../subgraphs/mask-errors.ts'
import type { SubgraphResponse } from '../subgraphs/subgraph-client.ts'
import type { RequestContext } from '../request-context.ts'
import { traceHeadersOf } from '../subgraphs/trace-context.ts'

export interface UpstreamSubscription {
  query: string
  operationName: string | undefined
  variables: Record<string, unknown>
}

export type SubscribeUpstream = (
  subgraph: string,
  request: UpstreamSubscription,
  context: RequestContext,
) => AsyncGenerator<SubgraphResponse>

/** The subgraph refused the subscription, or ended it with GraphQL errors. */
export class UpstreamErrors extends Error {
  readonly errors: NonNullable<SubgraphResponse['errors']>

  constructor(errors: NonNullable<SubgraphResponse['errors']>) {
    super(errors[0]?.message ?? 'The subgraph ended the subscription.')
    this.errors = errors
  }
}

export function createSubscribeUpstream(options: {
  urlOf: (subgraph: string) => string
  /** Null: subgraphs are told no identity. */
  signer: IdentitySigner | null
  /** What of a subgraph's errors goes on. */
  maskErrors: ErrorMask
  /** Which headers pass. Default: none. */
  headerRules?: HeaderRules
}): SubscribeUpstream {
  const rulesBySubgraph = new Map<string, SubgraphHeaders>()
  const rulesOf = (subgraph: string): SubgraphHeaders => {
    let rules = rulesBySubgraph.get(subgraph)
    if (!rules) rulesBySubgraph.set(subgraph, (rules = headersOf(subgraph, options.headerRules ?? NO_HEADER_RULES)))
    return rules
  }
  return async function* (subgraph, request, context) {
    if (context.signal.aborted) return
    const source = { subgraph, requestId: context.requestId }
    const url = new URL(options.urlOf(subgraph))
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
    const forwarded = Object.fromEntries(rulesOf(subgraph).toSubgraph(context.headers))
    const client = createClient({
      url: url.href,
      webSocketImpl: openingWith(forwarded),
      retryAttempts: 0,
      keepAlive: 10_000,
      // Some subgraphs read these, some the request that opens the socket. What the gateway says itself comes last: nothing from outside stands in its place.
      connectionParams: async () => ({
        ...forwarded,
        [IDENTITY_HEADER]: context.identity ? await options.signer?.sign(context.identity) : undefined,
        'x-request-id': context.requestId,
        ...traceHeadersOf(context.trace),
      }),
    })
    const payload = { query: request.query, variables: request.variables, operationName: request.operationName ?? null }
    const events = client.iterate(payload)
    const stop = () => void events.return?.()
    context.signal.addEventListener('abort', stop)
    try {
      for await (const event of events) {
        if (context.signal.aborted) return
        yield event.errors ? { ...event, errors: options.maskErrors(event.errors, source) } : event
      }
    } catch (cause) {
      if (context.signal.aborted) return
      if (Array.isArray(cause))
        throw new UpstreamErrors(options.maskErrors(cause as NonNullable<SubgraphResponse['errors']>, source))
      throw new TributaryError(
        'UPSTREAM_UNAVAILABLE',
        `The subgraph "${subgraph}" ended the stream. Subscribe again with the last cursor as "after".`,
        { cause },
      )
    } finally {
      context.signal.removeEventListener('abort', stop)
      await client.dispose()
    }
  }
}

const openingWith = (headers: Record<string, string>): unknown =>
  class extends WebSocket {
    constructor(address: string, protocols: string) {
      super(address, protocols, { headers })
    }
  }
