// Why a document cannot be read. Parsers throw it in the extraction process; it crosses the process border as plain data and becomes a
// coded error there.

export type DocumentProblemCode =
  | 'EMPTY_FILE'
  | 'UNSUPPORTED_MEDIA_TYPE'
  | 'MEDIA_TYPE_MISMATCH'
  | 'ENCODING_INVALID'
  | 'DOCUMENT_DAMAGED'
  | 'DOCUMENT_PASSWORD_PROTECTED'
  | 'DOCUMENT_WITHOUT_TEXT'
  | 'EXTRACTION_FAILED'

export class DocumentProblem extends Error {
  readonly code: DocumentProblemCode

  /** The message says what is wrong and what the person can do about it. */
  constructor(code: DocumentProblemCode, message: string, options?: { cause: unknown }) {
    super(message, options)
    this.name = 'DocumentProblem'
    this.code = code
  }
}
