/**
 * Fits subgraphs/knowledge/domain/evidence-coefficients.ts on the calibration questions and prints what each setting
 * gives under cross-validation by question. It reads no other question set.
 *
 *   node test/bench/questions/fit-evidence.ts [--write]
 *
 * Every answerable question is asked twice: over all documents, and with the chunks that hold its answer taken out, which
 * makes a near-miss of the most faithful kind. Passages and sentences are right when they hold an expected string in a
 * right document.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { distinctChunks, passageForModel } from '../../../subgraphs/knowledge/domain/answer-passages.ts'
import { sentenceFeatures, withRelevance } from '../../../subgraphs/knowledge/domain/evidence-features.ts'
import type { PassageFeatures, SentenceFeatures } from '../../../subgraphs/knowledge/domain/evidence-features.ts'
import { decisiveFeatures } from '../../../subgraphs/knowledge/domain/evidence-model.ts'
import type { EvidenceBasis } from '../../../subgraphs/knowledge/domain/evidence-model.ts'
import { preparePassages } from '../../../subgraphs/knowledge/domain/gather-evidence.ts'
import type { PreparedPassage } from '../../../subgraphs/knowledge/domain/gather-evidence.ts'
import { understandQuestion } from '../../../subgraphs/knowledge/domain/understand-question.ts'
import { fitConditionalLogit } from './conditional-logit.ts'
import { questionContents, readQuestions } from './documents.ts'
import { createInMemorySearch } from './in-memory-search.ts'
import { fitLogisticRegression } from './logistic-regression.ts'
import type { Sample } from './logistic-regression.ts'
import { openQuestionModels } from './models.ts'
import { holdsAny, holdsExpected } from './score-answers.ts'
import type { TestQuestion } from './score-answers.ts'

const SET = 'questions-calibration'

type JudgedPassage = PreparedPassage & { isRight: boolean; isRead: boolean }
type Asked = { question: TestQuestion; isRemoved: boolean; passages: JudgedPassage[] }

const passageKeys = [
  'relevance',
  'similarity',
  'coverage',
  'chunkCoverage',
  'focusCoverage',
  'expectation',
  'names',
  'retrieval',
  'absence',
] as const satisfies readonly (keyof PassageFeatures)[]
const sentenceKeys = [
  'coverage',
  'neighbourCoverage',
  'expectation',
  'names',
  'novelty',
  'emptiness',
  'length',
] as const satisfies readonly (keyof SentenceFeatures)[]
/**
 * Columns each model may use, by cross-validation: with a reranker, words in common only hurt questions that are asked in
 * other words than the document's, so its order rests on relevance, the searches and the kind of thing asked for.
 */
const orderColumns: Readonly<Record<EvidenceBasis, readonly (keyof PassageFeatures)[]>> = {
  reranked: ['relevance', 'similarity', 'expectation', 'names', 'retrieval'],
  embedded: ['similarity', 'coverage', 'chunkCoverage', 'focusCoverage', 'expectation', 'retrieval'],
  lexical: ['coverage', 'chunkCoverage', 'focusCoverage', 'expectation', 'retrieval'],
}
const decisionColumns: Readonly<Record<EvidenceBasis, readonly (keyof PassageFeatures)[]>> = {
  reranked: ['relevance', 'similarity', 'focusCoverage', 'expectation', 'absence'],
  embedded: ['similarity', 'coverage', 'focusCoverage', 'expectation', 'retrieval', 'absence'],
  lexical: ['coverage', 'focusCoverage', 'expectation', 'retrieval', 'absence'],
}
const bases: readonly EvidenceBasis[] = ['reranked', 'embedded', 'lexical']
const folds = 5
/** Passages that the cross-encoder reads: the default of gather-evidence.ts. */
const passageLimit = 8
/** Passages that it reads here, best first by the coefficients of before: more, so that the order without it may change. */
const readLimit = 16
/** Share of the near-misses to be refused; what is outside the documents altogether is refused far below it. */
const refusedShare = 0.3

const { values: flags } = parseArgs({ options: { write: { type: 'boolean', default: false } } })
const questions = await readQuestions(SET)
const asked = await askAll()

