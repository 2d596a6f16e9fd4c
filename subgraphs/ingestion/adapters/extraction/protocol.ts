// What the parent and the extraction process say to each other.

import type { DocumentProblemCode } from '../../domain/document-problem.ts'
import type { SupportedMediaType } from '../../domain/element.ts'

interface ExtractionLimits {
  timeoutMs: number
  /** Resident memory of the whole process. */
  maximumMemoryBytes: number
}

export type ExtractionOrder =
  | ({ operation: 'extract'; fileName: string; mediaType: string | null } & ExtractionLimits)
  | ({ operation: 'clean' } & ExtractionLimits)

export type ExtractionReport =
  | {
      outcome: 'extracted'
      mediaType: SupportedMediaType
      pageCount: number | null
      pagesWithoutText: number[]
      elementCount: number
    }
  | { outcome: 'cleaned'; title: string | null; textLength: number; blockCount: number }
  | { outcome: 'refused'; code: DocumentProblemCode; message: string; detail?: string }

/** Last words of a process that its guard ends; on stderr, because the thread that writes results is the one that hangs. */
export const GUARD_OUT_OF_MEMORY = 'extraction guard: out of memory'
export const GUARD_TIMED_OUT = 'extraction guard: timed out'

/**
 * Where the extraction process tells how far it is, a line for each page: `3 10` for three of ten. Apart from the result, so that neither
 * waits for the other.
 */
export const PROGRESS_DESCRIPTOR = 4
