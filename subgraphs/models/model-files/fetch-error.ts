// Why a model could not be put in place. The reason decides what the message tells people to do.

export type FetchFailure =
  | 'FETCHING_DISABLED'
  | 'PIP_NOT_FOUND'
  | 'INDEX_UNREACHABLE'
  | 'DOWNLOAD_FAILED'
  | 'CONTENT_UNEXPECTED'
  | 'DISK_NOT_WRITABLE'

export class FetchError extends Error {
  readonly reason: FetchFailure

  constructor(reason: FetchFailure, message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'FetchError'
    this.reason = reason
  }
}
