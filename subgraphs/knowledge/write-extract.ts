// What an answer becomes whose text is known: the sentences of an extractive plan, or the statement that the documents do not hold it. All of
// it is one change, stored in one transaction: whoever watches waits for no second one before the first sentence is read.
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
  /** What is to be stored before the first sentence. Null when it is stored already. */
  opening: AnswerChange | null
}

/** The change that writes what is not written yet. Throws PROCESS_DIED when the text so far is not the beginning of the plan's. */
export function writeExtract(options: WriteExtractOptions): AnswerChange {
  const { answer, plan, opening } = options
  const modelId = opening?.set?.modelId ?? answer.modelId
  const sentences = plan.kind === 'extract' ? plan.sentences : [NOT_IN_DOCUMENTS_TEXT]
  const written: Required<Pick<AnswerChange, 'citations' | 'events'>> = { citations: [], events: [] }
  let text = ''
  let offset = 0
  for (const [sequence, sentence] of sentences.entries()) {
    const own = typeof sentence === 'string' ? sentence : sentence.text
    const piece = sequence === 0 ? own : ` ${own}`
    const endOffset = offset + piece.length
    if (endOffset <= answer.text.length) {
      if (answer.text.slice(offset, endOffset) !== piece) throw otherBeginning()
    } else if (offset < answer.text.length) {
      throw otherBeginning()
    } else {
      text += piece
      written.events.push({ type: 'delta', sequence, text: piece, modelId })
      if (typeof sentence !== 'string') {
        const citation = cite(options, sentence, sequence, endOffset - own.length, endOffset)
        written.citations.push(citation)
        written.events.push({ type: 'cited', citation })
      }
    }
    offset = endOffset
  }
  const isFirst = answer.text === ''
  return {
    ...opening,
    set: {
      ...opening?.set,
      ...(isFirst ? { firstTokenMs: Date.now() - answer.createdAt.getTime() } : {}),
      verdict: plan.kind === 'extract' ? plan.verdict : 'NOT_IN_DOCUMENTS',
    },
    text,
    citations: written.citations,
    events: [...(opening?.events ?? []), ...written.events],
  }
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