async function askAll(): Promise<Asked[]> {
  await using models = await openQuestionModels()
  const index = await createInMemorySearch(await questionContents(SET), models.embed)
  const all: Asked[] = []
  for (const question of questions) {
    for (const isRemoved of question.answerable ? [false, true] : [false]) {
      const isExcluded = isRemoved ? (text: string) => holdsAnswer(question, text) : undefined
      const found = await index.search(question.question, 40, isExcluded)
      const prepared = preparePassages(understandQuestion(question.question), distinctChunks(found).slice(0, 24))
      const texts = prepared.slice(0, readLimit).map(({ input }) => passageForModel(input.passage))
      const logits = await models.rerank(question.question, texts)
      const passages = prepared.map(({ input, features }, place) => ({
        input,
        features: place < readLimit ? withRelevance(features, logits[place]!) : features,
        isRead: place < readLimit,
        isRight: !isRemoved && isRight(question, input.passage.chunk.documentId, input.passage.text),
      }))
      all.push({ question, isRemoved, passages })
    }
  }
  return all
}

/** The chunk holds the answer: an expected string that is telling enough, or five words in a row of the quote. */
function holdsAnswer(question: TestQuestion, text: string): boolean {
  if (question.expected.some((string) => string.length >= 5 && holdsAny(text, [string]))) return true
  const words = question.quote.toLowerCase().split(/\s+/u)
  const flat = text.toLowerCase().replace(/\s+/gu, ' ')
  return words.some((_, start) => start + 5 <= words.length && flat.includes(words.slice(start, start + 5).join(' ')))
}

function isRight(question: TestQuestion, documentId: string, text: string): boolean {
  return question.answerable && question.documentIds.includes(documentId) && holdsExpected(question, text)
}

function rowOf(features: PassageFeatures, columns: readonly (keyof PassageFeatures)[]): number[] {
  return passageKeys.map((key) => (columns.includes(key) ? features[key] : 0))
}

/** Only within passages that hold the answer: which of their sentences is it? */
function sentenceSamples(): Sample[] {
  return asked.flatMap(({ question, passages }) =>
    passages
      .filter((passage) => passage.isRight)
      .flatMap(({ input }) =>
        input.passage.sentences.map((sentence): Sample => {
          const features = sentenceFeatures(input, sentence)
          return {
            features: sentenceKeys.map((key) => features[key]),
            label: holdsAny(sentence.text, question.expected) ? 1 : 0,
            weight: 1,
          }
        }),
      ),
  )
}

const dot = (coefficients: readonly number[], row: readonly number[]): number =>
  row.reduce((sum, value, place) => sum + value * (coefficients[place] ?? 0), 0)
const probabilityOf = (coefficients: readonly number[], row: readonly number[]): number =>
  1 / (1 + Math.exp(-(coefficients[0] ?? 0) - dot(coefficients.slice(1), row)))

const fitOrder = (entries: readonly Asked[], basis: EvidenceBasis): number[] =>
  fitConditionalLogit(
    entries.map((entry) => {
      const passages = entry.passages.filter(({ isRead }) => isRead || basis !== 'reranked')
      return {
        rows: passages.map(({ features }) => rowOf(features, orderColumns[basis])),
        isRight: passages.map((passage) => passage.isRight),
      }
    }),
    0.5,
  )

/** The passages that are looked at, best first: what a reranker reads was chosen without it. */
function ranked(entry: Asked, basis: EvidenceBasis, order: readonly number[], firstOrder: readonly number[]) {
  const by = (coefficients: readonly number[], columns: readonly (keyof PassageFeatures)[]) =>
    entry.passages.toSorted(
      (left, right) =>
        dot(coefficients, rowOf(right.features, columns)) - dot(coefficients, rowOf(left.features, columns)),
    )
  if (basis !== 'reranked') return by(order, orderColumns[basis]).slice(0, passageLimit)
  const read = by(firstOrder, orderColumns.embedded)
    .filter(({ isRead }) => isRead)
    .slice(0, passageLimit)
  return by(order, orderColumns.reranked).filter((passage) => read.includes(passage))
}

/** What the decision sees of the passages, best first. */
function decisiveRow(passages: readonly JudgedPassage[], basis: EvidenceBasis): number[] {
  const features = decisiveFeatures(passages)
  return features === null ? passageKeys.map(() => 0) : rowOf(features, decisionColumns[basis])
}

