/**
 * Chooses the thresholds of subgraphs/knowledge/domain/thresholds.ts on one part of the labelled pairs, and says what they give
 * on the other, with all other rules active.
 *
 *   [TRIBUTARY_MODELS_DIR=DIR] node test/bench/verification/calibrate.ts [--pairs fit|held-out]
 *
 * The embedding model is the product's own, from the user's cache or, where it is not there yet, from TRIBUTARY_MODELS_DIR or by
 * pip. `--pairs` lists every pair of that part that is judged wrongly; listing the held-out part spoils it.
 */
import { parseArgs } from 'node:util'
import { shortfallsOf, verificationThresholds } from '../../../subgraphs/knowledge/domain/thresholds.ts'
import type { VerificationThresholds } from '../../../subgraphs/knowledge/domain/thresholds.ts'
import { openVectorCache } from '../corpus/vector-cache.ts'
import { measurePairs, readPairs } from './labelled-pairs.ts'
import type { MeasuredPair } from './labelled-pairs.ts'

/** Share of the unsupported sentences that may be verified. */
const TOLERATED_FALSE = 0.02

const { values: options } = parseArgs({ options: { pairs: { type: 'string' } } })
const vectors = await openVectorCache()
const measured = await measurePairs(await readPairs(), vectors)
await vectors[Symbol.asyncDispose]()
const fit = measured.filter(({ part }) => part === 'fit')
const heldOut = measured.filter(({ part }) => part === 'held-out')

const isVerified = (pair: MeasuredPair, thresholds: VerificationThresholds, withModel = true): boolean =>
  pair.faults.length === 0 && shortfallsOf(pair.coverage, withModel ? pair.similarity : null, thresholds).length === 0

function figuresOf(pairs: readonly MeasuredPair[], isCounted: (pair: MeasuredPair) => boolean) {
  const supported = pairs.filter(({ label }) => label === 'supported')
  const unsupported = pairs.filter(({ label }) => label === 'unsupported')
  const right = supported.filter(isCounted).length
  const wrong = unsupported.filter(isCounted).length
  return {
    right,
    wrong,
    recall: right / Math.max(1, supported.length),
    falseRate: wrong / Math.max(1, unsupported.length),
    text: `recall ${share(right, supported.length)}, falsely verified ${share(wrong, unsupported.length)}, precision ${share(right, right + wrong)}`,
  }
}

function share(part: number, whole: number): string {
  return `${String(part)}/${String(whole)} = ${((100 * part) / Math.max(1, whole)).toFixed(1)} %`
}

const range = (from: number, to: number, step: number): number[] =>
  Array.from({ length: Math.round((to - from) / step) + 1 }, (_, index) => Number((from + index * step).toFixed(2)))

const grid: VerificationThresholds[] = range(0.4, 1, 0.05).flatMap((coverage) =>
  [0, 0.3, 0.4, 0.45, 0.5, 0.6].flatMap((similarity) =>
    range(0.7, 0.95, 0.05).flatMap((similarityOfParaphrase) =>
      range(0.3, coverage, 0.1).map((coverageOfParaphrase) => ({
        coverage,
        similarityOfParaphrase,
        coverageOfParaphrase,
        similarity,
      })),
    ),
  ),
)
const settings = grid.map((thresholds) => ({
  thresholds,
  ...figuresOf(fit, (pair) => isVerified(pair, thresholds)),
}))
const tolerated = Math.max(TOLERATED_FALSE, Math.min(...settings.map(({ falseRate }) => falseRate)))
/** The highest recall that is tolerable; of equals the one that verifies least falsely, then the one that asks for most. */
const chosen = settings
  .filter(({ falseRate }) => falseRate <= tolerated)
  .toSorted(
    (left, right) =>
      right.right - left.right ||
      left.wrong - right.wrong ||
      right.thresholds.coverage - left.thresholds.coverage ||
      right.thresholds.coverageOfParaphrase - left.thresholds.coverageOfParaphrase ||
      right.thresholds.similarityOfParaphrase - left.thresholds.similarityOfParaphrase ||
      right.thresholds.similarity - left.thresholds.similarity,
  )[0]
if (chosen === undefined) throw new Error('there are no pairs to choose by')

console.log(`fit: ${String(fit.length)} pairs, held out: ${String(heldOut.length)} pairs\n`)
console.log('fit, rules alone:', figuresOf(fit, ({ faults }) => faults.length === 0).text)
for (const coverage of range(0.4, 1, 0.1)) {
  const without = { coverage, coverageOfParaphrase: 1, similarityOfParaphrase: 1, similarity: -1 }
  console.log(
    `fit, coverage ${coverage.toFixed(2)}: ${figuresOf(fit, (pair) => isVerified(pair, without)).text}; without the other rules: ${figuresOf(fit, (pair) => pair.coverage >= coverage).text}`,
  )
}
console.log(
  `\ntolerated: ${(100 * tolerated).toFixed(1)} % falsely verified; chosen of ${String(grid.length)} settings:`,
)
console.log(JSON.stringify(chosen.thresholds))
for (const [name, pairs] of [
  ['fit', fit],
  ['held out', heldOut],
] as const) {
  console.log(`${name}, chosen: ${figuresOf(pairs, (pair) => isVerified(pair, chosen.thresholds)).text}`)
  console.log(
    `${name}, chosen, no model: ${figuresOf(pairs, (pair) => isVerified(pair, chosen.thresholds, false)).text}`,
  )
  console.log(`${name}, in thresholds.ts: ${figuresOf(pairs, (pair) => isVerified(pair, verificationThresholds)).text}`)
}
console.log('\nverified with the chosen thresholds, by change: fit, held out')
for (const label of ['supported', 'unsupported'] as const)
  for (const change of new Set(measured.filter((pair) => pair.label === label).map((pair) => pair.change))) {
    const counts = [fit, heldOut].map((pairs) => {
      const all = pairs.filter((pair) => pair.label === label && pair.change === change)
      return `${String(all.filter((pair) => isVerified(pair, chosen.thresholds)).length)}/${String(all.length)}`
    })
    console.log(`  ${label} ${change}: ${counts.join(', ')}`)
  }
if (options.pairs !== undefined)
  for (const pair of measured.filter(({ part }) => part === options.pairs)) {
    if (isVerified(pair, chosen.thresholds) === (pair.label === 'supported')) continue
    const similarity = pair.similarity?.toFixed(2) ?? 'not asked'
    console.log(
      `\n${pair.id} ${pair.label} (${pair.change}): ${pair.faults.join(', ')} coverage ${pair.coverage.toFixed(2)}, similarity ${similarity}\n  ${pair.sentence}\n  ${pair.quote}`,
    )
  }
