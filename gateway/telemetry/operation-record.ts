// What becomes known of one operation from its arrival to its end: its span with those below it, its figures and its line in the log are made of
// this, and nowhere else. It is handed along in the RequestContext; whoever learns something tells it.
import type { PlanNode, SubscriptionNode } from '@apollo/query-planner'
import { SpanKind, SpanStatusCode, trace, type Context, type Span, type Tracer } from '@opentelemetry/api'
import type { DocumentNode, OperationDefinitionNode } from 'graphql'
import type { IncomingHttpHeaders } from 'node:http'
import type { TraceContext } from '../subgraphs/trace-context.ts'
import {
  ATTR_ERROR_CODES,
  ATTR_ERROR_TYPE,
  ATTR_GRAPHQL_DOCUMENT,
  ATTR_GRAPHQL_OPERATION_NAME,
  ATTR_GRAPHQL_OPERATION_TYPE,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_REQUEST_ID,
} from './attributes.ts'
import { codeOf } from './error-code.ts'
import { maskedDocument } from './masked-document.ts'
import type { GatewayMetrics } from './metrics.ts'
import { PLAN_HEADER } from './plan-extension.ts'
import type { LogRequest } from './request-log.ts'
import { continueTrace, traceContextOf } from './span-context.ts'

export type Phase = 'parse' | 'validate' | 'plan'

/** One fetch, for whoever asked for the plan. */
export interface FetchTiming {
  subgraph: string
  /** Since the operation arrived, in milliseconds. */
  startedAtMs: number
  durationMs: number
  /** Null where no answer came. */
  status: number | null
  responseBytes: number | null
  errorCodes: readonly string[]
}

/** How results go to the client: `sse` and `multipart` are streams over HTTP. */
export type Transport = 'http' | 'websocket' | 'sse' | 'multipart'

export interface OperationRecordOptions {
  requestId: string
  transport: Transport
  /** As they came, names in lower case. */
  headers: IncomingHttpHeaders
  tracer: Tracer
  metrics: GatewayMetrics
  log: LogRequest
}

export interface OperationEnd {
  /** Of the HTTP response; null where there was none. */
  status: number | null
  /** What was sent, headers included; null where there was nothing. */
  sizeBytes: number | null
}

const NO_RESPONSE: OperationEnd = { status: null, sizeBytes: null }
/** An operation with more codes has more than its share of a log line. */
const MAX_CODES = 20
/** A subscription may fetch for as long as it lives. */
const MAX_FETCH_SPANS = 1000

/** One object for all: without tracing there is nothing that differs between spans. */
const OPERATION_SPAN = { kind: SpanKind.SERVER }
const FETCH_SPAN = { kind: SpanKind.CLIENT }

export class OperationRecord {
  readonly span: Span
  /** Whether anybody gets the span: if not, nothing is written for it, and there are none below it. */
  readonly #isTraced: boolean
  /** What subgraphs are told of the trace outside of a fetch of its own. */
  readonly trace: TraceContext | null
  readonly fetchTimings: FetchTiming[] = []
  /** Those that were needed. */
  readonly phaseMs: Partial<Record<Phase, number>> = {}
  plan: PlanNode | SubscriptionNode | null = null
  isPlanCached: boolean | null = null
  #fetchCount = 0
  #isEnded = false
  #name: string | null = null
  #type: string | null = null
  readonly #codes = new Set<string>()
  readonly #startedAtMs = performance.now()
  readonly #options: OperationRecordOptions
  readonly #context: Context

