/**
 * Logistic regression with an L2 penalty, fitted by Newton's method (iteratively reweighted least squares; Hastie,
 * Tibshirani, Friedman, "The Elements of Statistical Learning", 4.4). Small and exact; not for more than some dozen columns.
 */
export type Sample = { features: readonly number[]; label: 0 | 1; weight: number }

/** @returns the intercept, then one coefficient per feature */
export function fitLogisticRegression(samples: readonly Sample[], penalty: number): number[] {
  const width = (samples[0]?.features.length ?? 0) + 1
  let beta = Array.from({ length: width }, () => 0)
  for (let iteration = 0; iteration < 50; iteration += 1) {
    const gradient = beta.map((value, index) => (index === 0 ? 0 : -penalty * value))
    const hessian = beta.map((_, row) => beta.map((_unused, column) => (row === column && row > 0 ? penalty : 1e-9)))
    for (const { features, label, weight } of samples) {
      const row = [1, ...features]
      const probability = 1 / (1 + Math.exp(-row.reduce((sum, value, index) => sum + value * (beta[index] ?? 0), 0)))
      const curvature = weight * probability * (1 - probability)
      for (let left = 0; left < width; left += 1) {
        gradient[left] = (gradient[left] ?? 0) + weight * (label - probability) * (row[left] ?? 0)
        const line = hessian[left]
        if (line === undefined) continue
        for (let right = 0; right < width; right += 1)
          line[right] = (line[right] ?? 0) + curvature * (row[left] ?? 0) * (row[right] ?? 0)
      }
    }
    const step = solve(hessian, gradient)
    beta = beta.map((value, index) => value + (step[index] ?? 0))
    if (Math.max(...step.map(Math.abs)) < 1e-7) break
  }
  return beta
}

/** Gaussian elimination with partial pivoting. */
function solve(matrix: readonly (readonly number[])[], vector: readonly number[]): number[] {
  const rows = matrix.map((row, index) => [...row, vector[index] ?? 0])
  const size = rows.length
  for (let column = 0; column < size; column += 1) {
    const pivot = rows
      .slice(column)
      .reduce(
        (best, row, index) =>
          Math.abs(row[column] ?? 0) > Math.abs(rows[best]?.[column] ?? 0) ? index + column : best,
        column,
      )
    const top = rows[pivot]
    const current = rows[column]
    if (top === undefined || current === undefined) continue
    rows[pivot] = current
    rows[column] = top
    for (let row = 0; row < size; row += 1) {
      const line = rows[row]
      if (row === column || line === undefined) continue
      const factor = (line[column] ?? 0) / (top[column] ?? 1)
      for (let index = column; index <= size; index += 1) line[index] = (line[index] ?? 0) - factor * (top[index] ?? 0)
    }
  }
  return rows.map((row, index) => (row[size] ?? 0) / (row[index] ?? 1))
}
