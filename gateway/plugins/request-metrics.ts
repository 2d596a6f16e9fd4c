// Prometheus figures of the gateway. Operation names come from clients, so only those of a bounded set become a label.
import type { ApolloServerPlugin } from '@apollo/server'
import { collectDefaultMetrics, Histogram, Registry } from 'prom-client'
import type { RequestContext } from '../request-context.ts'

export interface GatewayMetrics {
  registry: Registry
  observeOperation(name: string | null | undefined, outcome: 'ok' | 'error', durationMs: number): void
}

const MAX_OPERATION_NAMES = 200

export function createGatewayMetrics(): GatewayMetrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const duration = new Histogram({
    name: 'tributary_gateway_operation_duration_seconds',
    help: 'Time from a GraphQL request to its answer, by operation name and outcome.',
    labelNames: ['operation', 'outcome'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry],
  })
  const names = new Set<string>()
  return {
    registry,
    observeOperation(name, outcome, durationMs) {
      const known = name ?? 'anonymous'
      if (names.size < MAX_OPERATION_NAMES) names.add(known)
      duration.observe({ operation: names.has(known) ? known : 'other', outcome }, durationMs / 1000)
    },
  }
}

export function requestMetricsPlugin(metrics: GatewayMetrics): ApolloServerPlugin<RequestContext> {
  return {
    async requestDidStart() {
      const startedAt = performance.now()
      return {
        async willSendResponse({ operationName, errors }) {
          metrics.observeOperation(operationName, errors?.length ? 'error' : 'ok', performance.now() - startedAt)
        },
      }
    },
  }
}