  constructor(options: OperationRecordOptions) {
    this.#options = options
    const parent = continueTrace(options.headers)
    this.span = options.tracer.startSpan('GraphQL Operation', OPERATION_SPAN, parent)
    this.#isTraced = this.span.isRecording()
    if (this.#isTraced) this.span.setAttribute(ATTR_REQUEST_ID, options.requestId)
    this.#context = this.#isTraced ? trace.setSpan(parent, this.span) : parent
    this.trace = traceContextOf(this.span)
    options.metrics.operationBegan()
  }

  /** Whether its client asks for plan and timings; who may have them is another question. */
  get isPlanWanted(): boolean {
    return this.#options.headers[PLAN_HEADER] === 'true'
  }

  get elapsedMs(): number {
    return performance.now() - this.#startedAtMs
  }

  /** Which operation it is, once that is found out. */
  identify(document: DocumentNode, operation: OperationDefinitionNode): void {
    this.#name = operation.name?.value ?? null
    this.#type = operation.operation
    if (!this.#isTraced) return
    this.span.updateName(operation.operation)
    this.span.setAttribute(ATTR_GRAPHQL_OPERATION_TYPE, operation.operation)
    if (this.#name !== null) this.span.setAttribute(ATTR_GRAPHQL_OPERATION_NAME, this.#name)
    const text = maskedDocument(document)
    if (text !== null) this.span.setAttribute(ATTR_GRAPHQL_DOCUMENT, text)
  }

  /** A step of the gateway itself. To be called with what went wrong, if something did, at its end. */
  begin(phase: Phase): (error?: unknown) => void {
    const startedAtMs = performance.now()
    const span = this.#isTraced ? this.#options.tracer.startSpan(`graphql.${phase}`, {}, this.#context) : null
    return (error) => {
      const durationMs = performance.now() - startedAtMs
      this.phaseMs[phase] = durationMs
      if (phase === 'plan') this.#options.metrics.planned(durationMs)
      if (span && error !== undefined) markFailed(span, [codeOf(error)])
      span?.end()
    }
  }

  documentAsked(isCached: boolean): void {
    this.#options.metrics.cacheAsked('document', isCached)
  }

  planAsked(isCached: boolean): void {
    this.isPlanCached = isCached
    this.#options.metrics.cacheAsked('plan', isCached)
  }

  /** A span for a fetch from a subgraph, or for a subscription of one; null where nobody gets it. */
  beginFetch(name: string): Span | null {
    this.#fetchCount += 1
    return this.#isTraced && this.#fetchCount <= MAX_FETCH_SPANS
      ? this.#options.tracer.startSpan(name, FETCH_SPAN, this.#context)
      : null
  }

  fetched(timing: FetchTiming): void {
    if (this.isPlanWanted && this.fetchTimings.length < MAX_FETCH_SPANS) this.fetchTimings.push(timing)
  }

  fail(error: unknown): void {
    if (this.#codes.size < MAX_CODES) this.#codes.add(codeOf(error))
  }

  /** The first end counts. */
  end({ status, sizeBytes }: OperationEnd = NO_RESPONSE): void {
    if (this.#isEnded) return
    this.#isEnded = true
    const { metrics, log, requestId, transport, headers } = this.#options
    const durationMs = this.elapsedMs
    const codes = [...this.#codes]
    if (this.#isTraced) {
      if (status !== null) this.span.setAttribute(ATTR_HTTP_RESPONSE_STATUS_CODE, status)
      if (codes.length > 0) {
        markFailed(this.span, codes)
        this.span.setAttribute(ATTR_ERROR_CODES, codes)
      }
      this.span.end()
    }
    metrics.operationEnded({ name: this.#name, type: this.#type, codes, durationMs, sizeBytes })
    log({
      requestId,
      traceId: this.#isTraced ? this.span.spanContext().traceId : undefined,
      transport,
      operationName: this.#name,
      operationType: this.#type,
      durationMs: Math.round(durationMs * 100) / 100,
      status,
      errorCodes: codes,
      fetchCount: this.#fetchCount,
      clientName: shortText(headers['apollographql-client-name']),
      clientVersion: shortText(headers['apollographql-client-version']),
    })
  }
}

export function markFailed(span: Span, codes: readonly string[]): void {
  span.setStatus({ code: SpanStatusCode.ERROR, message: codes.join(', ') })
  span.setAttribute(ATTR_ERROR_TYPE, codes[0]!)
}

/** What a client says of itself may be anything: at most a hundred characters of one line. */
function shortText(value: string | string[] | undefined): string | null {
  return typeof value === 'string' ? value.replaceAll(/\p{Cc}/gu, ' ').slice(0, 100) : null
}
