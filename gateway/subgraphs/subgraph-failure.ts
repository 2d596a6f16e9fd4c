// What can go wrong between the gateway and a subgraph, as coded errors that also say whose fault it was and whether asking again may help.
import { TributaryError, type ErrorCode } from '#shared/errors.ts'
import type { SubgraphAnswer } from './send.ts'

export interface SubgraphFailureOptions {
  cause?: unknown
  isRetryable?: boolean
  /** Whether it says that the subgraph is not well: then it counts for the circuit breaker. */
  isOfSubgraph?: boolean
  /** When the gateway may send a query again: at once, later, or not at all. Default: not at all. */
  again?: 'at once' | 'later' | 'never'
  /** What the subgraph's `retry-after` asks for, in milliseconds. */
  retryAfterMs?: number | undefined
  /** What came all the same, where something did. */
  answer?: SubgraphAnswer
}

export class SubgraphFailure extends TributaryError {
  readonly isOfSubgraph: boolean
  readonly again: 'at once' | 'later' | 'never'
  readonly retryAfterMs: number | undefined
  readonly answer: SubgraphAnswer | undefined

  constructor(code: ErrorCode, message: string, options: SubgraphFailureOptions = {}) {
    super(code, message, options)
    this.isOfSubgraph = options.isOfSubgraph ?? false
    this.again = options.again ?? 'never'
    this.retryAfterMs = options.retryAfterMs
    this.answer = options.answer
  }
}

export const clientLeft = (cause?: unknown) =>
  new SubgraphFailure('CANCELLED', 'The client left before the answer was ready.', { cause })

/** `timeoutMs`: how long this subgraph may take. */
export const subgraphTimedOut = (subgraph: string, timeoutMs: number, cause?: unknown) =>
  new SubgraphFailure(
    'UPSTREAM_TIMED_OUT',
    `The subgraph "${subgraph}" did not answer within ${timeoutMs} ms (TRIBUTARY_GATEWAY_SUBGRAPH_TIMEOUT_MS).`,
    { cause, isOfSubgraph: true },
  )

/** The time of the whole operation ended; nobody's fault in particular. */
export const requestTimedOut = (subgraph: string) =>
  new SubgraphFailure(
    'UPSTREAM_TIMED_OUT',
    `The time for this request was over before the subgraph "${subgraph}" had answered (TRIBUTARY_GATEWAY_REQUEST_TIMEOUT_MS, or less where the caller asked for less).`,
  )

export const queueFull = (subgraph: string, limit: number) =>
  new SubgraphFailure(
    'CAPACITY_EXCEEDED',
    `${limit} fetches wait for the subgraph "${subgraph}" already (TRIBUTARY_GATEWAY_SUBGRAPH_QUEUE). Try again in a moment.`,
  )

export const answerTooLarge = (subgraph: string, limitBytes: number) =>
  new SubgraphFailure(
    'CAPACITY_EXCEEDED',
    `The subgraph "${subgraph}" answered with more than ${limitBytes / 1_000_000} MB (TRIBUTARY_GATEWAY_RESPONSE_LIMIT_MB). Ask for less at once.`,
    { isRetryable: false },
  )

export const notAskedForNow = (subgraph: string, againInMs: number) =>
  new SubgraphFailure(
    'UPSTREAM_UNAVAILABLE',
    `The subgraph "${subgraph}" failed too often and is not asked for now. It is tried again in ${Math.max(1, Math.ceil(againInMs / 1000))} s.`,
  )

const notReached = (subgraph: string, options: SubgraphFailureOptions) =>
  new SubgraphFailure('UPSTREAM_UNAVAILABLE', `The subgraph "${subgraph}" cannot be reached.`, {
    isOfSubgraph: true,
    ...options,
  })

/** An HTTP status in place of a GraphQL answer. */
export function badStatus(
  subgraph: string,
  { status, sizeBytes }: SubgraphAnswer,
  retryAfter: string | undefined,
): SubgraphFailure {
  return new SubgraphFailure(
    status === 504 ? 'UPSTREAM_TIMED_OUT' : 'UPSTREAM_UNAVAILABLE',
    `The subgraph "${subgraph}" answered with the status ${status} and no GraphQL.`,
    {
      isOfSubgraph: status >= 500,
      isRetryable: status >= 500 || status === 429,
      again: isTemporary(status) ? 'later' : 'never',
      retryAfterMs: retryAfterMsOf(retryAfter),
      answer: { status, sizeBytes },
    },
  )
}

export const isTemporary = (status: number): boolean => status === 502 || status === 503 || status === 504

/** Seconds or a date (RFC 9110, 10.2.3); undefined where it is neither. */
export function retryAfterMsOf(header: string | undefined): number | undefined {
  if (header === undefined) return undefined
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000
  const at = Date.parse(header)
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now())
}

interface TransportError {
  code?: string
  socket?: { bytesRead?: number } | null
}

/** How undici or a socket failed. `timeoutMs`: how long this subgraph may take. */
export function transportFailure(
  cause: unknown,
  subgraph: string,
  { hasAnswerBegun, timeoutMs }: { hasAnswerBegun: boolean; timeoutMs: number },
): SubgraphFailure {
  if (cause instanceof SubgraphFailure) return cause
  const { code, socket } = cause as TransportError
  switch (code) {
    case 'UND_ERR_HEADERS_TIMEOUT':
    case 'UND_ERR_BODY_TIMEOUT':
      return subgraphTimedOut(subgraph, timeoutMs, cause)
    // A connection that was kept open and that the subgraph closed just when it was used again.
    case 'UND_ERR_SOCKET':
    case 'ECONNRESET':
    case 'EPIPE':
    case 'ERR_HTTP2_STREAM_CANCEL':
    case 'ERR_HTTP2_GOAWAY_SESSION': {
      const wasUsedBefore = socket?.bytesRead === undefined || socket.bytesRead > 0
      return notReached(subgraph, { cause, again: !hasAnswerBegun && wasUsedBefore ? 'at once' : 'never' })
    }
    // Of the gateway's making: a header that cannot be sent, or a pool that is closed.
    case 'UND_ERR_INVALID_ARG':
    case 'UND_ERR_CLOSED':
    case 'UND_ERR_DESTROYED':
      return notReached(subgraph, { cause, isOfSubgraph: false })
    case undefined:
    default:
      return notReached(subgraph, { cause })
  }
}
