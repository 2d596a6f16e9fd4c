// What knowledge and graph report about the steps they run: progress for watchers, and with each part done the command for the next. A
// report of an older attempt, or about what has ended, changes nothing.
import type { z } from 'zod'
import type { JobQueue } from '#shared/job-queue.ts'
import type { stepReported } from '../../contracts/messages.ts'
import { commandStep } from './commands.ts'
import { failStep, hasEnded, progressStep, STEP_NAMES, succeedStep, type StepName } from './domain/item-state.ts'
import type { ItemDecision, ItemTransitions } from './item-transitions.ts'
import type { ItemRow } from './tables.ts'

export type StepReport = z.output<(typeof stepReported)['schema']>

/** After these the next command goes out; CHUNK and EMBED are followed by what belongs to the same command. */
const NEXT_COMMAND: Partial<Record<StepName, StepName>> = { INDEX: 'LINK', LINK: 'CHECK' }

export function createReportStep(options: {
  transitions: ItemTransitions
  queue: JobQueue
}): (report: StepReport) => Promise<void> {
  const { transitions, queue } = options
  return async (report) => {
    await transitions.apply(report.workspaceId, report.itemId, (item) => decide(item, report, queue))
  }
}

function decide(item: ItemRow, report: StepReport, queue: JobQueue): ItemDecision | null {
  const { step, occurredAt } = report
  // Ingestion's own steps are reported by nobody.
  if (
    item.attempt !== report.attempt ||
    hasEnded(item.status) ||
    STEP_NAMES.indexOf(step) < STEP_NAMES.indexOf('CHUNK')
  )
    return null
  const target = { id: item.id, state: { status: item.status, steps: item.steps, error: item.error } }
  const progress =
    report.completedUnits === undefined
      ? null
      : { completedUnits: report.completedUnits, totalUnits: report.totalUnits ?? null }
  switch (report.status) {
    case 'RUNNING': {
      const change = progressStep(target, step, progress, occurredAt)
      return change && { change }
    }
    case 'FAILED': {
      const error = report.error ?? {
        code: 'INTERNAL_SERVER_ERROR',
        message: 'The step failed without saying why.',
        isRetryable: true,
      }
      const change = failStep(target, step, error, occurredAt)
      return change && { change }
    }
    case 'SUCCEEDED': {
      const change = succeedStep(target, step, occurredAt, progress)
      const next = NEXT_COMMAND[step]
      return (
        change && {
          change,
          ...(report.chunksKey === undefined ? {} : { set: { chunksKey: report.chunksKey } }),
          ...(next === undefined
            ? {}
            : { send: (changed, transaction) => commandStep(queue, changed, next, transaction) }),
        }
      )
    }
  }
}
