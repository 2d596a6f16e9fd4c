// Everything the gateway tells about itself: traces, figures, a line for each operation, reports to Apollo Studio. The rest of the gateway takes
// its parts from here, and tells what it learns to the record in its RequestContext.
import type { ApolloServerPlugin } from '@apollo/server'
import type { Logger } from 'pino'
import type { CostObserver, OnCost } from '../plugins/operations.ts'
import type { RequestContext } from '../request-context.ts'
import type { SubgraphClient } from '../subgraphs/subgraph-client.ts'
import { telemetryPlugin } from './apollo-plugin.ts'
import { createGatewayMetrics, type GatewayMetrics } from './metrics.ts'
import { observeClient, type ObservableClient } from './observed-client.ts'
import { observeCosts } from './observed-costs.ts'
import { OperationRecord, type OperationRecordOptions } from './operation-record.ts'
import { createRequestLog } from './request-log.ts'
import type { TelemetrySettings } from './settings.ts'
import { studioPlugins } from './studio.ts'
import { openTracing } from './tracing.ts'

export interface GatewayTelemetry {
  metrics: GatewayMetrics
  /** For Apollo Server; the first of its plugins, so that whatever others refuse is told too. */
  plugins: ApolloServerPlugin<RequestContext>[]
  /** For Apollo Server's own option: whose graph it reports on. Empty where nothing is reported. */
  apollo: { key?: string; graphRef?: string }
  begin(options: Pick<OperationRecordOptions, 'requestId' | 'transport' | 'headers'>): OperationRecord
  observeClient(client: ObservableClient): SubgraphClient
  /** `onCost`: told of costs too. */
  observeCosts(onCost?: OnCost): CostObserver
  /** Sends what is left, within seconds. */
  close(): Promise<void>
}

export async function openTelemetry(settings: TelemetrySettings, logger: Logger): Promise<GatewayTelemetry> {
  const metrics = createGatewayMetrics()
  const tracing = await openTracing(settings.tracing, logger)
  const log = createRequestLog({ logger, percent: settings.requestLogPercent })
  return {
    metrics,
    plugins: [telemetryPlugin(), ...studioPlugins(settings.studio, logger)],
    apollo: settings.studio ? { key: settings.studio.apiKey, graphRef: settings.studio.graphRef } : {},
    begin: (options) => new OperationRecord({ ...options, tracer: tracing.tracer, metrics, log }),
    observeClient: (client) => observeClient(client, metrics),
    observeCosts: (onCost) => observeCosts({ metrics, percent: settings.actualCostPercent, onCost }),
    close: () => tracing.close(),
  }
}
