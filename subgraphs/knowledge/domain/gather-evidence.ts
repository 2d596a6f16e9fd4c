/**
 * Decides, before anything is written, whether the retrieved chunks hold an answer, and which of their sentences it is.
 * Both answer modes use it: NOT_IN_DOCUMENTS comes from here and never from what a model says about itself.
 *
 * The cost is bounded, so that the first delta stays under 300 ms on two cores: passages are first ranked by words and by
 * the rank of their chunk, and only the best `passageLimit` of them are read by a model, in one batch: by the
 * cross-encoder where there is one, else by the embedding model, else by none.
 */
import { answerPassages, distinctChunks, passageForModel } from './answer-passages.ts'
import type { AnswerPassage, PassageSentence } from './answer-passages.ts'
import { coverage, passageFeatures, sentenceFeatures, termWeights } from './evidence-features.ts'
import type { FeatureInput, PassageFeatures, SentenceFeatures } from './evidence-features.ts'
import {
  answerableProbability,
  answerThreshold,
  decisiveFeatures,
  passageShares,
  sentenceProbability,
} from './evidence-model.ts'
import type { EvidenceBasis } from './evidence-model.ts'
import { fuseRanks } from './fuse-ranks.ts'
import { contextLine } from './index-text.ts'
import { cosine } from './source-chunk.ts'
import type { Embed, Rerank, SourceChunk } from './source-chunk.ts'
import { contentTerms } from './terms.ts'
import { understandQuestion } from './understand-question.ts'
import type { Question } from './understand-question.ts'

export type ScoredPassage = AnswerPassage & {
  features: PassageFeatures
  /** Probability that it is the one that answers, if one does: they sum to 1. */
  share: number
}

export type ScoredSentence = PassageSentence & {
  passage: ScoredPassage
  features: SentenceFeatures
  probability: number
}

export type Evidence = {
  question: Question
  basis: EvidenceBasis
  /** Best first. */
  passages: ScoredPassage[]
  /** Of those passages, best first. */
  sentences: ScoredSentence[]
  /** Chunks to show as sources and to put into a prompt, best first. */
  sources: { chunk: SourceChunk; score: number }[]
  /** Probability that the documents answer the question. */
  probability: number
  /** False: the answer is NOT_IN_DOCUMENTS, and nothing may be generated. */
  isInDocuments: boolean
}

export type GatherEvidenceOptions = {
  question: string
  /** Fused result of both searches, best first. */
  chunks: readonly SourceChunk[]
  /** Used when there is no reranker. */
  embed?: Embed | undefined
  rerank?: Rerank | undefined
  signal: AbortSignal
  /** Chunks that are read. Default 24. */
  chunkLimit?: number
  /** Passages that a model reads, in one batch. Default 16. */
  passageLimit?: number
  /** Sources returned. Default 8. */
  sourceLimit?: number
}

export async function gatherEvidence(options: GatherEvidenceOptions): Promise<Evidence> {
  const { chunkLimit = 24, passageLimit = 16, sourceLimit = 8, embed, rerank, signal } = options
  const question = understandQuestion(options.question)
  const chunks = distinctChunks(options.chunks).slice(0, chunkLimit)
  const basis: EvidenceBasis = rerank !== undefined ? 'reranked' : embed !== undefined ? 'embedded' : 'lexical'
  const { inputs } = preparePassages(question, chunks, passageLimit)
  const passages = inputs.map((input) => input.passage)

  const logits =
    rerank === undefined || passages.length === 0
      ? null
      : await rerank(question.text, passages.map(passageForModel), signal)
  const similarities =
    basis === 'embedded' && embed !== undefined ? await similaritiesTo(question, passages, embed, signal) : null
  const scored = inputs.map((input, index) => ({
    ...input,
    logit: logits?.[index] ?? null,
    similarity: similarities?.[index] ?? 0,
  }))
  return weigh(question, basis, scored, chunks, sourceLimit)
}

