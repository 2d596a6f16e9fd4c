// What of a subgraph's errors clients may read. Code and path say what failed and where; the words of a message may tell of addresses, tables or
// people, so they pass only for codes that are known to be written for clients.
import type { SubgraphError } from './subgraph-client.ts'

export interface ErrorMaskOptions {
  /** Null: all. */
  shownCodes: ReadonlySet<string> | null
  /** Told of each message that clients do not see. */
  onMasked: (error: SubgraphError, about: ErrorSource) => void
}

export interface ErrorSource {
  subgraph: string
  /** Where nothing better is known, the one that the client is told. */
  requestId: string
}

export type ErrorMask = (errors: readonly SubgraphError[], source: ErrorSource) => readonly SubgraphError[]

export function createErrorMask({ shownCodes, onMasked }: ErrorMaskOptions): ErrorMask {
  return (errors, source) =>
    errors.map((error) => {
      const code = error.extensions?.['code']
      if (shownCodes === null || (typeof code === 'string' && shownCodes.has(code))) return error
      const given = error.extensions?.['requestId']
      // A subgraph of the platform has logged it under an id of its own.
      const requestId = typeof given === 'string' && /^[\w.-]{1,100}$/.test(given) ? given : source.requestId
      onMasked(error, { ...source, requestId })
      return {
        ...error,
        message: `Something went wrong on the server. Its log has the details under request id ${requestId}.`,
        extensions: { ...error.extensions, requestId },
      }
    })
}
