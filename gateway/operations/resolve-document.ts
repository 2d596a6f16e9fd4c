// Which document a request means: the text that it brings, a trusted document by its id, or one that was persisted automatically. The same for every
// transport.
import { createHash } from 'node:crypto'
import { GraphQLError } from 'graphql'
import { ERROR_CATALOGUE, TributaryError } from '#shared/errors.ts'
import type { TrustedDocuments } from './trusted-documents.ts'

export interface DocumentRequest {
  query: string | undefined
  /** As clients of trusted documents send it; whatever the client made it. */
  documentId: unknown
  /** `extensions.persistedQuery`; whatever the client made it. */
  persistedQuery: unknown
  operationName: string | undefined
}

export type ResolvedDocument =
  | { kind: 'text'; text: string }
  /** Nothing but a hash, which is not that of a trusted document. */
  | { kind: 'hash'; sha256Hash: string }
  /** A text that may be kept under its hash once it is known to be valid. */
  | { kind: 'text-to-persist'; text: string; sha256Hash: string }
  | { kind: 'missing' }
  | { kind: 'refused'; error: GraphQLError }

export function resolveDocument(request: DocumentRequest, trusted: TrustedDocuments): ResolvedDocument {
  const { documentId, persistedQuery } = request
  // Some clients send an empty text beside an id.
  const query = request.query === '' ? undefined : request.query
  if (documentId !== undefined && documentId !== null) {
    if (typeof documentId !== 'string') return refused(badRequest('documentId must be a string.'))
    const text = trusted.find(documentId)
    return text === undefined
      ? refused(notTrusted(`There is no trusted document "${shorten(documentId)}".`))
      : { kind: 'text', text }
  }
  if (persistedQuery !== undefined && persistedQuery !== null) {
    if (typeof persistedQuery !== 'object' || !('sha256Hash' in persistedQuery))
      return refused(badRequest('extensions.persistedQuery must be {"version":1,"sha256Hash":"…"}.'))
    const { sha256Hash } = persistedQuery
    if (typeof sha256Hash !== 'string' || sha256Hash === '')
      return refused(badRequest('extensions.persistedQuery.sha256Hash must be a string.'))
    const text = trusted.find(sha256Hash)
    if (text !== undefined) return { kind: 'text', text }
    if (trusted.mode === 'require') return refused(notTrusted(`There is no trusted document "${shorten(sha256Hash)}".`))
    if (!('version' in persistedQuery) || persistedQuery.version !== 1)
      return refused(badRequest('extensions.persistedQuery.version must be 1.'))
    if (query === undefined) return { kind: 'hash', sha256Hash }
    if (createHash('sha256').update(query).digest('hex') !== sha256Hash)
      return refused(
        badRequest('extensions.persistedQuery.sha256Hash is not the SHA-256 of the query, in hexadecimal.'),
      )
    if (trusted.mode === 'log' && !trusted.has(query)) trusted.noteUnknown(query, request.operationName)
    return { kind: 'text-to-persist', text: query, sha256Hash }
  }
  if (query === undefined) return { kind: 'missing' }
  if (trusted.mode !== 'off' && !trusted.has(query)) {
    if (trusted.mode === 'require')
      return refused(notTrusted('This endpoint runs trusted documents only; send the id of one, as documentId.'))
    trusted.noteUnknown(query, request.operationName)
  }
  return { kind: 'text', text: query }
}

const refused = (error: GraphQLError): ResolvedDocument => ({ kind: 'refused', error })

const badRequest = (message: string): GraphQLError =>
  new GraphQLError(message, { extensions: { code: 'BAD_REQUEST', http: { status: 400 } } })

const notTrusted = (message: string): GraphQLError => toClientError(new TributaryError('DOCUMENT_NOT_TRUSTED', message))

const shorten = (id: string): string => (id.length > 100 ? `${id.slice(0, 100)}…` : id)

/** With the HTTP status that its code stands for. */
export function toClientError(error: TributaryError): GraphQLError {
  return new GraphQLError(error.message, {
    originalError: error,
    extensions: { code: error.code, http: { status: ERROR_CATALOGUE[error.code].httpStatus } },
  })
}
