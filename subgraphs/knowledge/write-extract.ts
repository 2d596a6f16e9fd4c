// Writes an answer whose text is known: the sentences of an extractive plan, or the statement that the documents do not hold it. A sentence,
// its citation and their events are one change, so a successor goes on behind the last whole sentence.
import type { AnswerPlan } from './answer-plan.ts'
import type { AnswerChange } from './answer-store.ts'
import type { ExtractedSentence } from './domain/compose-extractive-answer.ts'
import { pageAtOffset } from './domain/page-marks.ts'
import { TributaryError } from '#shared/errors.ts'
import type { AnswerRow, AnswerSourceRow } from './tables.ts'

export const NOT_IN_DOCUMENTS_TEXT = 'The documents do not contain an answer to this question.'

export interface WriteExtractOptions {
  answer: AnswerRow
  plan: Extract<AnswerPlan, { kind: 'extract' | 'decline' }>
  sources: readonly AnswerSourceRow[]
  /** What is to be stored together with the first sentence, so that nobody waits for two transactions. Null when it is stored already. */
  opening: AnswerChange | null
  change: (change: AnswerChange) => Promise<AnswerRow>
  signal: AbortSignal
}

/** Writes what is not written yet. Throws PROCESS_DIED when the text so far is not the beginning of the plan's. */
export async function writeExtract(options: WriteExtractOptions): Promise<AnswerRow['verdict']> {
  const { answer, plan, opening, change, signal } = options
  const modelId = opening?.set?.modelId ?? answer.modelId
  const sentences = plan.kind === 'extract' ? plan.sentences : [NOT_IN_DOCUMENTS_TEXT]
  const pieces = sentences.map((sentence, index) => {
    const text = typeof sentence === 'string' ? sentence : sentence.text
    return { sentence, text: index === 0 ? text : ` ${text}`, textStart: index === 0 ? 0 : 1 }
  })
  let offset = 0
  for (const [sequence, { sentence, text, textStart }] of pieces.entries()) {
    signal.throwIfAborted()
    const endOffset = offset + text.length
    if (endOffset <= answer.text.length) {
      if (answer.text.slice(offset, endOffset) !== text) throw otherBeginning()
    } else if (offset < answer.text.length) {
      throw otherBeginning()
    } else {
      const citations =
        typeof sentence === 'string' ? [] : [cite(options, sentence, sequence, offset + textStart, endOffset)]
      const first = sequence === 0 ? opening : null
      await change({
        ...first,
        text,
        citations,
        ...(sequence === 0 ? { set: { ...first?.set, firstTokenMs: Date.now() - answer.createdAt.getTime() } } : {}),
        events: [
          ...(first?.events ?? []),
          { type: 'delta', sequence, text, modelId },
          ...citations.map((citation) => ({ type: 'cited' as const, citation })),
        ],
      })
    }
    offset = endOffset
  }
  return plan.kind === 'extract' ? plan.verdict : 'NOT_IN_DOCUMENTS'
}

function cite(
  { answer, sources }: WriteExtractOptions,
  sentence: ExtractedSentence,
  ordinal: number,
  answerStartOffset: number,
  answerEndOffset: number,
) {
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

const otherBeginning = () =>
  new TributaryError(
    'PROCESS_DIED',
    'The process that wrote this answer died, and its text cannot be continued. Ask again.',
  )
