// The plan of an operation with the time of each step, in the `extensions` of its answer: for administrators who ask for it with a header, and
// for nobody else, since it shows how the graph is built.
import queryPlanner from '@apollo/query-planner'
import type { Identity } from '../../contracts/identity.ts'
import type { OperationRecord } from './operation-record.ts'

/** `true` asks for it. */
export const PLAN_HEADER = 'tributary-query-plan'

export interface PlanExtension {
  /** As text for people, and as data; null where no subgraph is needed. */
  queryPlan: { text: string; node: unknown; isCached: boolean | null } | null
  timings: {
    /** Null: what was kept of an earlier one was used. */
    parseMs: number | null
    validateMs: number | null
    planMs: number | null
    /** From the arrival of the operation to its answer. */
    totalMs: number
    /** Times in milliseconds, `startedAtMs` since the operation arrived. */
    fetches: OperationRecord['fetchTimings']
  }
}

/** Null for those who did not ask, or may not have it. */
export function planExtension(record: OperationRecord, identity: Identity | null): PlanExtension | null {
  if (!record.isPlanWanted || !identity?.roles.includes('ADMIN')) return null
  const { plan, phaseMs } = record
  return {
    queryPlan: plan && {
      text: queryPlanner.prettyFormatQueryPlan({ kind: 'QueryPlan', node: plan }),
      node: plan,
      isCached: record.isPlanCached,
    },
    timings: {
      parseMs: phaseMs.parse ?? null,
      validateMs: phaseMs.validate ?? null,
      planMs: phaseMs.plan ?? null,
      totalMs: record.elapsedMs,
      fetches: record.fetchTimings,
    },
  }
}
