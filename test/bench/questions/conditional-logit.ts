/**
 * Conditional logit: of several alternatives some are right, and the model's softmax over them should fall on those
 * (D. McFadden, "Conditional logit analysis of qualitative choice behavior", 1973; in ranking, a listwise loss). Fitted by
 * Adam (Kingma, Ba, 2015) with an L2 penalty; deterministic, since every step sees all lists.
 */
const steps = 600
const stepSize = 0.05

export type Choice = { rows: readonly (readonly number[])[]; isRight: readonly boolean[] }

/** @returns one coefficient per column; lists without a right alternative teach nothing and are left out */
export function fitConditionalLogit(choices: readonly Choice[], penalty: number): number[] {
  const lists = choices.filter((choice) => choice.isRight.includes(true))
  const width = lists[0]?.rows[0]?.length ?? 0
  const weights = Array.from({ length: width }, () => 0)
  const mean = Array.from({ length: width }, () => 0)
  const variance = Array.from({ length: width }, () => 0)
  for (let step = 1; step <= steps; step += 1) {
    const gradient = weights.map((weight) => -penalty * weight)
    for (const { rows, isRight } of lists) {
      const scores = rows.map((row) => row.reduce((sum, value, column) => sum + value * (weights[column] ?? 0), 0))
      const highest = Math.max(...scores)
      const powers = scores.map((score) => Math.exp(score - highest))
      const all = powers.reduce((sum, power) => sum + power, 0)
      const right = powers.reduce((sum, power, index) => sum + (isRight[index] === true ? power : 0), 0)
      rows.forEach((row, index) => {
        const power = powers[index] ?? 0
        const pull = (isRight[index] === true ? power / right : 0) - power / all
        row.forEach((value, column) => {
          gradient[column] = (gradient[column] ?? 0) + pull * value
        })
      })
    }
    gradient.forEach((slope, column) => {
      const first = (mean[column] = 0.9 * (mean[column] ?? 0) + 0.1 * slope)
      const second = (variance[column] = 0.999 * (variance[column] ?? 0) + 0.001 * slope * slope)
      const change = first / (1 - 0.9 ** step) / (Math.sqrt(second / (1 - 0.999 ** step)) + 1e-8)
      weights[column] = (weights[column] ?? 0) + stepSize * change
    })
  }
  return weights
}
