/**
 * Fits subgraphs/knowledge/domain/evidence-coefficients.ts on the calibration questions and prints what each setting
 * gives under cross-validation by question. It reads no other question set.
 *
 *   TRIBUTARY_BENCH_MODELS=DIR node test/bench/questions/fit-evidence.ts QUESTIONS.jsonl CONTENT_DIR [--write]
 *
 * Every answerable question is asked twice: over all documents, and with the chunks that hold its answer taken out, which
 * makes a near-miss of the most faithful kind. Passages and sentences are right when they hold an expected string in a
 * right document.
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { distinctChunks, passageForModel } from '../../../subgraphs/knowledge/domain/answer-passages.ts'
import type { DocumentContent } from '../../../subgraphs/knowledge/domain/chunk-document.ts'
import { passageFeatures, sentenceFeatures } from '../../../subgraphs/knowledge/domain/evidence-features.ts'
import type {
  FeatureInput,
  PassageFeatures,
  SentenceFeatures,
} from '../../../subgraphs/knowledge/domain/evidence-features.ts'
import type { EvidenceBasis } from '../../../subgraphs/knowledge/domain/evidence-model.ts'
import { preparePassages } from '../../../subgraphs/knowledge/domain/gather-evidence.ts'
import { cosine } from '../../../subgraphs/knowledge/domain/source-chunk.ts'
import { understandQuestion } from '../../../subgraphs/knowledge/domain/understand-question.ts'
import { createInMemorySearch } from './in-memory-search.ts'
import { openLocalModels } from './local-models.ts'
import { fitConditionalLogit } from './conditional-logit.ts'
import { fitLogisticRegression } from './logistic-regression.ts'
import type { Sample } from './logistic-regression.ts'
import { holdsAny, holdsExpected } from './score-answers.ts'
import type { TestQuestion } from './score-answers.ts'

type Asked = { question: TestQuestion; isRemoved: boolean; inputs: FeatureInput[] }

const passageKeys = [
  'relevance',
  'similarity',
  'coverage',
  'chunkCoverage',
  'focusCoverage',
  'expectation',
  'retrieval',
  'absence',
] as const satisfies readonly (keyof PassageFeatures)[]
const sentenceKeys = [
  'relevance',
  'similarity',
  'coverage',
  'neighbourCoverage',
  'expectation',
  'novelty',
  'emptiness',
  'length',
] as const satisfies readonly (keyof SentenceFeatures)[]
/**
 * Columns each model may use, by cross-validation: with a reranker, words in common only hurt questions that are asked in
 * other words than the document's, so its order rests on relevance, the searches and the kind of thing asked for.
 */
const orderColumns: Readonly<Record<EvidenceBasis, readonly (keyof PassageFeatures)[]>> = {
  reranked: ['relevance', 'expectation', 'retrieval'],
  embedded: ['similarity', 'coverage', 'chunkCoverage', 'focusCoverage', 'expectation', 'retrieval'],
  lexical: ['coverage', 'chunkCoverage', 'focusCoverage', 'expectation', 'retrieval'],
}
const decisionColumns: Readonly<Record<EvidenceBasis, readonly (keyof PassageFeatures)[]>> = {
  reranked: ['relevance', 'focusCoverage', 'expectation', 'absence'],
  embedded: ['similarity', 'coverage', 'focusCoverage', 'expectation', 'retrieval', 'absence'],
  lexical: ['coverage', 'focusCoverage', 'expectation', 'retrieval', 'absence'],
}
const only = (row: readonly number[], columns: readonly (keyof PassageFeatures)[]): number[] =>
  row.map((value, place) => (columns.some((column) => column === passageKeys[place]) ? value : 0))

const bases: readonly EvidenceBasis[] = ['reranked', 'embedded', 'lexical']
const folds = 5
/** Share of the near-misses to be refused; what is outside the documents altogether is refused far below it. */
const refusedShare = 0.5

const [questionFile, contentFolder, ...flags] = process.argv.slice(2)
const modelFolder = process.env['TRIBUTARY_BENCH_MODELS']
if (questionFile === undefined || contentFolder === undefined || modelFolder === undefined)
  throw new Error('usage: see the head of this file')
const questions = readFileSync(questionFile, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as TestQuestion)
const documents = readdirSync(contentFolder)
  .filter((name) => name.endsWith('.json'))
  .sort()
  .map((name) => ({
    id: name.slice(0, -5),
    content: JSON.parse(readFileSync(join(contentFolder, name), 'utf8')) as DocumentContent,
  }))
const cache = join(
  modelFolder,
  'cache',
  `asked-${createHash('sha256').update(readFileSync(questionFile)).digest('hex').slice(0, 12)}.json`,
)
const asked: Asked[] = existsSync(cache)
  ? (JSON.parse(readFileSync(cache, 'utf8'), reviveCollections) as Asked[])
  : await askAll(modelFolder)

