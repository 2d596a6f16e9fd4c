// The one base error and the one catalogue of codes. Every code is explained, with its remedy, in docs/errors.md; a test
// compares the two in both directions.

/** What each code means for the caller: whether the same call may succeed later, and the HTTP status it maps to. */
export const ERROR_CATALOGUE = {
  UNAUTHENTICATED: { isRetryable: false, httpStatus: 401 },
  FORBIDDEN: { isRetryable: false, httpStatus: 403 },
  BAD_USER_INPUT: { isRetryable: false, httpStatus: 400 },
  NOT_FOUND: { isRetryable: false, httpStatus: 404 },
  CURSOR_INVALID: { isRetryable: false, httpStatus: 400 },
  EVENTS_GONE: { isRetryable: false, httpStatus: 410 },
  CONFIGURATION_INVALID: { isRetryable: false, httpStatus: 500 },
  INTERNAL_SERVER_ERROR: { isRetryable: false, httpStatus: 500 },
  UPSTREAM_UNAVAILABLE: { isRetryable: true, httpStatus: 503 },
  UPSTREAM_TIMED_OUT: { isRetryable: true, httpStatus: 504 },
  CANCELLED: { isRetryable: false, httpStatus: 499 },
  BODY_TOO_LARGE: { isRetryable: false, httpStatus: 413 },
  BATCH_LIMIT_EXCEEDED: { isRetryable: false, httpStatus: 400 },
  TOKEN_LIMIT_EXCEEDED: { isRetryable: false, httpStatus: 400 },
  DEPTH_LIMIT_EXCEEDED: { isRetryable: false, httpStatus: 400 },
  ALIAS_LIMIT_EXCEEDED: { isRetryable: false, httpStatus: 400 },
  ROOT_FIELD_LIMIT_EXCEEDED: { isRetryable: false, httpStatus: 400 },
  DIRECTIVE_LIMIT_EXCEEDED: { isRetryable: false, httpStatus: 400 },
  COST_LIMIT_EXCEEDED: { isRetryable: false, httpStatus: 400 },
  PLANNING_LIMIT_EXCEEDED: { isRetryable: false, httpStatus: 400 },
  DOCUMENT_NOT_TRUSTED: { isRetryable: false, httpStatus: 403 },
  CAPACITY_EXCEEDED: { isRetryable: true, httpStatus: 503 },
  CLIENT_TOO_SLOW: { isRetryable: true, httpStatus: 503 },
  SHUTTING_DOWN: { isRetryable: true, httpStatus: 503 },
  PROCESS_DIED: { isRetryable: true, httpStatus: 503 },
  DATA_DIRECTORY_LOCKED: { isRetryable: true, httpStatus: 500 },
  DATA_DIRECTORY_NEWER: { isRetryable: false, httpStatus: 500 },
  DATA_DIRECTORY_READ_ONLY: { isRetryable: false, httpStatus: 500 },
  PORT_IN_USE: { isRetryable: false, httpStatus: 500 },
  MODEL_NOT_AVAILABLE: { isRetryable: true, httpStatus: 503 },
  MODEL_FAILED: { isRetryable: true, httpStatus: 502 },
  CONTEXT_TOO_LONG: { isRetryable: false, httpStatus: 400 },
  EMPTY_FILE: { isRetryable: false, httpStatus: 400 },
  UNSUPPORTED_MEDIA_TYPE: { isRetryable: false, httpStatus: 415 },
  MEDIA_TYPE_MISMATCH: { isRetryable: false, httpStatus: 400 },
  ENCODING_INVALID: { isRetryable: false, httpStatus: 400 },
  DOCUMENT_DAMAGED: { isRetryable: false, httpStatus: 400 },
  DOCUMENT_PASSWORD_PROTECTED: { isRetryable: false, httpStatus: 400 },
  DOCUMENT_WITHOUT_TEXT: { isRetryable: false, httpStatus: 400 },
  EXTRACTION_TIMED_OUT: { isRetryable: true, httpStatus: 500 },
  EXTRACTION_OUT_OF_MEMORY: { isRetryable: false, httpStatus: 500 },
  EXTRACTION_FAILED: { isRetryable: true, httpStatus: 500 },
  UPLOAD_TOO_LARGE: { isRetryable: false, httpStatus: 413 },
  UPLOAD_INCOMPLETE: { isRetryable: true, httpStatus: 422 },
  UPLOAD_ALREADY_RECEIVED: { isRetryable: false, httpStatus: 409 },
  QUALITY_CHECK_FAILED: { isRetryable: true, httpStatus: 500 },
  WORKSPACE_BUSY: { isRetryable: true, httpStatus: 409 },
  ARCHIVE_DAMAGED: { isRetryable: false, httpStatus: 400 },
  ARCHIVE_NEWER: { isRetryable: false, httpStatus: 400 },
  ARCHIVE_UNUSABLE: { isRetryable: false, httpStatus: 409 },
  IMPORT_CONFLICT: { isRetryable: false, httpStatus: 409 },
} as const

export type ErrorCode = keyof typeof ERROR_CATALOGUE

export interface TributaryErrorOptions {
  /** The underlying error, kept for logs; never shown to clients. */
  cause?: unknown
  /** Overrides the catalogue's default for this occurrence. */
  isRetryable?: boolean
  /** Path of the offending input field, for errors about the caller's data. */
  path?: readonly string[]
  /** Where a stream can be gone on with, for an error that ends one. */
  cursor?: string
}

/** The base of every error the platform throws on purpose. Its message is safe to show to the caller. */
export class TributaryError extends Error {
  readonly code: ErrorCode
  readonly isRetryable: boolean
  /** Not `path`: graphql-js takes an error with a `path` for one that it has located already. */
  readonly argumentPath: readonly string[] | undefined
  readonly cursor: string | undefined

  constructor(code: ErrorCode, message: string, options: TributaryErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'TributaryError'
    this.code = code
    this.isRetryable = options.isRetryable ?? ERROR_CATALOGUE[code].isRetryable
    this.argumentPath = options.path
    this.cursor = options.cursor
  }
}

/** Whether an error (or the reason of an aborted signal) says that the caller stopped waiting. */
export function isCancellation(error: unknown): boolean {
  if (error instanceof TributaryError) return error.code === 'CANCELLED'
  return error instanceof Error && (error.name === 'AbortError' || error.name === 'CancelledError')
}

const OF_A_STORE: ReadonlySet<ErrorCode> = new Set(['UPSTREAM_UNAVAILABLE', 'UPSTREAM_TIMED_OUT', 'CAPACITY_EXCEEDED'])

/** Whether a store is away, silent or full. Queued work waits until it is not: nothing that was tried meanwhile counts against the work. */
export function isTroubleOfStore(error: unknown): boolean {
  return error instanceof TributaryError && error.isRetryable && OF_A_STORE.has(error.code)
}

/** Closes a `switch` over a discriminated union: adding a member makes the call a type error. */
export function assertNever(value: never): never {
  throw new TributaryError('INTERNAL_SERVER_ERROR', `Unexpected value: ${JSON.stringify(value)}`)
}
