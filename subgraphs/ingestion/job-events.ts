// The events of a job for watchers, over all its runs: a retried job goes on behind its first end, so that a cursor stays good, and the
// end of an earlier run is not shown as the job's.
import { TributaryError } from '#shared/errors.ts'
import type { StreamEvent, StreamLog } from '#shared/stream-log.ts'
import type { JobEvent } from './domain/item-state.ts'
import { streamIdOf } from './item-transitions.ts'
import type { ReadJobs } from './read-jobs.ts'

export type JobEvents = (options: {
  workspaceId: string
  jobId: string
  after: string | null
  signal: AbortSignal
}) => AsyncGenerator<StreamEvent<JobEvent>>

export function createJobEvents(options: { readJobs: ReadJobs; events: StreamLog<JobEvent> }): JobEvents {
  const { readJobs, events } = options

  async function currentRun(workspaceId: string, jobId: string): Promise<number> {
    const [job] = await readJobs.findJobs(workspaceId, [jobId])
    if (!job)
      throw new TributaryError('NOT_FOUND', 'There is no ingestion job with this id in the workspace.', {
        path: ['id'],
      })
    return job.run
  }

  return async function* ({ workspaceId, jobId, after, signal }) {
    let lastRun = await currentRun(workspaceId, jobId)
    const start = after === null ? { run: 1, cursor: null } : parseCursor(after, lastRun)
    let { cursor } = start
    for (let run = start.run; run <= lastRun && !signal.aborted; run += 1) {
      for await (const event of events.follow({
        workspaceId,
        streamId: streamIdOf(jobId, run),
        after: cursor,
        signal,
      })) {
        if (event.payload.type === 'job-finished') {
          // Whether this is the end is asked now: it may have been retried while we watched.
          lastRun = await currentRun(workspaceId, jobId)
          if (run < lastRun) continue
        }
        yield { ...event, cursor: `${run}-${event.cursor}` }
      }
      cursor = null
    }
  }
}

function parseCursor(after: string, lastRun: number): { run: number; cursor: string | null } {
  const match = /^(\d{1,6})-(\w+)$/.exec(after)
  const run = Number(match?.[1])
  if (!match || run < 1 || run > lastRun) {
    throw new TributaryError(
      'CURSOR_INVALID',
      'The argument "after" is not a cursor of this job. Pass a cursor that one of its events carried, or leave it out.',
      { path: ['after'] },
    )
  }
  return { run, cursor: match[2]! }
}
