// What an answer becomes whose text is known: the sentences of an extractive plan, or the statement that the documents do not hold it. All of
// it is stored in one transaction: whoever watches waits for no second one before the first sentence is read, and a killed process leaves all
// of it or nothing.
import type { AnswerPlan } from './answer-plan.ts'
import type { AnswerChange } from './answer-store.ts'
import type { ExtractedSentence } from './domain/compose-extractive-answer.ts'
import { pageAtOffset } from './domain/page-marks.ts'
import type { AnswerCitationRow, AnswerRow, AnswerSourceRow } from './tables.ts'

export const NOT_IN_DOCUMENTS_TEXT = 'The documents do not contain an answer to this question.'

export interface WriteExtractOptions {
  answer: AnswerRow
  plan: Extract<AnswerPlan, { kind: 'extract' | 'decline' }>
  sources: readonly AnswerSourceRow[]
  /** The model that chose the sentences, for their deltas. */
  modelId: string | null
}

/** Its text, citations and verdict, with the events that tell of them. */
export function writeExtract(options: WriteExtractOptions): AnswerChange {
  const { answer, plan, modelId } = options
  const sentences = plan.kind === 'extract' ? plan.sentences : []
  const pieces = plan.kind === 'extract' ? sentences.map(({ text }) => text) : [NOT_IN_DOCUMENTS_TEXT]
  const citations: AnswerCitationRow[] = []
  const events: AnswerChange['events'] = []
  let text = ''
  for (const [sequence, piece] of pieces.entries()) {
    const delta = sequence === 0 ? piece : ` ${piece}`
    text += delta
    events.push({ type: 'delta', sequence, text: delta, modelId })
    const sentence = sentences[sequence]
    if (sentence === undefined) continue
    const citation = cite(options, sentence, sequence, text.length - piece.length, text.length)
    citations.push(citation)
    events.push({ type: 'cited', citation })
  }
  const verdict = plan.kind === 'extract' ? plan.verdict : 'NOT_IN_DOCUMENTS'
  return { set: { verdict, firstTokenMs: Date.now() - answer.createdAt.getTime() }, text, citations, events }
}

function cite(
  { answer, sources }: WriteExtractOptions,
  sentence: ExtractedSentence,
  ordinal: number,
  answerStartOffset: number,
  answerEndOffset: number,
): AnswerCitationRow {
  const source = sources.find(({ chunkId }) => chunkId === sentence.chunkId)
  const stored = source?.content
  const shift = stored?.startOffset ?? 0
  return {
    answerId: answer.id,
    workspaceId: answer.workspaceId,
    ordinal,
    marker: source?.marker ?? 1,
    chunkId: sentence.chunkId,
    documentId: sentence.documentId,
    answerStartOffset,
    answerEndOffset,
    startOffset: sentence.startOffset,
    endOffset: sentence.endOffset,
    page: pageAtOffset(stored?.pages ?? [], sentence.startOffset),
    quote: sentence.quote,
    // The sentence is its own quote, so all that can be wrong is where it stands.
    isVerified: stored?.text.slice(sentence.startOffset - shift, sentence.endOffset - shift) === sentence.quote,
  }
}
