// The labelled pairs of test/fixtures/sentences-verification/, each judged by the rules and measured by the embedding model as the product
// does it: first by words, then by similarity, which is not asked for where the quote holds the sentence as it stands.
import { readFile } from 'node:fs/promises'
import { cosine } from '../../../subgraphs/knowledge/domain/source-chunk.ts'
import { collapseWhitespace } from '../../../subgraphs/knowledge/domain/text-span.ts'
import type { VerificationThresholds } from '../../../subgraphs/knowledge/domain/thresholds.ts'
import { createVerifySentence } from '../../../subgraphs/knowledge/domain/verify-sentence.ts'
import type { SentenceSupport } from '../../../subgraphs/knowledge/domain/verify-sentence.ts'
import type { VectorCache } from '../corpus/vector-cache.ts'

export interface LabelledPair {
  id: string
  part: 'fit' | 'held-out'
  sentence: string
  quote: string
  documentId: string
  label: 'supported' | 'unsupported'
  change: string
}

export interface MeasuredPair extends LabelledPair {
  /** Why the rules refuse it, thresholds aside. */
  faults: readonly string[]
  coverage: number
  /** Null where the product would not ask for it. */
  similarity: number | null
}

export const PAIRS = new URL('../../fixtures/sentences-verification/sentences.jsonl', import.meta.url)

export async function readPairs(): Promise<LabelledPair[]> {
  const lines = (await readFile(PAIRS, 'utf8')).trim().split('\n')
  return lines.map((line) => JSON.parse(line) as LabelledPair)
}

/** So low that only the rules refuse. */
const none: VerificationThresholds = {
  coverage: 0,
  coverageOfParaphrase: 0,
  similarityOfParaphrase: 1,
  similarity: -1,
}

export async function measurePairs(pairs: readonly LabelledPair[], vectors: VectorCache): Promise<MeasuredPair[]> {
  const verifySentence = createVerifySentence({ thresholds: none })
  const supports = pairs.map((pair) => verifySentence({ text: pair.sentence }, [sourceOf(pair)]))
  const texts = new Set(
    pairs.flatMap((pair, index) => {
      const quote = supports[index]?.quote
      return quote === undefined ? [] : [collapseWhitespace(pair.sentence), collapseWhitespace(quote)]
    }),
  )
  const embedded = await vectors.embed([...texts])
  const vectorOf = new Map([...texts].map((text, index) => [text, embedded[index]!]))
  return pairs.map((pair, index) => {
    const support = supports[index] ?? null
    return {
      ...pair,
      faults: support === null ? ['NO_SUPPORT'] : support.failures,
      coverage: support?.coverage ?? 0,
      similarity: support === null ? null : similarityOf(pair, support, vectorOf),
    }
  })
}

function similarityOf(
  { sentence }: LabelledPair,
  support: SentenceSupport,
  vectorOf: ReadonlyMap<string, Float32Array>,
): number | null {
  const claim = collapseWhitespace(sentence)
  const quote = collapseWhitespace(support.quote)
  return quote.includes(claim) ? null : cosine(vectorOf.get(claim)!, vectorOf.get(quote)!)
}

function sourceOf({ id, documentId, quote }: LabelledPair) {
  return {
    id,
    documentId,
    documentTitle: null,
    headings: [],
    text: quote,
    startOffset: 0,
    endOffset: quote.length,
    denseRank: 1,
    lexicalRank: 1,
    denseSimilarity: null,
  }
}
