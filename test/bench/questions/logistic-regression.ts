/** Logistic regression with an L2 penalty, fitted by Adam. */
import { climb } from './adam.ts'
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
  const gradientOf = (weights: Float32Array): Float64Array => {
    const gradient = new Float64Array(width + 1)
    for (let column = 0; column < width; column += 1) gradient[column] = -penalties[column]! * weights[column]!
    for (const { row, isPositive, weight } of samples) {
      const error = weight * ((isPositive ? 1 : 0) - probabilityOf(weights, row))
      for (let column = 0; column < width; column += 1) gradient[column]! += error * row[column]!
      gradient[width]! += error
    }
    return gradient
  }
  return climb({ width: width + 1, steps: STEPS, stepSize: STEP_SIZE, gradientOf })
}

export const probabilityOf = (weights: Float32Array, row: Float32Array): number =>
  1 / (1 + Math.exp(-dot(weights, row) - weights[row.length]!))
