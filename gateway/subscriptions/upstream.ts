// One upstream subscription over graphql-ws, at the subgraph's own URL with ws(s)://. It ends with the subgraph's error, with
// UPSTREAM_UNAVAILABLE when the socket is lost, or when the consumer returns.
//
// Sockets are shared (upstream-sockets.ts): what concerns one subscription only, above all who asks, is in the `headers` of its `extensions`.
import { TributaryError } from '#shared/errors.ts'
import { IDENTITY_HEADER, type IdentitySigner } from '../../contracts/identity.ts'
import { headersOf, type SubgraphHeaders } from '../subgraphs/apply-header-rules.ts'
import { NO_HEADER_RULES, type HeaderRules } from '../subgraphs/header-rules.ts'
import type { ErrorMask } from '../subgraphs/mask-errors.ts'
import type { SubgraphResponse } from '../subgraphs/subgraph-client.ts'
import type { RequestContext } from '../request-context.ts'
import { traceHeadersOf } from '../subgraphs/trace-context.ts'
import type { UpstreamSockets } from './upstream-sockets.ts'

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
  sockets: UpstreamSockets
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
    const { client, leave } = options.sockets.enter({ url: url.href, headers: forwarded }, async () => ({
      // Some subgraphs read these, some the request that opens the socket. What the gateway says itself comes last: nothing from outside stands
      // in its place.
      ...forwarded,
      ...(options.signer ? { [IDENTITY_HEADER]: await options.signer.signInternal('gateway') } : {}),
    }))
    const identity = context.identity ? await options.signer?.sign(context.identity) : undefined
    const headers = {
      ...(identity === undefined ? {} : { [IDENTITY_HEADER]: identity }),
      'x-request-id': context.requestId,
      ...traceHeadersOf(context.trace),
    }
    const { query, variables, operationName = null } = request
    const events = client.iterate({ query, variables, operationName, extensions: { headers } })
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
      leave()
    }
  }
}
