// The events of a job for watchers, over all its runs: a retried job goes on behind its first end, so that a cursor stays good, and the
// end of an earlier run is not shown as the job's.
import { and, eq, inArray } from 'drizzle-orm'
import type { SqlExecutor } from '#shared/database.ts'
import { TributaryError } from '#shared/errors.ts'
import type { StreamEvent, StreamLog } from '#shared/stream-log.ts'
import type { JobEvent } from './domain/item-state.ts'
import { streamIdOf } from './item-transitions.ts'
import type { ReadJobs } from './read-jobs.ts'
import { stream, type JobRow } from './tables.ts'

/** NOT_FOUND for an unknown id, and where what was asked for has expired. */
export type JobEvents = (options: {
  workspaceId: string
  jobId: string
  after: string | null
  signal: AbortSignal
}) => Promise<AsyncGenerator<StreamEvent<JobEvent>>>

export function createJobEvents(options: {
  database: SqlExecutor
  readJobs: ReadJobs
  events: StreamLog<JobEvent>
}): JobEvents {
  const { database, readJobs, events } = options

  async function findJob(workspaceId: string, jobId: string): Promise<JobRow> {
    const [job] = await readJobs.findJobs(workspaceId, [jobId])
    if (!job)
      throw new TributaryError('NOT_FOUND', 'There is no ingestion job with this id in the workspace.', {
        path: ['id'],
      })
    return job
  }

  /** The first run, from this one on, that a follower gets events of: those of an ended run go after some weeks. Null when all are gone. */
  async function firstKept(job: JobRow, from: number): Promise<number | null> {
    const runs = Array.from({ length: job.run - from + 1 }, (_, index) => from + index)
    const streamIds = runs.map((run) => streamIdOf(job.id, run))
    const kept = await database
      .select({ id: stream.streamId })
      .from(stream)
      .where(and(eq(stream.workspaceId, job.workspaceId), inArray(stream.streamId, streamIds)))
    const isAhead = (run: number) => run === job.run && job.finishedAt === null
    return runs.find((run) => isAhead(run) || kept.some(({ id }) => id === streamIdOf(job.id, run))) ?? null
  }

  async function* follow(
    { workspaceId, jobId, signal }: Parameters<JobEvents>[0],
    start: { run: number; cursor: string | null; lastRun: number },
  ): AsyncGenerator<StreamEvent<JobEvent>> {
    let { cursor, lastRun } = start
    for (let run = start.run; run <= lastRun && !signal.aborted; run += 1) {
      for await (const event of events.follow({
        workspaceId,
        streamId: streamIdOf(jobId, run),
        after: cursor,
        signal,
      })) {
        if (event.payload.type === 'job-finished') {
          // Whether this is the end is asked now: it may have been retried while we watched.
          lastRun = (await findJob(workspaceId, jobId)).run
          if (run < lastRun) continue
        }
        yield { ...event, cursor: `${run}-${event.cursor}` }
      }
      cursor = null
    }
  }

  return async (options) => {
    const job = await findJob(options.workspaceId, options.jobId)
    const { run, cursor } = options.after === null ? { run: 1, cursor: null } : parseCursor(options.after, job.run)
    const kept = await firstKept(job, run)
    if (kept === null) throw eventsExpired('The events of this job are no longer kept. Read the job itself.', 'id')
    // Whoever goes on behind a cursor is owed every event behind it.
    if (cursor !== null && kept > run)
      throw eventsExpired('The events behind this cursor are no longer kept. Leave it out for those that are.', 'after')
    return follow(options, { run: kept, cursor, lastRun: job.run })
  }
}

const eventsExpired = (message: string, argument: string) =>
  new TributaryError('NOT_FOUND', message, { path: [argument] })

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
