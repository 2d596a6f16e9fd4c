// What went wrong for the person at the terminal: one sentence that ends with what to do, and the exit status that scripts can tell it by.

/** Documented in the help of `tributary`; numbers never change their meaning. */
export const EXIT_STATUS = {
  success: 0,
  /** The platform answered with an error, or the work failed. */
  failed: 1,
  /** The command line was not understood. */
  usage: 2,
  /** Nothing answers at the endpoint. */
  unreachable: 3,
  /** No API key, or one that is not accepted or may not do this. */
  notAllowed: 4,
  /** `ask`: the documents do not hold an answer. */
  notInDocuments: 5,
  /** `ingest`: some of the files could not be ingested. */
  partlyFailed: 6,
  /** Ctrl-C. */
  interrupted: 130,
} as const

export type ExitStatus = (typeof EXIT_STATUS)[keyof typeof EXIT_STATUS]

/** The command line's own codes, beside those of the platform, with the exit status of each. docs/errors.md explains them. */
export const CLIENT_CODES = {
  USAGE: EXIT_STATUS.usage,
  BAD_URL: EXIT_STATUS.usage,
  FILE_NOT_FOUND: EXIT_STATUS.usage,
  NO_FILES: EXIT_STATUS.usage,
  KNOWLEDGE_BASE_NEEDED: EXIT_STATUS.usage,
  NO_API_KEY: EXIT_STATUS.notAllowed,
  UNREACHABLE: EXIT_STATUS.unreachable,
  NOT_THE_ENDPOINT: EXIT_STATUS.unreachable,
  STARTING: EXIT_STATUS.unreachable,
  TIMED_OUT: EXIT_STATUS.unreachable,
  CONNECTION_LOST: EXIT_STATUS.unreachable,
  NOT_UNDERSTOOD: EXIT_STATUS.failed,
  STREAM_ENDED: EXIT_STATUS.failed,
  NO_KNOWLEDGE_BASE: EXIT_STATUS.failed,
  SEARCH_FAILED: EXIT_STATUS.failed,
  FILE_UNREADABLE: EXIT_STATUS.failed,
  FILE_CHANGED: EXIT_STATUS.failed,
  UPLOAD_FAILED: EXIT_STATUS.failed,
  TOO_OFTEN: EXIT_STATUS.failed,
  UNEXPECTED: EXIT_STATUS.failed,
  /** Said by `bin/tributary.js`, before any of this can be loaded. */
  NOT_INSTALLED: EXIT_STATUS.failed,
  INTERRUPTED: EXIT_STATUS.interrupted,
} as const satisfies Record<string, ExitStatus>

export class ClientError extends Error {
  /** From the platform's catalogue of errors, or one of the command line's own. */
  readonly code: string
  readonly exitStatus: ExitStatus

  constructor(code: string, message: string, exitStatus: ExitStatus, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'ClientError'
    this.code = code
    this.exitStatus = exitStatus
  }
}

/** An error of the command line's own. */
export const clientError = (code: keyof typeof CLIENT_CODES, message: string, cause?: unknown): ClientError =>
  new ClientError(code, message, CLIENT_CODES[code], cause)

export interface GraphQLFailure {
  message: string
  extensions?: { code?: string }
}

/** The first of the errors that the endpoint answered with. */
export function failureOf(errors: readonly GraphQLFailure[]): ClientError {
  const [first] = errors
  const code = first?.extensions?.code ?? 'INTERNAL_SERVER_ERROR'
  if (code === 'UNAUTHENTICATED') return notAccepted()
  if (code === 'FORBIDDEN')
    return new ClientError(code, first?.message ?? 'This is not allowed.', EXIT_STATUS.notAllowed)
  return new ClientError(code, first?.message ?? 'The platform could not answer.', EXIT_STATUS.failed)
}

export function notAccepted(cause?: unknown): ClientError {
  return new ClientError(
    'UNAUTHENTICATED',
    'The API key is not accepted: it is missing, unknown, revoked or expired. Set TRIBUTARY_API_KEY to one that is valid; an administrator makes one with `npx tributary keys create NAME`.',
    EXIT_STATUS.notAllowed,
    cause,
  )
}

export function unreachable(url: string, cause?: unknown): ClientError {
  return clientError(
    'UNREACHABLE',
    `Nothing answers at ${url}. Start the platform with \`npm start\`, or set TRIBUTARY_URL to where it runs.`,
    cause,
  )
}

/** Somebody answered, but not to the end. */
export function connectionLost(url: string, cause?: unknown): ClientError {
  return clientError(
    'CONNECTION_LOST',
    `The connection to ${url} was lost before all was said. See with \`npx tributary status\` whether the platform still runs, then run the command again.`,
    cause,
  )
}

export interface UserErrorPayload {
  userErrors: readonly { code: string; message: string; path?: readonly string[] | null }[]
}

/** Throws what a mutation says was wrong with its input. */
export function throwUserErrors(payload: UserErrorPayload): void {
  const [first] = payload.userErrors
  if (first) throw new ClientError(first.code, first.message, EXIT_STATUS.failed)
}

export const interrupted = (cause?: unknown): ClientError => clientError('INTERRUPTED', 'Interrupted.', cause)
