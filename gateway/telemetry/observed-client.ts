// A subgraph client whose every fetch has a span, figures and, where asked for, a timing. The fetch's own span is what the subgraph is told of.
import type { RequestContext } from '../request-context.ts'
import type { SubgraphAnswer } from '../subgraphs/send.ts'
import type { SubgraphClient } from '../subgraphs/subgraph-client.ts'
import {
  ATTR_GRAPHQL_OPERATION_NAME,
  ATTR_GRAPHQL_OPERATION_TYPE,
  ATTR_HTTP_RESPONSE_BODY_SIZE,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_SUBGRAPH,
} from './attributes.ts'
import { codeOf } from './error-code.ts'
import type { GatewayMetrics, SubgraphStanding } from './metrics.ts'
import { markFailed } from './operation-record.ts'
import { traceContextOf } from './span-context.ts'

/** A client that knows how it stands with its subgraphs is asked for that, too. */
export type ObservableClient = SubgraphClient & { states?: () => Iterable<SubgraphStanding> }

export function observeClient(client: ObservableClient, metrics: GatewayMetrics): SubgraphClient {
  if (client.states) metrics.watch(client.states)
  return {
    ...client,
    async request(subgraph, request, context) {
      const { record } = context
      const startedAtMs = performance.now()
      const sinceArrivalMs = record?.elapsedMs ?? 0
      const span = record?.beginFetch('subgraph fetch')
      let answer: SubgraphAnswer | null = null
      let codes: readonly string[] = []
      metrics.fetchBegan(subgraph)
      const fetchContext: RequestContext = {
        ...context,
        trace: span ? traceContextOf(span) : (context.trace ?? null),
        onSubgraphAnswer: (told) => {
          answer = told
        },
      }
      try {
        const response = await client.request(subgraph, request, fetchContext)
        codes = [...new Set(response.errors?.map(codeOf))]
        return response
      } catch (error) {
        codes = [codeOf(error)]
        throw error
      } finally {
        const durationMs = performance.now() - startedAtMs
        const { status, sizeBytes } = (answer as SubgraphAnswer | null) ?? { status: null, sizeBytes: null }
        metrics.fetchEnded({ subgraph, code: codes[0] ?? null, durationMs, sizeBytes })
        record?.fetched({
          subgraph,
          startedAtMs: sinceArrivalMs,
          durationMs,
          status,
          responseBytes: sizeBytes,
          errorCodes: codes,
        })
        if (span) {
          span.setAttribute(ATTR_SUBGRAPH, subgraph)
          span.setAttribute(ATTR_GRAPHQL_OPERATION_TYPE, request.operation.kind)
          if (request.operation.operationName)
            span.setAttribute(ATTR_GRAPHQL_OPERATION_NAME, request.operation.operationName)
          if (status !== null) span.setAttribute(ATTR_HTTP_RESPONSE_STATUS_CODE, status)
          if (sizeBytes !== null) span.setAttribute(ATTR_HTTP_RESPONSE_BODY_SIZE, sizeBytes)
          if (codes.length > 0) markFailed(span, codes)
          span.end()
        }
      }
    },
  }
}
