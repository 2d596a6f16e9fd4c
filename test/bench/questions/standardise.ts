// Columns brought to mean 0 and deviation 1, so that one penalty is fair to all of them, and weights brought back.

export interface Standard {
  mean: Float32Array
  deviation: Float32Array
}

export function standardOf(rows: readonly Float32Array[]): Standard {
  const mean = meanOf(rows)
  const deviation = new Float32Array(mean.length)
  for (const row of rows)
    row.forEach((value, column) => (deviation[column]! += (value - mean[column]!) ** 2 / rows.length))
  return { mean, deviation: deviation.map((variance) => Math.sqrt(variance) + 1e-6) }
}

export function meanOf(rows: readonly Float32Array[]): Float32Array {
  const mean = new Float64Array(rows[0]?.length ?? 0)
  for (const row of rows) row.forEach((value, column) => (mean[column]! += value / rows.length))
  return Float32Array.from(mean)
}

/** States that were not read are those of the average. */
export function standardised(states: Float32Array | null, { mean, deviation }: Standard): Float32Array {
  return mean.map((average, column) => (states === null ? 0 : (states[column]! - average) / deviation[column]!))
}

/** Weights of standardised states as weights of the states themselves, and a constant. */
export function folded(weights: Float32Array, { mean, deviation }: Standard): number[] {
  const own = Array.from(weights, (weight, column) => weight / deviation[column]!)
  return [...own, -own.reduce((sum, weight, column) => sum + weight * mean[column]!, 0)]
}
