// What operations cost, for the figures and for whoever else wants to know. The estimate is there anyway; counting in the answer takes time of its own,
// so that it is done for a part of the operations.
import type { CostObserver, OnCost } from '../plugins/operations.ts'
import { createEvenChoice } from './evenly.ts'
import type { GatewayMetrics } from './metrics.ts'

export function observeCosts(options: {
  metrics: GatewayMetrics
  /** Of how many of a hundred operations the actual cost is counted, evenly spread. */
  percent: number
  /** Told too, with the actual cost of each. Default: nobody. */
  onCost?: OnCost | undefined
}): CostObserver {
  const { metrics, onCost } = options
  const isChosen = createEvenChoice(onCost ? 100 : options.percent)
  return {
    countsActual: isChosen,
    onCost(cost, operationName) {
      metrics.operationCost(operationName, cost)
      onCost?.(cost, operationName)
    },
  }
}
