// What the resolvers of ingestion are given: the use cases, and loaders that live for one operation.
import type { StreamingContext } from '../../contracts/graph-context.ts'
import type { CreateJob } from './create-job.ts'
import type { EndJobs } from './end-jobs.ts'
import type { JobEvents } from './job-events.ts'
import type { Loaders } from './loaders.ts'
import type { ReadJobs } from './read-jobs.ts'
import type { Uploads } from './uploads.ts'

export interface Context extends StreamingContext {
  uploads: Uploads
  createJob: CreateJob
  endJobs: EndJobs
  readJobs: ReadJobs
  jobEvents: JobEvents
  loaders: Loaders
  /** What addresses of uploads begin with, without a trailing slash. */
  publicUrl: string
}
