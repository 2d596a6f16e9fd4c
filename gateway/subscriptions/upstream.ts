// One upstream subscription over graphql-ws, at the subgraph's own URL with ws(s)://. It ends with the subgraph's error, with
// UPSTREAM_UNAVAILABLE when the socket is lost, or when the consumer returns.
//
// Sockets are shared (upstream-sockets.ts): what concerns one subscription only, above all who asks, is in the `headers` of its `extensions`. They are
// read whatever becomes of what is read: events wait for a slow consumer within bounds (waiting-events.ts), merged where that loses nothing.
import { TributaryError } from '#shared/errors.ts'
import { IDENTITY_HEADER, type IdentitySigner } from '../../contracts/identity.ts'
import { headersOf, type SubgraphHeaders } from '../subgraphs/apply-header-rules.ts'
import { NO_HEADER_RULES, type HeaderRules } from '../subgraphs/header-rules.ts'
import type { ErrorMask } from '../subgraphs/mask-errors.ts'
import type { SubgraphResponse } from '../subgraphs/subgraph-client.ts'
import type { RequestContext } from '../request-context.ts'
import { traceHeadersOf } from '../subgraphs/trace-context.ts'
import type { UpstreamSockets } from './upstream-sockets.ts'
import { createWaitingEvents, type MergeEvents } from './waiting-events.ts'

export interface UpstreamSubscription {
  query: string
  operationName: string | undefined
  variables: Record<string, unknown>
  /** For a consumer that stays behind. Default: all events stay as they are. */
  merge?: MergeEvents<SubgraphResponse>
}

export type SubscribeUpstream = (
  subgraph: string,
  request: UpstreamSubscription,
  context: RequestContext,
) => AsyncGenerator<SubgraphResponse>

/** A few hundred tokens of a model. */
const MERGE_FROM_BYTES = 64 * 1024

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
  /** Longest total of the events of one subscription that wait for its consumer, in bytes. */
  waitingBytesMax: number
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
      ...(context.lastEventId === null ? {} : { 'last-event-id': context.lastEventId }),
      ...traceHeadersOf(context.trace),
    }
    const { query, variables, operationName = null, merge = () => null } = request
    const waiting = createWaitingEvents<SubgraphResponse>({
      merge,
      mergeFromBytes: MERGE_FROM_BYTES,
      sizeOf: (event) => JSON.stringify(event).length,
      bytesMax: options.waitingBytesMax,
      onFull() {
        unsubscribe()
        return clientTooSlow(options.waitingBytesMax)
      },
    })
    const unsubscribe = client.subscribe(
      { query, variables, operationName, extensions: { headers } },
      { next: (event) => waiting.push(event), error: waiting.fail, complete: waiting.end },
    )
    const stop = () => {
      unsubscribe()
      waiting.end()
    }
    context.signal.addEventListener('abort', stop)
    try {
      for (;;) {
        const { done, value: event } = await waiting.next()
        if (done || context.signal.aborted) return
        yield event.errors ? { ...event, errors: options.maskErrors(event.errors, source) } : event
      }
    } catch (cause) {
      if (context.signal.aborted) return
      if (cause instanceof TributaryError) throw cause
      if (Array.isArray(cause))
        throw new UpstreamErrors(options.maskErrors(cause as NonNullable<SubgraphResponse['errors']>, source))
      throw new TributaryError(
        'UPSTREAM_UNAVAILABLE',
        `The subgraph "${subgraph}" ended the stream. Subscribe again with the last cursor as "after".`,
        { cause },
      )
    } finally {
      context.signal.removeEventListener('abort', stop)
      stop()
      leave()
    }
  }
}

const clientTooSlow = (bytesMax: number) =>
  new TributaryError(
    'CLIENT_TOO_SLOW',
    `More than ${String(bytesMax)} bytes of events waited for this client to read. Subscribe again with the last cursor as "after".`,
  )
