/**
 * Decides, before anything is written, whether the retrieved chunks hold an answer, and which of their sentences it is.
 * Both answer modes use it: NOT_IN_DOCUMENTS comes from here and never from what a model says about itself.
 *
 * The cost is bounded, so that the first delta stays under 300 ms on two cores: passages are first ordered by what the two
 * searches and their words say of them, and only the best `passageLimit` are read by the cross-encoder, where there is one, and of
 * those as many as `tokenLimit` allows: what reading costs is in proportion to tokens, and a table has twice as many as prose.
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
import { estimateWordPieces } from './word-pieces.ts'

export type ScoredPassage = AnswerPassage & {
  features: PassageFeatures
  /** Probability that it is the one that answers, if one does: that of its sentences together. */
  share: number
}

export type ScoredSentence = PassageSentence & {
  passage: ScoredPassage
  features: SentenceFeatures
  /** For each part of the question the probability that it is the answer, if one sentence is; 0 where it was not read for it. */
  shares: readonly number[]
  /** Their mean over the parts that the documents answer: those of all sentences sum to 1. */
  probability: number
}

/** Of a question that asks several things one of them; the whole of a question that asks one. */
export type EvidencePart = {
  question: Question
  /** Best first. */
  passages: ScoredPassage[]
  /** Share of its best sentence; 0 without one. */
  bestShare: number
  /** Probability that the documents answer it. */
  probability: number
  isInDocuments: boolean
}

export type Evidence = {
  question: Question
  basis: EvidenceBasis
  /** At least one, in the order asked. */
  parts: EvidencePart[]
  /** Of all parts, best first. */
  sentences: ScoredSentence[]
  /** Chunks to show as sources and to put into a prompt, best first. */
  sources: { chunk: SourceChunk; score: number }[]
  /** Probability that the documents answer some part of the question. */
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
  /** Passages that the cross-encoder reads, for all parts of the question together. Default 12. */
  passageLimit?: number
  /** Tokens that it reads, about: with each passage its headings and the question. Default 1,000. */
  tokenLimit?: number
  /** Sources returned. Default 10. */
  sourceLimit?: number
}

export async function gatherEvidence(options: GatherEvidenceOptions): Promise<Evidence> {
  const {
    chunkLimit = 24,
    passageLimit = 12,
    tokenLimit = 1000,
    sourceLimit = SOURCES_DEFAULT,
    rerank,
    signal,
  } = options
  const question = understandQuestion(options.question)
  const material = readChunks(distinctChunks(options.chunks, chunkLimit))
  const basis = rerank === undefined ? material.basis : 'reranked'
  // Each part is looked for by itself: asked together, the passages of the one that is easier to find would take all places.
  const asked = question.parts.map((part) => (part === question.text ? question : understandQuestion(part)))
  const parts = await Promise.all(
    asked.map(async (part) => {
      const passages = Math.max(1, Math.floor(passageLimit / asked.length))
      const prepared = withinLimits(part, preparePassages(part, material), passages, tokenLimit / asked.length)
      return judge(part, await readPassages(part, prepared, rerank, signal), basis)
    }),
  )
  const judged = parts.map(({ part }) => part)
  return {
    question,
    basis,
    parts: judged,
    sentences: mergeSentences(parts),
    sources: rankSources(judged, material.chunks, sourceLimit),
    probability: Math.max(...judged.map(({ probability }) => probability)),
    isInDocuments: judged.some(({ isInDocuments }) => isInDocuments),
  }
}

/** Of the first `count` passages those that fit, at least one. */
function withinLimits(
  question: Question,
  passages: readonly PreparedPassage[],
  count: number,
  tokens: number,
): PreparedPassage[] {
  const besides = estimateWordPieces(question.text) + SPECIAL_TOKENS
  let total = 0
  return passages.slice(0, count).filter(({ input }, place) => {
    const { context, text } = input.passage
    const length = besides + estimateWordPieces(context) + estimateWordPieces(text)
    if (place > 0 && total + length > tokens) return false
    total += length
    return true
  })
}

/** Around the question and the passage: [CLS], [SEP], [SEP]. */
const SPECIAL_TOKENS = 3

export type PreparedPassage = { input: FeatureInput; features: PassageFeatures }

/** With what the reranker's head says of each sentence, where there is one. */
export type ReadPassage = PreparedPassage & { sentences?: readonly number[] }

/** What the chunks say, whatever is asked of them. */
export type ChunkMaterial = {
  chunks: readonly SourceChunk[]
  passages: readonly AnswerPassage[]
  /** Content terms of each chunk with its title and headings. */
  chunkTerms: readonly ReadonlySet<string>[]
  /** … of all of them. */
  retrievedTerms: ReadonlySet<string>
  basis: Exclude<EvidenceBasis, 'reranked'>
}

