// The events of an answer as its stream log keeps them.
import type { AnswerCitationRow } from './tables.ts'

export type AnswerEventPayload =
  | { type: 'started' }
  | { type: 'delta'; sequence: number; text: string; modelId: string | null }
  | { type: 'cited'; citation: AnswerCitationRow }
  | { type: 'completed' }
  | { type: 'failed'; code: string; message: string; isRetryable: boolean }
