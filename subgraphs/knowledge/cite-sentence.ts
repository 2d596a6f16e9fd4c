// Holds one sentence that a model wrote against the sources, and makes the citation that says what was found. The quote is always cut from
// stored text; the model's marker is a hint, but one that points at no source at all is an invention, and the sentence is not relied on.
import { serviceIdentity } from '../../contracts/identity.ts'
import { pageAtOffset } from './domain/page-marks.ts'
import type { AnswerSentence } from './domain/split-answer.ts'
import { splitSentences } from './domain/split-sentences.ts'
import { collapseWhitespace } from './domain/text-span.ts'
import { createVerifySentence, type SentenceSupport } from './domain/verify-sentence.ts'
import { isModelMissing } from './model-trouble.ts'
import type { PatientModels } from './patient-models.ts'
import type { AnswerCitationRow, AnswerRow, AnswerSourceRow } from './tables.ts'

export type CiteSentence = (options: {
  answer: AnswerRow
  sentence: AnswerSentence
  /** In the order of their markers, at least one. */
  sources: readonly AnswerSourceRow[]
  ordinal: number
  signal: AbortSignal
}) => Promise<AnswerCitationRow>

export function createCiteSentence(options: {
  models: PatientModels
  /** The model whose vectors say how near a quote is to a sentence; null when there is none. */
  embeddingModelOf: (answer: AnswerRow) => Promise<string | null>
}): CiteSentence {
  const { models, embeddingModelOf } = options
  const verifySentence = createVerifySentence()

  return async ({ answer, sentence, sources, ordinal, signal }) => {
    const chunks = sources.map(({ content }) => content)
    const claim = { text: sentence.text, markers: sentence.markers }
    const byWords = verifySentence(claim, chunks)
    const support = byWords === null ? null : await withSimilarity(answer, claim, byWords, chunks, ordinal, signal)
    const isInvented = sentence.markers.some((marker) => marker < 1 || marker > sources.length)
    const found = support ?? unsupported(sentence, sources)
    return {
      answerId: answer.id,
      workspaceId: answer.workspaceId,
      ordinal,
      marker: found.marker,
      chunkId: found.chunkId,
      documentId: found.documentId,
      answerStartOffset: sentence.span.startOffset,
      answerEndOffset: sentence.span.endOffset,
      startOffset: found.span.startOffset,
      endOffset: found.span.endOffset,
      page: pageAtOffset(chunks[found.marker - 1]?.pages ?? [], found.span.startOffset),
      quote: found.quote,
      isVerified: found.isVerified && !isInvented,
    }
  }

  /** Judges the best quote again with the similarity of meaning; where there is no embedding model words alone decide. */
  async function withSimilarity(
    answer: AnswerRow,
    claim: { text: string; markers: readonly number[] },
    support: SentenceSupport,
    chunks: readonly AnswerSourceRow['content'][],
    ordinal: number,
    signal: AbortSignal,
  ): Promise<SentenceSupport> {
    const quote = collapseWhitespace(support.quote)
    if (support.failures.some((failure) => failure !== 'COVERAGE') || quote.includes(claim.text)) return support
    const modelName = await embeddingModelOf(answer)
    if (modelName === null) return support
    try {
      const texts = [claim.text, quote]
      const request = {
        modelName,
        texts,
        purpose: 'document' as const,
        idempotencyKey: `answer:${answer.id}:sentence:${ordinal}`,
      }
      const [vector, quoteVector] = await models.embed(
        serviceIdentity(answer.workspaceId, 'knowledge'),
        request,
        signal,
      )
      if (!vector || !quoteVector) return support
      const only = (other: string) => (other === quote ? quoteVector : undefined)
      const source = chunks[support.marker - 1]!
      const again = verifySentence({ ...claim, markers: [], vector }, [{ ...source, ...sliceOf(support) }], only)
      return again ? { ...support, isVerified: again.isVerified, failures: again.failures } : support
    } catch (error) {
      signal.throwIfAborted()
      if (!isModelMissing(error)) throw error
      return support
    }
  }
}

/** A source that is the quote and nothing else, so that no other passage is chosen. */
const sliceOf = ({ quote, span }: SentenceSupport) => ({
  text: quote,
  startOffset: span.startOffset,
  endOffset: span.endOffset,
})

/** No source shares a word with the sentence: it is shown beside the source it points at, or the best one, and not verified. */
function unsupported(sentence: AnswerSentence, sources: readonly AnswerSourceRow[]): SentenceSupport {
  const marker = sentence.markers.find((number) => number >= 1 && number <= sources.length) ?? 1
  const { content } = sources[marker - 1]!
  const first = splitSentences(content.text)[0] ?? { startOffset: 0, endOffset: content.text.length }
  return {
    chunkId: content.id,
    documentId: content.documentId,
    marker,
    span: {
      startOffset: content.startOffset + first.startOffset,
      endOffset: content.startOffset + first.endOffset,
    },
    quote: content.text.slice(first.startOffset, first.endOffset),
    isVerified: false,
    coverage: 0,
    agreesWithMarker: null,
    failures: ['COVERAGE'],
  }
}