async function askAll(folder: string): Promise<Asked[]> {
  const models = await openLocalModels(folder)
  const index = await createInMemorySearch(documents, models.embedCached)
  const all: Asked[] = []
  for (const question of questions) {
    for (const isRemoved of question.answerable ? [false, true] : [false]) {
      const found = await index.search(
        question.question,
        40,
        isRemoved ? (text) => holdsAnswer(question, text) : undefined,
      )
      const { inputs } = preparePassages(understandQuestion(question.question), distinctChunks(found).slice(0, 24), 16)
      const texts = inputs.map((input) => passageForModel(input.passage))
      const logits = (await models.rerank?.(question.question, texts)) ?? []
      const [own, ...vectors] = await models.embed([question.question, ...texts])
      const measured = inputs.map((input, place) => {
        const vector = vectors[place]
        return {
          ...input,
          logit: logits[place] ?? null,
          similarity: own === undefined || vector === undefined ? 0 : cosine(own, vector),
        }
      })
      all.push({ question, isRemoved, inputs: measured })
    }
  }
  writeFileSync(
    cache,
    JSON.stringify(all, (_key, value: unknown) =>
      value instanceof Set ? { set: [...value] } : value instanceof Map ? { map: [...value] } : value,
    ),
  )
  return all
}

/** Sets and maps survive the cache file. */
function reviveCollections(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if ('set' in value && Array.isArray(value.set)) return new Set(value.set)
  if ('map' in value && Array.isArray(value.map)) return new Map(value.map as [unknown, unknown][])
  return value
}

/** The chunk holds the answer: an expected string that is telling enough, or five words in a row of the quote. */
function holdsAnswer(question: TestQuestion, text: string): boolean {
  if (question.expected.some((string) => string.length >= 5 && holdsAny(text, [string]))) return true
  const words = question.quote.toLowerCase().split(/\s+/u)
  const flat = text.toLowerCase().replace(/\s+/gu, ' ')
  return words.some((_, start) => start + 5 <= words.length && flat.includes(words.slice(start, start + 5).join(' ')))
}

const isRight = (entry: Asked, documentId: string, text: string): boolean =>
  entry.question.answerable &&
  !entry.isRemoved &&
  entry.question.documentIds.includes(documentId) &&
  holdsExpected(entry.question, text)

type Listed = { rows: number[][]; isRight: boolean[] }

/** The passages of one question, best model order unknown. */
function listed(entry: Asked, basis: EvidenceBasis): Listed {
  return {
    rows: entry.inputs.map((input) => {
      const features = passageFeatures(forBasis(input, basis))
      return passageKeys.map((key) => features[key])
    }),
    isRight: entry.inputs.map((input) => isRight(entry, input.passage.chunk.documentId, input.passage.text)),
  }
}

/** Only within passages that hold the answer: which of their sentences is it? */
function sentenceSamples(entries: readonly Asked[], basis: EvidenceBasis): Sample[] {
  return entries.flatMap((entry) =>
    entry.inputs
      .filter((input) => isRight(entry, input.passage.chunk.documentId, input.passage.text))
      .flatMap((input) =>
        input.passage.sentences.map((sentence): Sample => {
          const features = sentenceFeatures(forBasis(input, basis), sentence)
          return {
            features: sentenceKeys.map((key) => features[key]),
            label: isRight(entry, input.passage.chunk.documentId, sentence.text) ? 1 : 0,
            weight: 1,
          }
        }),
      ),
  )
}

function forBasis(input: FeatureInput, basis: EvidenceBasis): FeatureInput {
  return {
    ...input,
    logit: basis === 'reranked' ? input.logit : null,
    similarity: basis === 'embedded' ? input.similarity : 0,
  }
}

const dot = (coefficients: readonly number[], row: readonly number[]): number =>
  row.reduce((sum, value, place) => sum + value * (coefficients[place] ?? 0), 0)
const probabilityOf = (coefficients: readonly number[], row: readonly number[]): number =>
  1 / (1 + Math.exp(-(coefficients[0] ?? 0) - dot(coefficients.slice(1), row)))

const fitOrder = (entries: readonly Asked[], basis: EvidenceBasis): number[] =>
  fitConditionalLogit(
    entries.map((entry) => {
      const { rows, isRight: rights } = listed(entry, basis)
      return { rows: rows.map((row) => only(row, orderColumns[basis])), isRight: rights }
    }),
    0.5,
  )

