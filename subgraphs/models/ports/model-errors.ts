// The errors every model adapter may throw, whatever its provider calls them. Use cases decide by `code` and `isRetryable` alone.
import { isCancellation, TributaryError } from '#shared/errors.ts'

/** No host serves a model of this name, or the model cannot do what was asked of it. `remedy` tells the reader what to do. */
export function modelNotAvailable(
  modelName: string,
  remedy: string,
  options: { cause?: unknown; isRetryable?: boolean } = {},
): TributaryError {
  return new TributaryError('MODEL_NOT_AVAILABLE', `The model "${modelName}" is not available. ${remedy}`, options)
}

export interface ContextTooLongDetails {
  modelName: string
  /** Tokens of the refused input; null when the provider does not count them. */
  promptTokens: number | null
  /** Tokens the model takes; null when the provider does not say. */
  contextLength: number | null
  cause?: unknown
}

/** The input does not fit into the model's context. Always thrown before the first delta. */
export function contextTooLong({
  modelName,
  promptTokens,
  contextLength,
  cause,
}: ContextTooLongDetails): TributaryError {
  const input = promptTokens === null ? 'The input is longer' : `The input has ${promptTokens} tokens, which is more`
  const limit = contextLength === null ? '' : ` (${contextLength} tokens)`
  return new TributaryError(
    'CONTEXT_TOO_LONG',
    `${input} than the context of "${modelName}"${limit}. Shorten it, or use a model with a longer context.`,
    { cause },
  )
}

/** The provider is up but takes no more work now; the same call may succeed later. */
export function providerBusy(hostName: string, cause?: unknown): TributaryError {
  return new TributaryError('CAPACITY_EXCEEDED', `The model host "${hostName}" is busy. Try again in a moment.`, {
    cause,
  })
}

/** No connection, a connection that broke, or an answer that nobody understands. */
export function providerUnreachable(hostName: string, cause?: unknown): TributaryError {
  return new TributaryError(
    'UPSTREAM_UNAVAILABLE',
    `The model host "${hostName}" cannot be reached. Check that it runs and that its address is right.`,
    { cause },
  )
}

/** The provider did not answer, or fell silent in the middle of an answer. */
export function providerTimedOut(hostName: string, waitedMs: number, cause?: unknown): TributaryError {
  return new TributaryError('UPSTREAM_TIMED_OUT', `The model host "${hostName}" sent nothing for ${waitedMs} ms.`, {
    cause,
  })
}

/** The provider took the work and failed. */
export function modelFailed(
  modelName: string,
  reason: string,
  options: { cause?: unknown; isRetryable?: boolean } = {},
): TributaryError {
  return new TributaryError('MODEL_FAILED', `The model "${modelName}" failed: ${reason}`, options)
}

/** The caller stopped waiting. */
export function cancelled(cause?: unknown): TributaryError {
  return new TributaryError('CANCELLED', 'The request was cancelled.', { cause })
}

/** Throws CANCELLED once the caller has stopped waiting; a signal that carries an error of ours as its reason keeps it. */
export function throwIfCancelled(signal: AbortSignal): void {
  if (signal.aborted) throw cancellationOf(signal)
}

/** The error a cancelled call ends with. */
export function cancellationOf(signal: AbortSignal): TributaryError {
  const reason: unknown = signal.reason
  return reason instanceof TributaryError && !isCancellation(reason) ? reason : cancelled(reason)
}
