/**
 * Decides, before anything is written, whether the retrieved chunks hold an answer, and which of their sentences it is.
 * Both answer modes use it: NOT_IN_DOCUMENTS comes from here and never from what a model says about itself.
 *
 * Cost is bounded so that the first delta stays under 300 ms on two cores: sentences are first ranked by words and by
 * the rank of their chunk, the best `embedded` are embedded in one batch with the question, and the best `reranked` of
 * those go through the cross-encoder in one batch.
 */
import { candidateSentences, passageOf } from './candidate-sentences.ts'
import type { CandidateSentence } from './candidate-sentences.ts'
import { coverage, sentenceFeatures, termWeights } from './evidence-features.ts'
import type { SentenceFeatures } from './evidence-features.ts'
import { fuseRanks } from './fuse-ranks.ts'
import { contextLine } from './index-text.ts'
import { answerProbability } from './answer-probability.ts'
import { cosine } from './source-chunk.ts'
import type { Embed, Rerank, SourceChunk } from './source-chunk.ts'
import { contentTerms } from './terms.ts'
import { understandQuestion } from './understand-question.ts'
import type { Question } from './understand-question.ts'

export type AnswerVerdict = 'ANSWERED' | 'PARTIAL' | 'CONFLICTING' | 'NOT_IN_DOCUMENTS'

export type ScoredSentence = CandidateSentence & { features: SentenceFeatures; score: number }

export type Evidence = {
  question: Question
  /** Best first. */
  sentences: ScoredSentence[]
  /** Chunks to show as sources and to put into a prompt, best first. */
  sources: { chunk: SourceChunk; score: number }[]
  /** Probability that the best sentence answers the question, from the calibrated model. */
  probability: number
  isInDocuments: boolean
}

export type GatherEvidenceOptions = {
  question: string
  /** Fused result of both searches, best first. */
  chunks: readonly SourceChunk[]
  embed: Embed
  /** Without it the decision rests on words and similarity alone: less exact, calibrated separately. */
  rerank?: Rerank | undefined
  signal: AbortSignal
  /** Chunks that are read. Default 24. */
  chunkLimit?: number
  /** Sentences embedded in one batch. Default 32. */
  embeddedLimit?: number
  /** Passages reranked in one batch. Default 16. */
  rerankedLimit?: number
  /** Sources returned. Default 8. */
  sourceLimit?: number
}

export async function gatherEvidence(options: GatherEvidenceOptions): Promise<Evidence> {
  const { chunkLimit = 24, embeddedLimit = 32, rerankedLimit = 16, sourceLimit = 8, embed, rerank, signal } = options
  const question = understandQuestion(options.question)
  const chunks = options.chunks.slice(0, chunkLimit)
  const chunkTerms = chunks.map((chunk) =>
    contentTerms(`${contextLine(chunk.documentTitle, chunk.headings, 400)} ${chunk.text}`),
  )
  const weights = termWeights(question, chunkTerms)

  const all = withoutRepetition(candidateSentences(chunks))
  const lexical = all
    .map((candidate) => ({ candidate, score: firstScore(candidate, weights) }))
    .sort((left, right) => right.score - left.score)
    .slice(0, embeddedLimit)
    .map((entry) => entry.candidate)
  if (lexical.length === 0) return { question, sentences: [], sources: [], probability: 0, isInDocuments: false }

  const vectors = await embed([question.text, ...lexical.map((candidate) => passageOf(candidate))], signal)
  const questionVector = vectors[0]
  const embedded = lexical.map((candidate, index) => {
    const vector = vectors[index + 1]
    return {
      candidate,
      similarity: questionVector === undefined || vector === undefined ? 0 : cosine(questionVector, vector),
    }
  })

  // Words and meaning agree on ranks, not on scores: fuse as the two searches are fused.
  const chosen = fuseRanks(
    [embedded, embedded.toSorted((left, right) => right.similarity - left.similarity)],
    (entry) => `${entry.candidate.chunk.id}:${entry.candidate.index}`,
  )
    .slice(0, rerankedLimit)
    .map((entry) => entry.item)
  const logits =
    rerank === undefined
      ? null
      : await rerank(
          question.text,
          chosen.map((entry) => passageOf(entry.candidate)),
          signal,
        )

  const sentences = chosen
    .map(({ candidate, similarity }, index): ScoredSentence => {
      const features = sentenceFeatures({
        question,
        candidate,
        weights,
        chunkTerms: chunkTerms[candidate.chunkIndex] ?? new Set(),
        similarity,
        logit: logits?.[index] ?? null,
      })
      return { ...candidate, features, score: answerProbability(features) }
    })
    .sort((left, right) => right.score - left.score)

  const probability = sentences[0]?.score ?? 0
  return {
    question,
    sentences,
    sources: rankSources(sentences, chunks, sourceLimit),
    probability,
    isInDocuments: probability >= 0.5,
  }
}

/** Chunks of the best sentences first, then the best of retrieval, each once. */
function rankSources(
  sentences: readonly ScoredSentence[],
  chunks: readonly SourceChunk[],
  limit: number,
): Evidence['sources'] {
  const sources = new Map<string, { chunk: SourceChunk; score: number }>()
  const bySentence = [...new Map(sentences.map((sentence) => [sentence.chunk.id, sentence])).values()].sort(
    (left, right) => right.score - left.score,
  )
  for (const { item, score } of fuseRanks(
    [bySentence.map((sentence) => sentence.chunk), bySentence.map((sentence) => sentence.chunk), chunks],
    (chunk) => chunk.id,
  )) {
    sources.set(item.id, { chunk: item, score })
    if (sources.size === limit) break
  }
  return [...sources.values()]
}

/** Rank of the chunk and words in common: cheap enough for every sentence of every chunk. */
function firstScore(candidate: CandidateSentence, weights: ReadonlyMap<string, number>): number {
  const passage = coverage(weights, contentTerms(`${candidate.leadIn} ${candidate.text}`))
  const context = coverage(weights, contentTerms(candidate.context))
  return passage + 0.4 * context + 1.5 / (candidate.chunkIndex + 2)
}

/** The same manual in two formats, or a repeated notice, would fill the batch with one sentence: the first one stays. */
function withoutRepetition(candidates: readonly CandidateSentence[]): CandidateSentence[] {
  const seen = new Set<string>()
  return candidates.filter((candidate) => {
    const key = candidate.text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, ' ')
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}