function fitAll(entries: readonly Asked[], basis: EvidenceBasis) {
  const order = fitOrder(entries, basis)
  const firstOrder = fitOrder(entries, 'embedded')
  const decision = fitLogisticRegression(
    entries.flatMap((entry): Sample[] => {
      const isAnswerable = entry.question.answerable && !entry.isRemoved
      const passages = ranked(entry, basis, order, firstOrder)
      // An answer that is not found is wrong whatever is decided: such questions would only teach that irrelevant passages answer.
      if (isAnswerable && !passages.slice(0, 3).some((passage) => passage.isRight)) return []
      // A question whose answer was taken out may be answered elsewhere, and one from outside is easy: half a voice each.
      const weight = entry.isRemoved || entry.question.kind === 'unanswerable' ? 0.5 : 1
      return [{ features: decisiveRow(passages, basis), label: isAnswerable ? 1 : 0, weight }]
    }),
    0.1,
  )
  return { order, firstOrder, decision }
}

const output: string[] = []
for (const basis of bases) {
  // Cross-validation by question: the asked-twice pair is always on the same side.
  const held: { entry: Asked; probability: number; isBestRight: boolean; isAmongThree: boolean }[] = []
  for (let fold = 0; fold < folds; fold += 1) {
    const foldOf = (entry: Asked): number =>
      questions.findIndex((question) => question.id === entry.question.id) % folds
    const { order, firstOrder, decision } = fitAll(
      asked.filter((entry) => foldOf(entry) !== fold),
      basis,
    )
    for (const entry of asked.filter((other) => foldOf(other) === fold)) {
      const passages = ranked(entry, basis, order, firstOrder)
      held.push({
        entry,
        probability: probabilityOf(decision, decisiveRow(passages, basis)),
        isBestRight: passages[0]?.isRight ?? false,
        isAmongThree: passages.slice(0, 3).some((passage) => passage.isRight),
      })
    }
  }
  const answerable = held.filter(({ entry }) => entry.question.answerable && !entry.isRemoved)
  const removed = held.filter(({ entry }) => entry.isRemoved)
  const nearMiss = held.filter(({ entry }) => entry.question.kind === 'near-miss')
  const outside = held.filter(({ entry }) => entry.question.kind === 'unanswerable')
  const share = (entries: typeof held, isCounted: (entry: (typeof held)[number]) => boolean): string =>
    (entries.filter(isCounted).length / Math.max(1, entries.length)).toFixed(2)
  console.log(
    `\n${basis}: best passage right ${share(answerable, (entry) => entry.isBestRight)}, among the first three ${share(answerable, (entry) => entry.isAmongThree)}`,
  )
  const threshold = chooseThreshold(nearMiss.map((entry) => entry.probability))
  for (const tried of [0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, threshold]) {
    const isRefused = (entry: { probability: number }): boolean => entry.probability < tried
    console.log(
      `  threshold ${tried.toFixed(3)}: answered and among the first three ${share(answerable, (entry) => entry.isAmongThree && !isRefused(entry))}, wrongly refused ${share(answerable, isRefused)}; refused: near-miss ${share(nearMiss, isRefused)}, answer removed ${share(removed, isRefused)}, outside ${share(outside, isRefused)}`,
    )
  }
  const { order, decision } = fitAll(asked, basis)
  const model = `  ${basis}: {\n passage: ${objectOf(passageKeys, [0, ...order])},\n answerable: ${objectOf(passageKeys, decision)},\n threshold: ${threshold.toFixed(3)} },`
  console.log(model)
  output.push(model)
}
const sentenceModel = objectOf(sentenceKeys, fitLogisticRegression(sentenceSamples(), 1))
console.log(`\nsentence: ${sentenceModel}`)

function objectOf(keys: readonly string[], values: readonly number[]): string {
  const rest = keys.map((key, place) => `${key}: ${(values[place + 1] ?? 0).toFixed(3)}`)
  return `{ intercept: ${(values[0] ?? 0).toFixed(3)}, ${rest.join(', ')} }`
}

/** The lowest threshold that refuses the wanted share of the near-misses under cross-validation. */
function chooseThreshold(nearMisses: readonly number[]): number {
  const sorted = nearMisses.toSorted((left, right) => left - right)
  return (sorted[Math.floor(sorted.length * refusedShare)] ?? 0.5) + 0.001
}

if (flags.write) {
  const file = new URL('../../../subgraphs/knowledge/domain/evidence-coefficients.ts', import.meta.url)
  const source = readFileSync(file, 'utf8')
  const marker = 'export const evidenceCoefficients'
  writeFileSync(
    file,
    `${source.slice(0, source.indexOf(marker))}${marker}: Readonly<Record<EvidenceBasis, EvidenceCoefficients>> = {\n${output.join('\n')}\n}\n\nexport const sentenceCoefficients: Readonly<Coefficients<SentenceFeatures>> = ${sentenceModel}\n`,
  )
}
