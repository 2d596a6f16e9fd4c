/**
 * Conditional logit: of several alternatives some are right, and the model's softmax over them should fall on those
 * (D. McFadden, "Conditional logit analysis of qualitative choice behavior", 1973; in ranking, a listwise loss). Fitted by
 * Adam with an L2 penalty.
 */
import { climb } from './adam.ts'

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
  const gradientOf = (weights: Float32Array): Float64Array => {
    const gradient = Float64Array.from(penalties, (penalty, column) => -penalty * weights[column]!)
    for (const { rows, isRight } of lists) addGradient(gradient, weights, rows, isRight)
    return gradient
  }
  return climb({ width: penalties.length, steps: STEPS, stepSize: STEP_SIZE, gradientOf })
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
