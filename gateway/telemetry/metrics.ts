// Prometheus figures of the gateway; docs/gateway.md lists them. Labels from outside are bounded: operation names, subgraphs and error codes.
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry, type GaugeConfiguration } from 'prom-client'
import { createBoundedNames } from './bounded-names.ts'

export interface GatewayMetrics {
  registry: Registry
  operationBegan(): void
  operationEnded(ended: EndedOperation): void
  /** Of one that ran. */
  operationCost(name: string | null, cost: { estimated: number; actual: number | null }): void
  /** One look-up in the cache of documents or of plans. */
  cacheAsked(cache: 'document' | 'plan', isHit: boolean): void
  /** Of a plan that was made, or failed to be. */
  planned(durationMs: number): void
  fetchBegan(subgraph: string): void
  fetchEnded(ended: EndedFetch): void
  /** Whom to ask how it stands with subgraphs when figures are read. */
  watch(states: () => Iterable<SubgraphStanding>): void
}

export interface EndedOperation {
  /** Null where none was given, or none was found out. */
  name: string | null
  type: string | null
  codes: readonly string[]
  durationMs: number
  /** What was sent to the client over HTTP, in bytes; null over WebSocket, and where it left before. */
  sizeBytes: number | null
}

export interface EndedFetch {
  subgraph: string
  /** Of the first error; null: there was none. */
  code: string | null
  durationMs: number
  /** Null where no answer came. */
  sizeBytes: number | null
}

/** How it stands with a subgraph just now. */
export interface SubgraphStanding {
  subgraph: string
  circuit: 'closed' | 'open' | 'half-open'
  /** Fetches that wait for their turn. */
  waiting: number
}

const CIRCUIT_STATES = ['closed', 'open', 'half-open'] as const

/** An operation without a name, or whose name was not found out. */
const ANONYMOUS = 'anonymous'
const MAX_OPERATION_NAMES = 200
const MAX_SUBGRAPHS = 200
const MAX_CODES = 100
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const PLANNING_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]
const COSTS = [1, 5, 10, 50, 100, 500, 1000, 5000, 10_000, 50_000, 100_000]
const BYTES = [256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216]

