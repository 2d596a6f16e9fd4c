/**
 * Conditional logit: of several alternatives some are right, and the model's softmax over them should fall on those
 * (D. McFadden, "Conditional logit analysis of qualitative choice behavior", 1973; in ranking, a listwise loss). Fitted by
 * Adam (Kingma, Ba, 2015) with an L2 penalty; deterministic, since every step sees all lists.
 */
const STEPS = 300
const STEP_SIZE = 0.03

export interface Choice {
  /** As long as the list of penalties each. */
  rows: readonly Float32Array[]
  isRight: readonly boolean[]
}

/**
 * @param penalties one a column
 * @returns one coefficient a column; lists without a right alternative teach nothing and are left out
 */
export function fitConditionalLogit(choices: readonly Choice[], penalties: readonly number[]): Float32Array {
  const lists = choices.filter((choice) => choice.isRight.includes(true))
  const width = penalties.length
  const weights = new Float32Array(width)
  const mean = new Float64Array(width)
  const variance = new Float64Array(width)
  for (let step = 1; step <= STEPS; step += 1) {
    const gradient = Float64Array.from(penalties, (penalty, column) => -penalty * weights[column]!)
    for (const { rows, isRight } of lists) addGradient(gradient, weights, rows, isRight)
    for (let column = 0; column < width; column += 1) {
      const slope = gradient[column]!
      mean[column] = 0.9 * mean[column]! + 0.1 * slope
      variance[column] = 0.999 * variance[column]! + 0.001 * slope * slope
      const first = mean[column]! / (1 - 0.9 ** step)
      weights[column]! += (STEP_SIZE * first) / (Math.sqrt(variance[column]! / (1 - 0.999 ** step)) + 1e-8)
    }
  }
  return weights
}

function addGradient(
  gradient: Float64Array,
  weights: Float32Array,
  rows: readonly Float32Array[],
  isRight: readonly boolean[],
): void {
  const scores = rows.map((row) => dot(weights, row))
  const highest = Math.max(...scores)
  const powers = scores.map((score) => Math.exp(score - highest))
  const all = powers.reduce((sum, power) => sum + power, 0)
  const right = powers.reduce((sum, power, index) => sum + (isRight[index] === true ? power : 0), 0)
  for (const [index, row] of rows.entries()) {
    const pull = (isRight[index] === true ? powers[index]! / Math.max(right, 1e-12) : 0) - powers[index]! / all
    if (Math.abs(pull) < 1e-7) continue
    for (let column = 0; column < row.length; column += 1) gradient[column]! += pull * row[column]!
  }
}

export function dot(weights: ArrayLike<number>, row: ArrayLike<number>): number {
  let sum = 0
  for (let column = 0; column < row.length; column += 1) sum += (weights[column] ?? 0) * (row[column] ?? 0)
  return sum
}
