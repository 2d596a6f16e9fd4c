import { expect, test } from 'vitest'
import type { OperationCost } from '../operations/operation-limits.ts'
import { createGatewayMetrics } from './metrics.ts'
import { observeCosts } from './observed-costs.ts'

const chosen = (observer: ReturnType<typeof observeCosts>) =>
  Array.from({ length: 100 }, () => observer.countsActual()).filter(Boolean).length

test.each([0, 10, 100])('the actual cost of %i of a hundred is counted', (percent) => {
  expect(chosen(observeCosts({ metrics: createGatewayMetrics(), percent }))).toBe(percent)
})

test('whoever else is told is told the actual cost of each', async () => {
  const told: [OperationCost, string | null][] = []
  const metrics = createGatewayMetrics()
  const observer = observeCosts({ metrics, percent: 0, onCost: (...args) => told.push(args) })
  expect(chosen(observer)).toBe(100)
  const cost = { estimated: 5, actual: 3, maximum: 9 }
  observer.onCost(cost, null)
  expect(told).toEqual([[cost, null]])
  expect(await metrics.registry.metrics()).toContain('operation_actual_cost_sum{operation="anonymous"} 3')
})
