// Two dumps compared row by row: a difference is named, where a printed comparison of megabytes is cut off before it.
import { expect } from 'vitest'
import type { CanonicalDump } from './canonical-dump.ts'

/** Rows of each side that the other lacks, shown up to this many, each up to this long. */
const SHOWN_ROWS = 5
const SHOWN_CHARACTERS = 400

/** @throws AssertionError that shows, per section, the rows that only one of the two has. */
export function expectEqualDumps(actual: CanonicalDump, expected: CanonicalDump): void {
  const differences: Record<string, { missing: string[]; unexpected: string[] }> = {}
  for (const section of new Set([...Object.keys(actual), ...Object.keys(expected)])) {
    const [rows, expectedRows] = [actual[section] ?? [], expected[section] ?? []]
    const missing = without(expectedRows, rows)
    const unexpected = without(rows, expectedRows)
    if (missing.length + unexpected.length > 0)
      differences[section] = { missing: shown(missing), unexpected: shown(unexpected) }
  }
  expect(differences).toEqual({})
}

/** What is left of `rows` when each of `others` has taken one equal row away. */
function without(rows: readonly string[], others: readonly string[]): string[] {
  const counts = new Map<string, number>()
  for (const row of others) counts.set(row, (counts.get(row) ?? 0) + 1)
  return rows.filter((row) => {
    const count = counts.get(row) ?? 0
    counts.set(row, count - 1)
    return count <= 0
  })
}

function shown(rows: readonly string[]): string[] {
  const more = rows.length - SHOWN_ROWS
  return [
    ...rows.slice(0, SHOWN_ROWS).map((row) => row.slice(0, SHOWN_CHARACTERS)),
    ...(more > 0 ? [`… ${more} more`] : []),
  ]
}