export function readChunks(chunks: readonly SourceChunk[]): ChunkMaterial {
  const chunkTerms = chunks.map((chunk) =>
    contentTerms(`${contextLine(chunk.documentTitle, chunk.headings, 400)} ${chunk.text}`),
  )
  return {
    chunks,
    passages: answerPassages(chunks),
    chunkTerms,
    retrievedTerms: new Set(chunkTerms.flatMap((terms) => [...terms])),
    basis: chunks.some(({ denseSimilarity }) => denseSimilarity !== null) ? 'embedded' : 'lexical',
  }
}

/** All passages of the chunks, best first by what is known without a reranker. */
export function preparePassages(question: Question, material: ChunkMaterial): PreparedPassage[] {
  const { passages, chunkTerms, retrievedTerms, basis } = material
  const weights = termWeights(question, chunkTerms)
  const prepared = passages.map((passage) => {
    const own = chunkTerms[passage.chunkIndex] ?? new Set<string>()
    const input = { question, weights, passage, chunkTerms: own, retrievedTerms }
    return { input, features: passageFeatures(input) }
  })
  const scores = preselectionScores(preselectionFeatures(prepared), basis)
  return prepared
    .map((entry, index) => ({ entry, score: scores[index] ?? 0 }))
    .sort((left, right) => right.score - left.score)
    .map(({ entry }) => entry)
}

/** As they are where there is no reranker, and nothing to read. */
async function readPassages(
  question: Question,
  prepared: readonly PreparedPassage[],
  rerank: Rerank | undefined,
  signal: AbortSignal,
): Promise<readonly ReadPassage[]> {
  if (rerank === undefined || prepared.length === 0) return prepared
  const readings = await rerank(
    question.text,
    prepared.map(({ input }) => passageForModel(input.passage)),
    signal,
  )
  return prepared.map((entry, index) => {
    const reading = readings[index]
    return reading === undefined
      ? entry
      : { input: entry.input, features: withReading(entry.features, reading), sentences: reading.sentences }
  })
}

/** Those that the documents answer: the others have no say, unless there is none. */
function answeredParts<Part>(parts: readonly Part[], isInDocuments: (part: Part) => boolean): readonly Part[] {
  const answered = parts.filter(isInDocuments)
  return answered.length === 0 ? parts : answered
}

type JudgedPart = { part: EvidencePart; sentences: PartSentence[] }

/** Features to probabilities to an order. */
function judge(question: Question, read: readonly ReadPassage[], basis: EvidenceBasis): JudgedPart {
  const { passages, sentences } = shareOut(read, basis)
  const probability = answerableProbability(passages, basis)
  return {
    part: {
      question,
      passages,
      bestShare: sentences[0]?.share ?? 0,
      probability,
      isInDocuments: probability >= answerThreshold(basis),
    },
    sentences,
  }
}

/** The sentences of all parts, best first. What is read for two parts is one sentence. */
function mergeSentences(parts: readonly JudgedPart[]): ScoredSentence[] {
  const counted = answeredParts(parts, ({ part }) => part.isInDocuments)
  const merged = new Map<string, ScoredSentence>()
  for (const judged of counted) {
    const place = parts.indexOf(judged)
    for (const { share, ...sentence } of judged.sentences) {
      const key = `${sentence.passage.chunk.documentId} ${String(sentence.span.startOffset)}`
      const known = merged.get(key)
      const shares = (known?.shares ?? parts.map(() => 0)).map((own, index) => (index === place ? share : own))
      const probability = (known?.probability ?? 0) + share / counted.length
      merged.set(key, { ...(known ?? sentence), shares, probability })
    }
  }
  return [...merged.values()].sort((left, right) => right.probability - left.probability)
}

export type PartSentence = Omit<ScoredSentence, 'shares' | 'probability'> & {
  /** Probability that it is the answer to the part, if one sentence is: they sum to 1. */
  share: number
}

/** The passages and all their sentences with their probabilities, both best first. */
export function shareOut(
  read: readonly ReadPassage[],
  basis: EvidenceBasis,
): { passages: ScoredPassage[]; sentences: PartSentence[] } {
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
  const sentences = candidates.flatMap(({ place, sentence, features }, index): PartSentence[] => {
    const passage = passages[place]
    const share = shares[index] ?? 0
    if (passage === undefined) return []
    passage.share += share
    return [{ ...sentence, passage, features, share }]
  })
  return {
    passages: passages.sort((left, right) => right.share - left.share),
    sentences: sentences.sort((left, right) => right.share - left.share),
  }
}

/** Chunks by their best passage for each part, fused with the order of retrieval, which knows more of them. */
function rankSources(
  parts: readonly EvidencePart[],
  chunks: readonly SourceChunk[],
  limit: number,
): Evidence['sources'] {
  const judged = answeredParts(parts, ({ isInDocuments }) => isInDocuments).map(({ passages }) => [
    ...new Map(passages.map((passage) => [passage.chunk.id, passage.chunk])).values(),
  ])
  return fuseRanks([...judged, ...judged, chunks], (chunk) => chunk.id)
    .slice(0, limit)
    .map(({ item, score }) => ({ chunk: item, score }))
}
