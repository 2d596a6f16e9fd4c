// What is decided before an answer is written.
import type { AnswerVerdict, ExtractedSentence } from './domain/compose-extractive-answer.ts'
import type { PageMark } from './domain/page-marks.ts'
import type { SourceChunk } from './domain/source-chunk.ts'

export type StoredSource = SourceChunk & { pages: PageMark[] }

export type AnswerPlan =
  /** The whole text is known. */
  | { kind: 'extract'; verdict: AnswerVerdict; sentences: ExtractedSentence[] }
  /** The documents do not hold it, whatever a model would say. */
  | { kind: 'decline' }
  /** A model writes it from the sources. */
  | { kind: 'generate'; modelName: string; contextLength: number | null }
