/**
 * Decides, before anything is written, whether the retrieved chunks hold an answer, and which of their sentences it is.
 * Both answer modes use it: NOT_IN_DOCUMENTS comes from here and never from what a model says about itself.
 *
 * The cost is bounded, so that the first delta stays under 300 ms on two cores: passages are first ordered by what the two
 * searches and their words say of them, and only the best `passageLimit` are read by the cross-encoder, where there is one.
 */
import { answerPassages, distinctChunks, passageForModel } from './answer-passages.ts'
import type { AnswerPassage, PassageSentence } from './answer-passages.ts'
import { passageFeatures, sentenceFeatures, termWeights, withRelevance } from './evidence-features.ts'
import type { FeatureInput, PassageFeatures, SentenceFeatures } from './evidence-features.ts'
import { answerableProbability, answerThreshold, passageShares, sentenceProbability } from './evidence-model.ts'
import type { EvidenceBasis } from './evidence-model.ts'
import { fuseRanks } from './fuse-ranks.ts'
import { contextLine } from './index-text.ts'
import type { Rerank, SourceChunk } from './source-chunk.ts'
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
  /** Probability that it holds the answer, if its passage does. */
  likelihood: number
  /** … and altogether: times the share of its passage. */
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
  /** Chunks that are read. Default 24. */
  chunkLimit?: number
  /** Passages that the cross-encoder reads. Default 8. */
  passageLimit?: number
  /** Sources returned. Default 8. */
  sourceLimit?: number
}

export async function gatherEvidence(options: GatherEvidenceOptions): Promise<Evidence> {
  const { chunkLimit = 24, passageLimit = 8, sourceLimit = 8, rerank, signal } = options
  const question = understandQuestion(options.question)
  const chunks = distinctChunks(options.chunks).slice(0, chunkLimit)
  const prepared = preparePassages(question, chunks).slice(0, passageLimit)
  if (rerank === undefined || prepared.length === 0)
    return weigh(question, basisWithoutReranker(chunks), prepared, chunks, sourceLimit)
  const texts = prepared.map(({ input }) => passageForModel(input.passage))
  const logits = await rerank(question.text, texts, signal)
  const judged = prepared.map(({ input, features }, index) => ({
    input,
    features: withRelevance(features, logits[index] ?? Number.NEGATIVE_INFINITY),
  }))
  return weigh(question, 'reranked', judged, chunks, sourceLimit)
}

export type PreparedPassage = { input: FeatureInput; features: PassageFeatures }

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
  return inOrderOfShare(prepared, basisWithoutReranker(chunks)).map(({ input, features }) => ({ input, features }))
}

const basisWithoutReranker = (chunks: readonly SourceChunk[]): EvidenceBasis =>
  chunks.some(({ denseSimilarity }) => denseSimilarity !== null) ? 'embedded' : 'lexical'

function inOrderOfShare(prepared: readonly PreparedPassage[], basis: EvidenceBasis) {
  const shares = passageShares(
    prepared.map(({ features }) => features),
    basis,
  )
  return prepared
    .map((entry, index) => ({ ...entry, share: shares[index] ?? 0 }))
    .sort((left, right) => right.share - left.share)
}

/** Features to probabilities to an order. */
function weigh(
  question: Question,
  basis: EvidenceBasis,
  prepared: readonly PreparedPassage[],
  chunks: readonly SourceChunk[],
  sourceLimit: number,
): Evidence {
  const scored = inOrderOfShare(prepared, basis).map(({ input, features, share }) => ({
    input,
    passage: { ...input.passage, features, share },
  }))
  const passages = scored.map(({ passage }) => passage)
  const sentences = scored
    .flatMap(({ input, passage }) =>
      passage.sentences.map((sentence): ScoredSentence => {
        const features = sentenceFeatures(input, sentence)
        const likelihood = sentenceProbability(features)
        return { ...sentence, passage, features, likelihood, probability: likelihood * passage.share }
      }),
    )
    .sort((left, right) => right.probability - left.probability)
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
