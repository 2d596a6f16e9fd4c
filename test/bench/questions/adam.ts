/**
 * Adam (Kingma, Ba, "Adam: A Method for Stochastic Optimization", 2015) with the whole data in every step, so that the same data give the
 * same weights.
 */
export interface AdamOptions {
  width: number
  steps: number
  stepSize: number
  /** Uphill: the direction in which the fit gets better. */
  gradientOf(weights: Float32Array): Float64Array
}

export function climb({ width, steps, stepSize, gradientOf }: AdamOptions): Float32Array {
  const weights = new Float32Array(width)
  const mean = new Float64Array(width)
  const variance = new Float64Array(width)
  for (let step = 1; step <= steps; step += 1) {
    const gradient = gradientOf(weights)
    for (let column = 0; column < width; column += 1) {
      const slope = gradient[column]!
      mean[column] = 0.9 * mean[column]! + 0.1 * slope
      variance[column] = 0.999 * variance[column]! + 0.001 * slope * slope
      const first = mean[column]! / (1 - 0.9 ** step)
      weights[column]! += (stepSize * first) / (Math.sqrt(variance[column]! / (1 - 0.999 ** step)) + 1e-8)
    }
  }
  return weights
}
