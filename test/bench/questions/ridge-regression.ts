/** Least squares with an L2 penalty (A. E. Hoerl, R. W. Kennard, "Ridge regression", 1970), by the normal equations and elimination. */

/**
 * @param rows standardised, so that one penalty is fair to all columns
 * @returns one coefficient a column, then the intercept, which bears no penalty
 */
export function fitRidgeRegression(
  rows: readonly Float32Array[],
  values: readonly number[],
  penalty: number,
): Float32Array {
  const width = rows[0]?.length ?? 0
  const size = width + 1
  const equations = Array.from({ length: size }, () => new Float64Array(size + 1))
  for (const [index, row] of rows.entries()) {
    const factors = [...row, 1]
    for (let line = 0; line < size; line += 1) {
      const equation = equations[line]!
      for (let column = line; column < size; column += 1) equation[column]! += factors[line]! * factors[column]!
      equation[size]! += factors[line]! * values[index]!
    }
  }
  for (let line = 0; line < size; line += 1) {
    for (let column = 0; column < line; column += 1) equations[line]![column] = equations[column]![line]!
    if (line < width) equations[line]![line]! += penalty
  }
  for (let line = 0; line < size; line += 1) {
    const pivot = equations[line]![line]!
    for (let column = line; column <= size; column += 1) equations[line]![column]! /= pivot
    for (let other = 0; other < size; other += 1) {
      const factor = equations[other]![line]!
      if (other === line || factor === 0) continue
      for (let column = line; column <= size; column += 1)
        equations[other]![column]! -= factor * equations[line]![column]!
    }
  }
  return Float32Array.from(equations, (equation) => equation[size]!)
}
