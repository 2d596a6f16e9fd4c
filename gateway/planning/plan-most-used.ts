// Before a supergraph takes over, what clients ask most is planned over it, so that it does not begin with all of them waiting for plans.
import type { PlansForCallers } from './plan-for-caller.ts'
import type { PrepareOperation } from './prepare-operation.ts'

export interface PlanMostUsedOptions {
  previous: Pick<PlansForCallers, 'mostUsed'>
  plans: Pick<PlansForCallers, 'planFor'>
  prepare: PrepareOperation
  /** Default 100. */
  count?: number
  /** The supergraph takes over then, whatever is planned; in milliseconds. Default 10,000. */
  timeoutMs?: number
}

const COUNT = 100
const TIMEOUT_MS = 10_000

export async function planMostUsed(options: PlanMostUsedOptions): Promise<void> {
  const { previous, plans, prepare, count = COUNT, timeoutMs = TIMEOUT_MS } = options
  const signal = AbortSignal.timeout(timeoutMs)
  for (const { text, operationName, caller, variables } of previous.mostUsed(count)) {
    if (signal.aborted) return
    const waiting = { ...caller, signal, deadline: Infinity }
    try {
      const prepared = await prepare(text, operationName, waiting)
      if (prepared.kind === 'request') await plans.planFor(prepared.document, prepared.operation, waiting, variables)
    } catch {
      // Whoever asks for it next learns why.
    }
  }
}
