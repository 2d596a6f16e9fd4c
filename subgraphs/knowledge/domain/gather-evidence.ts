/**
 * Decides, before anything is written, whether the retrieved chunks hold an answer, and which of their sentences it is.
 * Both answer modes use it: NOT_IN_DOCUMENTS comes from here and never from what a model says about itself.
 *
 * The cost is bounded, so that the first delta stays under 300 ms on two cores: passages are first ordered by what the two
 * searches and their words say of them, and only the best `passageLimit` are read by the cross-encoder, where there is one.
 */
import { SOURCES_DEFAULT } from './answer-input.ts'
import { answerPassages, distinctChunks, passageForModel } from './answer-passages.ts'
import type { AnswerPassage, PassageSentence } from './answer-passages.ts'
import {
  passageFeatures,
  preselectionFeatures,
  sentenceFeatures,
  termWeights,
  withReading,
} from './evidence-features.ts'
import type { FeatureInput, PassageFeatures, SentenceFeatures } from './evidence-features.ts'
import { answerableProbability, answerShares, answerThreshold, preselectionScores } from './evidence-model.ts'
import type { EvidenceBasis } from './evidence-model.ts'
import { fuseRanks } from './fuse-ranks.ts'
import { contextLine } from './index-text.ts'
import type { Rerank, SourceChunk } from './source-chunk.ts'
import { contentTerms } from './terms.ts'
import { understandQuestion } from './understand-question.ts'
import type { Question } from './understand-question.ts'

export type ScoredPassage = AnswerPassage & {
  features: PassageFeatures
  /** Probability that it is the one that answers, if one does: that of its sentences together. */
  share: number
}

export type ScoredSentence = PassageSentence & {
  passage: ScoredPassage
  features: SentenceFeatures
  /** Probability that it is the answer, if one sentence is: they sum to 1. */
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
  rerank?: Rerank | undefined
  signal: AbortSignal
  /** Chunks that are read, repeats not counted. Default 24. */
  chunkLimit?: number
  /** Passages that the cross-encoder reads. Default 12. */
  passageLimit?: number
  /** Characters of them together: what reading costs is in proportion. Default 3,600. */
  characterLimit?: number
  /** Sources returned. Default 10. */
  sourceLimit?: number
}

export async function gatherEvidence(options: GatherEvidenceOptions): Promise<Evidence> {
  const {
    chunkLimit = 24,
    passageLimit = 12,
    characterLimit = 3600,
    sourceLimit = SOURCES_DEFAULT,
    rerank,
    signal,
  } = options
  const question = understandQuestion(options.question)
  const chunks = distinctChunks(options.chunks, chunkLimit)
  const prepared = withinLimits(preparePassages(question, chunks), passageLimit, characterLimit)
  if (rerank === undefined || prepared.length === 0)
    return weigh(question, basisWithoutReranker(chunks), prepared, chunks, sourceLimit)
  const texts = prepared.map(({ input }) => passageForModel(input.passage))
  const readings = await rerank(question.text, texts, signal)
  const read = prepared.map((entry, index): ReadPassage => {
    const reading = readings[index]
    return reading === undefined
      ? entry
      : { input: entry.input, features: withReading(entry.features, reading), sentences: reading.sentences }
  })
  return weigh(question, 'reranked', read, chunks, sourceLimit)
}

/** The first passages that fit, at least one. */
function withinLimits(passages: readonly PreparedPassage[], count: number, characters: number): PreparedPassage[] {
  let total = 0
  return passages.slice(0, count).filter(({ input }, place) => {
    total += input.passage.text.length
    return place === 0 || total <= characters
  })
}

export type PreparedPassage = { input: FeatureInput; features: PassageFeatures }

/** With what the reranker's head says of each sentence, where there is one. */
export type ReadPassage = PreparedPassage & { sentences?: readonly number[] }

/** All passages of the chunks, best first by what is known without a reranker. */
export function preparePassages(question: Question, chunks: readonly SourceChunk[]): PreparedPassage[] {
  const chunkTerms = chunks.map((chunk) =>
    contentTerms(`${contextLine(chunk.documentTitle, chunk.headings, 400)} ${chunk.text}`),
  )
  const retrievedTerms = new Set(chunkTerms.flatMap((terms) => [...terms]))
  const weights = termWeights(question, chunkTerms)
  const prepared = answerPassages(chunks).map((passage) => {
    const own = chunkTerms[passage.chunkIndex] ?? new Set<string>()
    const input = { question, weights, passage, chunkTerms: own, retrievedTerms }
    return { input, features: passageFeatures(input) }
  })
  const scores = preselectionScores(preselectionFeatures(prepared), basisWithoutReranker(chunks))
  return prepared
    .map((entry, index) => ({ entry, score: scores[index] ?? 0 }))
    .sort((left, right) => right.score - left.score)
    .map(({ entry }) => entry)
}

const basisWithoutReranker = (chunks: readonly SourceChunk[]): Exclude<EvidenceBasis, 'reranked'> =>
  chunks.some(({ denseSimilarity }) => denseSimilarity !== null) ? 'embedded' : 'lexical'

/** Features to probabilities to an order. */
function weigh(
  question: Question,
  basis: EvidenceBasis,
  read: readonly ReadPassage[],
  chunks: readonly SourceChunk[],
  sourceLimit: number,
): Evidence {
  const { passages, sentences } = shareOut(read, basis)
  const probability = answerableProbability(passages, basis)
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

/** The passages and all their sentences with their probabilities, both best first. */
export function shareOut(
  read: readonly ReadPassage[],
  basis: EvidenceBasis,
): { passages: ScoredPassage[]; sentences: ScoredSentence[] } {
  const candidates = read.flatMap(({ input, features, sentences: answering }, place) =>
    input.passage.sentences.map((sentence, index) => ({
      place,
      sentence,
      passageFeatures: features,
      features: sentenceFeatures(input, sentence, answering?.[index]),
    })),
  )
  const shares = answerShares(
    candidates.map((candidate) => ({ passage: candidate.passageFeatures, sentence: candidate.features })),
    basis,
  )
  const passages = read.map(({ input, features }): ScoredPassage => ({ ...input.passage, features, share: 0 }))
  const sentences = candidates.flatMap(({ place, sentence, features }, index): ScoredSentence[] => {
    const passage = passages[place]
    const probability = shares[index] ?? 0
    if (passage === undefined) return []
    passage.share += probability
    return [{ ...sentence, passage, features, probability }]
  })
  return {
    passages: passages.sort((left, right) => right.share - left.share),
    sentences: sentences.sort((left, right) => right.probability - left.probability),
  }
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
