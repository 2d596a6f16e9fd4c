/**
 * Fits what answering decides by: `subgraphs/knowledge/domain/evidence-coefficients.ts` and, on the hidden states of the cross-encoder,
 * `subgraphs/models/adapters/reading-heads.generated.ts`. It reads the training and the calibration questions and no others. Some ten minutes.
 *
 *   node test/bench/questions/fit-evidence.ts [--write] [--set questions-training …]
 *
 * What it is worth on documents it was not fitted on:
 *
 *   node test/bench/questions/fit-evidence.ts --write --set questions-training
 *   node test/bench/questions/in-process.ts --set questions-calibration
 *   node test/bench/questions/fit-evidence.ts --write
 */
import { parseArgs } from 'node:util'
import {
  preselectionFeatures,
  sentenceFeatures,
  withReading,
} from '../../../subgraphs/knowledge/domain/evidence-features.ts'
import type {
  PassageFeatures,
  PreselectionFeatures,
  SentenceFeatures,
} from '../../../subgraphs/knowledge/domain/evidence-features.ts'
import { decisiveFeatures } from '../../../subgraphs/knowledge/domain/evidence-model.ts'
import type { EvidenceBasis } from '../../../subgraphs/knowledge/domain/evidence-model.ts'
import { encodeWeights } from '../../../subgraphs/models/adapters/reading-heads.ts'
import { askAll, readPassages } from './asked-questions.ts'
import type { AskedPassage, AskedQuestion } from './asked-questions.ts'
import { dot, fitConditionalLogit } from './conditional-logit.ts'
import type { Choice } from './conditional-logit.ts'
import { fitLogisticRegression, probabilityOf } from './logistic-regression.ts'
import type { Sample } from './logistic-regression.ts'
import { openQuestionModels } from './models.ts'
import { fitRidgeRegression } from './ridge-regression.ts'
import { folded, meanOf, standardOf, standardised } from './standardise.ts'
import { writeGenerated } from './write-generated.ts'

const ALL_SETS = ['questions-training', 'questions-calibration']
const BASES: readonly EvidenceBasis[] = ['reranked', 'embedded', 'lexical']

/** Columns each model may use: with a reranker, words in common only hurt questions asked in other words than the document's. */
const preselectionKeys = {
  embedded: [
    'similarity',
    'coverage',
    'chunkCoverage',
    'focusCoverage',
    'expectation',
    'lexicalPrior',
    'densePrior',
    'trustedCoverage',
    'trustedChunkCoverage',
    'trustedLexicalPrior',
    'distrustedDensePrior',
  ],
  lexical: ['coverage', 'chunkCoverage', 'focusCoverage', 'expectation', 'lexicalPrior'],
} as const satisfies Record<string, readonly (keyof PreselectionFeatures)[]>
const passageKeys: Readonly<Record<EvidenceBasis, readonly (keyof PassageFeatures)[]>> = {
  reranked: ['relevance', 'similarity', 'expectation', 'names', 'retrieval'],
  embedded: ['similarity', 'coverage', 'chunkCoverage', 'focusCoverage', 'expectation', 'retrieval'],
  lexical: ['coverage', 'chunkCoverage', 'focusCoverage', 'expectation', 'retrieval'],
}
const decisionKeys: Readonly<Record<EvidenceBasis, readonly (keyof PassageFeatures)[]>> = {
  reranked: ['relevance', 'similarity', 'focusCoverage', 'expectation', 'absence'],
  embedded: ['similarity', 'coverage', 'focusCoverage', 'expectation', 'retrieval', 'absence'],
  lexical: ['coverage', 'focusCoverage', 'expectation', 'retrieval', 'absence'],
}
const sentenceKeys = [
  'coverage',
  'neighbourCoverage',
  'expectation',
  'names',
  'novelty',
  'emptiness',
  'length',
] as const satisfies readonly (keyof SentenceFeatures)[]
const allPassageKeys: readonly (keyof PassageFeatures)[] = [
  'relevance',
  'answering',
  'answerability',
  'similarity',
  'coverage',
  'chunkCoverage',
  'focusCoverage',
  'expectation',
  'names',
  'retrieval',
  'absence',
]

/** Passages that are looked at: the default of gather-evidence.ts. */
const PASSAGES = 12
/** L2 penalties of a plain column, and of a standardised hidden state: by what predicted best across the two sets; the last is judgement. */
const PLAIN_PENALTY = 1
const HIDDEN_PENALTY = 200
const DECISION_PENALTY = 200
const RELEVANCE_PENALTY = 10
/** Share of the near-misses to be refused; what is outside the documents altogether is refused far below it. */
const REFUSED_SHARE = 0.45
const FOLDS = 4

const { values: flags } = parseArgs({
  options: {
    write: { type: 'boolean', default: false },
    set: { type: 'string', multiple: true, default: ALL_SETS },
  },
})

await using models = await openQuestionModels({ withLogits: true })
const asked: AskedQuestion[] = []
for (const set of flags.set)
  asked.push(
    ...(await askAll(
      set,
      ALL_SETS.find((other) => other !== set)!,
      models,
    )),
  )
