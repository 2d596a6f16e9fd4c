// The least and the greatest of many numbers. Not `Math.min(...values)`: arguments go on the stack, and a file may have more lines than
// fit there.

export function least(values: readonly number[]): number {
  return values.reduce((one, other) => Math.min(one, other), Number.POSITIVE_INFINITY)
}

export function greatest(values: readonly number[]): number {
  return values.reduce((one, other) => Math.max(one, other), Number.NEGATIVE_INFINITY)
}