/** The row that decides: of the best passage, with the greatest relevance and similarity of all (as `decisiveFeatures`). */
function decisive(
  order: readonly number[],
  { rows, isRight: rights }: Listed,
): { row: number[]; isBestRight: boolean } {
  const scores = rows.map((row) => dot(order, row))
  const best = scores.indexOf(Math.max(...scores))
  const row = [...(rows[best] ?? passageKeys.map(() => 0))]
  row[0] = Math.max(...rows.map((other) => other[0] ?? 0))
  row[1] = Math.max(...rows.map((other) => other[1] ?? 0))
  return { row, isBestRight: rights[best] ?? false }
}

function fitDecision(entries: readonly Asked[], basis: EvidenceBasis, order: readonly number[]): number[] {
  const samples = entries.map((entry): Sample => {
    const isAnswerable = entry.question.answerable && !entry.isRemoved
    // A question whose answer was taken out may be answered elsewhere, and one from outside is easy: half a voice each.
    const weight = entry.isRemoved || entry.question.kind === 'unanswerable' ? 0.5 : 1
    return {
      features: only(decisive(order, listed(entry, basis)).row, decisionColumns[basis]),
      label: isAnswerable ? 1 : 0,
      weight,
    }
  })
  return fitLogisticRegression(samples, 1)
}

const output: string[] = []
for (const basis of bases) {
  // Cross-validation by question: the asked-twice pair is always on the same side.
  const held: { entry: Asked; probability: number; isBestRight: boolean }[] = []
  for (let fold = 0; fold < folds; fold += 1) {
    const foldOf = (entry: Asked): number =>
      questions.findIndex((question) => question.id === entry.question.id) % folds
    const training = asked.filter((entry) => foldOf(entry) !== fold)
    const order = fitOrder(training, basis)
    const decision = fitDecision(training, basis, order)
    for (const entry of asked.filter((other) => foldOf(other) === fold)) {
      const { row, isBestRight } = decisive(order, listed(entry, basis))
      held.push({ entry, probability: probabilityOf(decision, only(row, decisionColumns[basis])), isBestRight })
    }
  }
  const answerable = held.filter(({ entry }) => entry.question.answerable && !entry.isRemoved)
  const removed = held.filter(({ entry }) => entry.isRemoved)
  const nearMiss = held.filter(({ entry }) => entry.question.kind === 'near-miss')
  const outside = held.filter(({ entry }) => entry.question.kind === 'unanswerable')
  const share = (entries: typeof held, isCounted: (entry: (typeof held)[number]) => boolean): string =>
    (entries.filter(isCounted).length / Math.max(1, entries.length)).toFixed(2)
  console.log(`\n${basis}: best passage right ${share(answerable, (entry) => entry.isBestRight)}`)
  for (const threshold of [0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65]) {
    const isRefused = (entry: { probability: number }): boolean => entry.probability < threshold
    console.log(
      `  threshold ${threshold.toFixed(2)}: answered and best passage right ${share(answerable, (entry) => entry.isBestRight && !isRefused(entry))}, wrongly refused ${share(answerable, isRefused)}; refused: near-miss ${share(nearMiss, isRefused)}, answer removed ${share(removed, isRefused)}, outside ${share(outside, isRefused)}`,
    )
  }
  const order = [0, ...fitOrder(asked, basis)]
  const sentence = fitLogisticRegression(sentenceSamples(asked, basis), 1)
  const decision = fitDecision(asked, basis, order.slice(1))
  const threshold = chooseThreshold(nearMiss.map((entry) => entry.probability))
  const object = (keys: readonly string[], values: readonly number[]): string =>
    `{ intercept: ${(values[0] ?? 0).toFixed(3)}, ${keys.map((key, place) => `${key}: ${(values[place + 1] ?? 0).toFixed(3)}`).join(', ')} }`
  const model = `  ${basis}: {\n passage: ${object(passageKeys, order)},\n sentence: ${object(sentenceKeys, sentence)},\n answerable: ${object(passageKeys, decision)},\n threshold: ${threshold.toFixed(3)} },`
  console.log(model)
  output.push(model)
}

/** The lowest threshold that refuses the wanted share of the near-misses under cross-validation. */
function chooseThreshold(nearMisses: readonly number[]): number {
  const sorted = nearMisses.toSorted((left, right) => left - right)
  return (sorted[Math.floor(sorted.length * refusedShare)] ?? 0.5) + 0.001
}

if (flags.includes('--write')) {
  const file = new URL('../../../subgraphs/knowledge/domain/evidence-coefficients.ts', import.meta.url)
  const source = readFileSync(file, 'utf8')
  const marker = 'export const evidenceCoefficients'
  writeFileSync(
    file,
    `${source.slice(0, source.indexOf(marker))}${marker}: Readonly<Record<EvidenceBasis, EvidenceCoefficients>> = {\n${output.join('\n')}\n}\n`,
  )
}