const answerable = asked.filter(({ kind }) => kind === 'answerable')
console.log(`${asked.length} questions as asked, ${answerable.length} with an answer`)

// 1. Which passages are read.
const preselection = Object.fromEntries(
  (['lexical', 'embedded'] as const).map((basis) => {
    const keys = preselectionKeys[basis]
    const rowsOf = ({ passages }: AskedQuestion) =>
      preselectionFeatures(passages).map((features) => Float32Array.from(keys, (key) => features[key]))
    const weights = fitConditionalLogit(
      answerable.map((entry) => ({
        rows: rowsOf(entry),
        isRight: entry.passages.map(({ isRight }) => isRight),
      })),
      keys.map(() => PLAIN_PENALTY),
    )
    for (const entry of asked) {
      const scores = new Map(rowsOf(entry).map((row, place) => [entry.passages[place]!, dot(weights, row)]))
      entry.passages.sort((left, right) => scores.get(right)! - scores.get(left)!)
    }
    const found = (limit: number) =>
      answerable.filter(({ passages }) => passages.slice(0, limit).some(({ isRight }) => isRight)).length
    console.log(`${basis}: a right passage among the first 3: ${found(3)}, 8: ${found(8)}, 16: ${found(16)}`)
    return [basis, { ...zeros(preselectionKeys.embedded), ...named(keys, weights) }]
  }),
)
for (const entry of asked) {
  await readPassages(entry, PASSAGES, models)
}

// 2. How relevant all layers of the cross-encoder would call a passage.
const statesOf = ({ hidden }: AskedPassage): Float32Array => hidden!.passage
const relevanceHead = fitRelevance(asked.flatMap(({ passages }) => passages.slice(0, PASSAGES)))

// 3. Which sentence is the answer.
const read = answerable.flatMap(({ passages }) => passages.slice(0, PASSAGES))
const passageStandard = standardOf(read.map(statesOf))
const sentenceStandard = standardOf(read.flatMap(({ hidden }) => hidden!.sentences.filter((states) => states !== null)))

function answerChoice({ passages }: AskedQuestion, basis: EvidenceBasis): Choice {
  const looked = passages.slice(0, PASSAGES)
  return {
    rows: looked.flatMap((passage) => {
      const own = passageKeys[basis].map((key) => passage.features[key])
      const whole = basis === 'reranked' ? standardised(statesOf(passage), passageStandard) : []
      return passage.input.passage.sentences.map((sentence, place) => {
        const features = sentenceFeatures(passage.input, sentence)
        const states = basis === 'reranked' ? standardised(passage.hidden!.sentences[place]!, sentenceStandard) : []
        return Float32Array.from([...own, ...sentenceKeys.map((key) => features[key]), ...whole, ...states])
      })
    }),
    isRight: looked.flatMap(({ rightSentences }) => rightSentences),
  }
}

const answers = new Map(
  BASES.map((basis) => {
    const plain = passageKeys[basis].length + sentenceKeys.length
    const choices = answerable.map((entry) => answerChoice(entry, basis))
    const width = choices.find(({ rows }) => rows.length > 0)!.rows[0]!.length
    const penalties = Array.from({ length: width }, (_, place) => (place < plain ? PLAIN_PENALTY : HIDDEN_PENALTY))
    return [basis, fitConditionalLogit(choices, penalties)] as const
  }),
)

/** The passages that are looked at, in the order of the shares of their sentences. */
function ranked(entry: AskedQuestion, basis: EvidenceBasis): AskedPassage[] {
  const scores = answerChoice(entry, basis).rows.map((row) => dot(answers.get(basis)!, row))
  const highest = Math.max(...scores)
  let place = 0
  const shares = entry.passages.slice(0, PASSAGES).map((passage) => {
    const count = passage.input.passage.sentences.length
    const share = scores.slice(place, place + count).reduce((sum, score) => sum + Math.exp(score - highest), 0)
    place += count
    return { passage, share }
  })
  return shares.sort((left, right) => right.share - left.share).map(({ passage }) => passage)
}

// 4. Whether there is an answer.
function decisionSamples(basis: EvidenceBasis): (Sample & { entry: AskedQuestion })[] {
  return asked.flatMap((entry) => {
    const passages = ranked(entry, basis)
    const features = decisiveFeatures(passages)
    if (features === null) return []
    const isPositive = entry.kind === 'answerable'
    // An answer that is not found is wrong whatever is decided: such questions would only teach that irrelevant passages answer.
    if (isPositive && !passages.slice(0, 3).some(({ isRight }) => isRight)) return []
    const own = decisionKeys[basis].map((key) => features[key])
    const hidden = basis === 'reranked' ? standardised(meanOf(passages.map(statesOf)), passageStandard) : []
    // A question whose answer was taken out may be answered elsewhere: half a voice.
    const weight = entry.kind === 'removed' ? 0.5 : 1
    return [{ entry, row: Float32Array.from([...own, ...hidden]), isPositive, weight }]
  })
}