export function createGatewayMetrics(): GatewayMetrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const operationDuration = new Histogram({
    name: 'tributary_gateway_operation_duration_seconds',
    help: 'Time from a GraphQL request to the end of its answer, by operation name, type and outcome (ok or error).',
    labelNames: ['operation', 'type', 'outcome'],
    buckets: SECONDS,
    registers,
  })
  const operationsInFlight = new Gauge({
    name: 'tributary_gateway_operations_in_flight',
    help: 'Operations that are being answered, open subscriptions among them.',
    registers,
  })
  const operationErrors = new Counter({
    name: 'tributary_gateway_operation_errors_total',
    help: 'Operations that had an error with this code; an operation counts once for each of its codes.',
    labelNames: ['code'],
    registers,
  })
  const estimatedCost = new Histogram({
    name: 'tributary_gateway_operation_estimated_cost',
    help: 'What an operation was estimated to cost before it ran, by operation name; of subscriptions, one event.',
    labelNames: ['operation'],
    buckets: COSTS,
    registers,
  })
  const actualCost = new Histogram({
    name: 'tributary_gateway_operation_actual_cost',
    help: 'What the answer of a query or mutation did cost, by operation name, for the part of them that is counted.',
    labelNames: ['operation'],
    buckets: COSTS,
    registers,
  })
  const responseSize = new Histogram({
    name: 'tributary_gateway_response_size_bytes',
    help: 'Bytes of an answer over HTTP as they were sent, with its headers and compressed where it is.',
    buckets: BYTES,
    registers,
  })
  const cacheLookups = new Counter({
    name: 'tributary_gateway_cache_lookups_total',
    help: 'Look-ups of operations in the cache of documents (parsed and validated) and of plans, by result (hit or miss).',
    labelNames: ['cache', 'result'],
    registers,
  })
  const planningDuration = new Histogram({
    name: 'tributary_gateway_planning_duration_seconds',
    help: 'Time to make the plan of an operation that had none.',
    buckets: PLANNING_SECONDS,
    registers,
  })
  const fetchDuration = new Histogram({
    name: 'tributary_gateway_subgraph_fetch_duration_seconds',
    help: 'Time of a fetch from a subgraph, by outcome (ok or error) and code of the first error.',
    labelNames: ['subgraph', 'outcome', 'code'],
    buckets: SECONDS,
    registers,
  })
  const fetchSize = new Histogram({
    name: 'tributary_gateway_subgraph_response_size_bytes',
    help: 'Bytes of an answer of a subgraph.',
    labelNames: ['subgraph'],
    buckets: BYTES,
    registers,
  })
  /** Read from elsewhere whenever figures are asked for. */
  const gaugeOf = (configuration: GaugeConfiguration<'subgraph' | 'state'>) =>
    registry.registerMetric(new Gauge({ ...configuration, registers: [] }))
  const fetchesInFlight = new Map<string, number>()
  const countFetch = (subgraph: string, by: 1 | -1) =>
    void fetchesInFlight.set(subgraph, (fetchesInFlight.get(subgraph) ?? 0) + by)
  gaugeOf({
    name: 'tributary_gateway_subgraph_fetches_in_flight',
    help: 'Fetches from a subgraph that are under way or wait for their turn.',
    labelNames: ['subgraph'],
    collect() {
      for (const [subgraph, count] of fetchesInFlight) this.set({ subgraph }, count)
    },
  })
  let states: () => Iterable<SubgraphStanding> = () => []
  gaugeOf({
    name: 'tributary_gateway_subgraph_circuit_state',
    help: 'Whether the circuit of a subgraph is closed (fetches are made), open (none is) or half-open (one tries): 1 for the state it is in.',
    labelNames: ['subgraph', 'state'],
    collect() {
      for (const { subgraph, circuit } of states())
        for (const state of CIRCUIT_STATES)
          this.set({ subgraph: subgraphOf(subgraph), state }, Number(state === circuit))
    },
  })
  gaugeOf({
    name: 'tributary_gateway_subgraph_fetches_waiting',
    help: 'Fetches from a subgraph that wait for their turn.',
    labelNames: ['subgraph'],
    collect() {
      for (const standing of states()) this.set({ subgraph: subgraphOf(standing.subgraph) }, standing.waiting)
    },
  })
  const operationOf = createBoundedNames(MAX_OPERATION_NAMES)
  const subgraphOf = createBoundedNames(MAX_SUBGRAPHS)
  const codeOf = createBoundedNames(MAX_CODES)

  return {
    registry,
    watch(asked) {
      states = asked
    },
    operationBegan: () => operationsInFlight.inc(),
    operationEnded({ name, type, codes, durationMs, sizeBytes }) {
      operationsInFlight.dec()
      operationDuration.observe(
        {
          operation: operationOf(name ?? ANONYMOUS),
          type: type ?? 'unknown',
          outcome: codes.length > 0 ? 'error' : 'ok',
        },
        durationMs / 1000,
      )
      for (const code of codes) operationErrors.inc({ code: codeOf(code) })
      if (sizeBytes !== null) responseSize.observe(sizeBytes)
    },
    operationCost(name, { estimated, actual }) {
      const labels = { operation: operationOf(name ?? ANONYMOUS) }
      estimatedCost.observe(labels, estimated)
      if (actual !== null) actualCost.observe(labels, actual)
    },
    cacheAsked: (cache, isHit) => cacheLookups.inc({ cache, result: isHit ? 'hit' : 'miss' }),
    planned: (durationMs) => planningDuration.observe(durationMs / 1000),
    fetchBegan: (subgraph) => countFetch(subgraphOf(subgraph), 1),
    fetchEnded(ended) {
      const subgraph = subgraphOf(ended.subgraph)
      countFetch(subgraph, -1)
      fetchDuration.observe(
        {
          subgraph,
          outcome: ended.code === null ? 'ok' : 'error',
          code: ended.code === null ? '' : codeOf(ended.code),
        },
        ended.durationMs / 1000,
      )
      if (ended.sizeBytes !== null) fetchSize.observe({ subgraph }, ended.sizeBytes)
    },
  }
}
