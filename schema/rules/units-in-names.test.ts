import { expect, test } from 'vitest'
import { unitsInNames } from './units-in-names.ts'
import { brokenAt, exampleApi } from './example.ts'

test('units-in-names: conforming', () => {
  expect(
    brokenAt(
      unitsInNames,
      exampleApi(
        `scalar Long scalar DateTime type Run { durationMs: Int latencyMs: Percentiles sizeBytes: Long createdAt: DateTime format: String latency: Percentiles } type Percentiles { p50: Float }`,
      ),
    ),
  ).toEqual([])
})

test('units-in-names: violating', () => {
  expect(
    brokenAt(
      unitsInNames,
      exampleApi(
        `scalar Long scalar DateTime type Run { duration: Int totalMs: Float sizeBytes: Int createdAt: String size: Long } input RunInput { timeout: Int }`,
      ),
    ),
  ).toEqual(['Run.duration', 'Run.totalMs', 'Run.sizeBytes', 'Run.createdAt', 'Run.size', 'RunInput.timeout'])
})