/** The passages worth a model's time, each with what its features need; similarity and logit are still unknown. */
export function preparePassages(
  question: Question,
  chunks: readonly SourceChunk[],
  passageLimit: number,
): { inputs: FeatureInput[] } {
  const chunkTerms = chunks.map((chunk) =>
    contentTerms(`${contextLine(chunk.documentTitle, chunk.headings, 400)} ${chunk.text}`),
  )
  const retrievedTerms = new Set(chunkTerms.flatMap((terms) => [...terms]))
  const weights = termWeights(question, chunkTerms)
  const byWords = answerPassages(chunks)
    .map((passage) => ({ passage, score: coverage(weights, contentTerms(`${passage.context} ${passage.text}`)) }))
    .sort((left, right) => right.score - left.score)
    .map((entry) => entry.passage)
  // Words find what is asked in the document's own terms, the rank of the chunk what is asked in others: fuse both orders.
  const byRank = byWords.toSorted((left, right) => left.chunkIndex - right.chunkIndex)
  const inputs = fuseRanks(
    [byWords, byRank],
    (passage) => `${passage.chunk.id} ${String(passage.sentences[0]?.span.startOffset)}`,
    preselectionConstant,
  )
    .slice(0, passageLimit)
    .map(({ item: passage }) => ({
      question,
      weights,
      passage,
      chunkTerms: chunkTerms[passage.chunkIndex] ?? new Set<string>(),
      retrievedTerms,
      similarity: 0,
      logit: null,
    }))
  return { inputs }
}

/** Smaller than in the fusion of searches: here the head of either order should win against the middle of both. */
const preselectionConstant = 20

/** Pure second half: features to probabilities to an order. */
export function weigh(
  question: Question,
  basis: EvidenceBasis,
  inputs: readonly FeatureInput[],
  chunks: readonly SourceChunk[],
  sourceLimit: number,
): Evidence {
  const features = inputs.map(passageFeatures)
  const shares = passageShares(features, basis)
  const scored = inputs
    .map((input, index) => {
      const own = features[index] ?? passageFeatures(input)
      return { input, passage: { ...input.passage, features: own, share: shares[index] ?? 0 } }
    })
    .sort((left, right) => right.passage.share - left.passage.share)
  const passages = scored.map((entry) => entry.passage)
  const sentences = scored
    .flatMap(({ input, passage }) =>
      input.passage.sentences.map((sentence): ScoredSentence => {
        const features = sentenceFeatures(input, sentence)
        return { ...sentence, passage, features, probability: sentenceProbability(features, basis) * passage.share }
      }),
    )
    .sort((left, right) => right.probability - left.probability)
  const best = passages[0]
  const probability = best === undefined ? 0 : answerableProbability(decisiveFeatures(best.features, features), basis)
  return {
    question,
    basis,
    passages,
    sentences,
    sources: rankSources(passages, chunks, sourceLimit),
    probability,
    isInDocuments: probability >= answerThreshold(basis),
  }
}

async function similaritiesTo(
  question: Question,
  passages: readonly AnswerPassage[],
  embed: Embed,
  signal: AbortSignal,
): Promise<number[]> {
  if (passages.length === 0) return []
  const [own, ...vectors] = await embed([question.text, ...passages.map(passageForModel)], signal)
  return vectors.map((vector) => (own === undefined ? 0 : cosine(own, vector)))
}

/** Chunks by their best passage, fused with the order of retrieval, which knows more of them. */
function rankSources(
  passages: readonly ScoredPassage[],
  chunks: readonly SourceChunk[],
  limit: number,
): Evidence['sources'] {
  const judged = [...new Map(passages.map((passage) => [passage.chunk.id, passage.chunk])).values()]
  return fuseRanks([judged, judged, chunks], (chunk) => chunk.id)
    .slice(0, limit)
    .map(({ item, score }) => ({ chunk: item, score }))
}
