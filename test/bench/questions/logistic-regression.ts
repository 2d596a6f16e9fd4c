/** Logistic regression with an L2 penalty, fitted by Adam (Kingma, Ba, 2015); deterministic, since every step sees all samples. */
import { dot } from './conditional-logit.ts'

const STEPS = 400
const STEP_SIZE = 0.03

export interface Sample {
  row: Float32Array
  isPositive: boolean
  weight: number
}

/**
 * @param penalties one a column
 * @returns one coefficient a column, then the intercept
 */
export function fitLogisticRegression(samples: readonly Sample[], penalties: readonly number[]): Float32Array {
  const width = penalties.length
  const weights = new Float32Array(width + 1)
  const mean = new Float64Array(width + 1)
  const variance = new Float64Array(width + 1)
  for (let step = 1; step <= STEPS; step += 1) {
    const gradient = new Float64Array(width + 1)
    for (let column = 0; column < width; column += 1) gradient[column] = -penalties[column]! * weights[column]!
    for (const { row, isPositive, weight } of samples) {
      const error = weight * ((isPositive ? 1 : 0) - probabilityOf(weights, row))
      for (let column = 0; column < width; column += 1) gradient[column]! += error * row[column]!
      gradient[width]! += error
    }
    for (let column = 0; column <= width; column += 1) {
      const slope = gradient[column]!
      mean[column] = 0.9 * mean[column]! + 0.1 * slope
      variance[column] = 0.999 * variance[column]! + 0.001 * slope * slope
      const first = mean[column]! / (1 - 0.9 ** step)
      weights[column]! += (STEP_SIZE * first) / (Math.sqrt(variance[column]! / (1 - 0.999 ** step)) + 1e-8)
    }
  }
  return weights
}

export const probabilityOf = (weights: Float32Array, row: Float32Array): number =>
  1 / (1 + Math.exp(-dot(weights, row) - weights[row.length]!))
