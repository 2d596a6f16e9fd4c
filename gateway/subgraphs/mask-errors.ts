// What of a subgraph's errors clients may read. Code and path say what failed and where; the words of a message may tell of addresses, tables or
// people, so they pass only for codes that are known to be written for clients.
import type { SubgraphError } from './subgraph-client.ts'

export interface MaskErrorsOptions {
  /** Null: all. */
  shownCodes: ReadonlySet<string> | null
  requestId: string
  /** Told of each message that clients do not see. */
  onMasked: (error: SubgraphError, requestId: string) => void
}

export function maskErrors(errors: readonly SubgraphError[], options: MaskErrorsOptions): readonly SubgraphError[] {
  return errors.map((error) => {
    const code = error.extensions?.['code']
    if (options.shownCodes === null || (typeof code === 'string' && options.shownCodes.has(code))) return error
    const given = error.extensions?.['requestId']
    // A subgraph of the platform has logged it under an id of its own.
    const requestId = typeof given === 'string' && /^[\w.-]{1,100}$/.test(given) ? given : options.requestId
    options.onMasked(error, requestId)
    return {
      ...error,
      message: `Something went wrong on the server. Its log has the details under request id ${requestId}.`,
      extensions: { ...error.extensions, requestId },
    }
  })
}
