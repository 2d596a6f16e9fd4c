import { expect, test } from 'vitest'
import { deprecationsPointAhead } from './deprecations-point-ahead.ts'
import { brokenAt, exampleApi } from './example.ts'

test('deprecations-point-ahead: conforming', () => {
  expect(
    brokenAt(
      deprecationsPointAhead,
      exampleApi(`type Model { size: Int @deprecated(reason: "Use sizeBytes. Removed in 2.") sizeBytes: Int }`),
    ),
  ).toEqual([])
})

test('deprecations-point-ahead: violating', () => {
  expect(
    brokenAt(
      deprecationsPointAhead,
      exampleApi(
        `type Model { size(of: Int @deprecated(reason: "soon gone")): Int @deprecated } enum Mode { FAST @deprecated(reason: "Use SLOW.") SLOW }`,
      ),
    ),
  ).toEqual(['Model.size', 'Model.size(of:)', 'Mode.FAST'])
})