const decisions = new Map(
  BASES.map((basis) => {
    const samples = decisionSamples(basis)
    const plain = decisionKeys[basis].length
    const penalties = Array.from(samples[0]!.row, (_, place) => (place < plain ? 0.1 : DECISION_PENALTY))
    const subjects = [...new Set(samples.map(({ entry }) => entry.subject))].sort()
    const held = Array.from({ length: FOLDS }, (_, fold) => {
      const isHeld = ({ entry }: { entry: AskedQuestion }) => subjects.indexOf(entry.subject) % FOLDS === fold
      const weights = fitLogisticRegression(
        samples.filter((sample) => !isHeld(sample)),
        penalties,
      )
      return samples.filter(isHeld).map(({ entry, row }) => ({ entry, probability: probabilityOf(weights, row) }))
    }).flat()
    const of = (kind: AskedQuestion['kind']) =>
      held.filter(({ entry }) => entry.kind === kind).map(({ probability }) => probability)
    const nearMisses = of('near-miss').sort((left, right) => left - right)
    const threshold = nearMisses[Math.floor(nearMisses.length * REFUSED_SHARE)]! + 0.001
    for (const tried of [0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, threshold]) {
      const below = (kind: AskedQuestion['kind']) =>
        `${((of(kind).filter((probability) => probability < tried).length / Math.max(1, of(kind).length)) * 100).toFixed(0)} %`
      console.log(
        `${basis}, threshold ${tried.toFixed(3)}: refused with the answer at hand ${below('answerable')}, near-miss ${below('near-miss')}, answer taken out ${below('removed')}, outside ${below('outside')}`,
      )
    }
    return [basis, { weights: fitLogisticRegression(samples, penalties), threshold }] as const
  }),
)

if (flags.write) {
  const models = BASES.map((basis) => {
    const answer = answers.get(basis)!
    const { weights, threshold } = decisions.get(basis)!
    const passage = named(passageKeys[basis], answer)
    const sentence = named(sentenceKeys, answer.subarray(passageKeys[basis].length))
    const answerable = named(decisionKeys[basis], weights)
    const heads = basis === 'reranked' ? 1 : 0
    return [
      basis,
      {
        answer: {
          passage: { ...zeros(allPassageKeys), ...passage, answering: heads },
          sentence: { answering: heads, ...sentence },
        },
        answerable: {
          intercept: round(weights.at(-1)!),
          ...zeros(allPassageKeys),
          ...answerable,
          answerability: heads,
        },
        threshold: round(threshold),
      },
    ]
  })
  await writeGenerated('subgraphs/knowledge/domain/evidence-coefficients.ts', [
    ['preselectionCoefficients', preselection],
    ['evidenceCoefficients', Object.fromEntries(models)],
  ])
  const answer = answers.get('reranked')!
  const decision = decisions.get('reranked')!.weights
  const first = passageKeys.reranked.length + sentenceKeys.length
  const middle = first + passageStandard.mean.length
  await writeGenerated('subgraphs/models/adapters/reading-heads.generated.ts', [
    [
      'headWeights',
      {
        relevance: encodeWeights(relevanceHead),
        answering: encodeWeights(folded(answer.subarray(first, middle), passageStandard)),
        answerability: encodeWeights(folded(decision.subarray(decisionKeys.reranked.length, -1), passageStandard)),
        sentence: encodeWeights(folded(answer.subarray(middle), sentenceStandard)),
      },
    ],
  ])
}

/** Fits the head, and gives each passage the relevance that it reads from it, as it will be read. */
function fitRelevance(passages: readonly AskedPassage[]): number[] {
  const standard = standardOf(passages.map(statesOf))
  const logits = passages.map(({ hidden }) => hidden!.logit!)
  const rows = passages.map((passage) => standardised(statesOf(passage), standard))
  const weights = fitRidgeRegression(rows, logits, RELEVANCE_PENALTY)
  const head = folded(weights.subarray(0, -1), standard)
  head[head.length - 1]! += weights.at(-1)!
  const scores = passages.map((passage) => dot(head, [...statesOf(passage), 1]))
  for (const [place, passage] of passages.entries()) {
    // What the other heads would say is not known yet: it is what is fitted.
    const reading = { score: scores[place]!, answering: 0, answerability: 0, sentences: [] }
    passage.features = withReading(passage.features, reading)
  }
  const mean = logits.reduce((sum, logit) => sum + logit, 0) / logits.length
  const sumOfSquares = (deviationOf: (place: number) => number) =>
    logits.reduce((sum, _, place) => sum + deviationOf(place) ** 2, 0)
  const explained =
    1 - sumOfSquares((place) => scores[place]! - logits[place]!) / sumOfSquares((place) => logits[place]! - mean)
  console.log(`relevance of all layers, explained by the head: ${(explained * 100).toFixed(1)} % of its variance`)
  return head
}

function named(keys: readonly string[], weights: ArrayLike<number>): Record<string, number> {
  return Object.fromEntries(keys.map((key, place) => [key, round(weights[place] ?? 0)]))
}

function zeros(keys: readonly string[]): Record<string, number> {
  return Object.fromEntries(keys.map((key) => [key, 0]))
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000
}
