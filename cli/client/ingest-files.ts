// Brings many files into a knowledge base, a few at a time, and tells how each of them fares. What is wrong with one file ends that file;
// what is wrong with the connection or the credentials ends the whole.
import pLimit from 'p-limit'
import { ClientError, EXIT_STATUS, interrupted } from './client-error.ts'
import type { Endpoint } from './endpoint.ts'
import type { FoundFile } from './find-files.ts'
import { followJob } from './follow-job.ts'
import { ingestFile } from './ingest-file.ts'
import type { IngestionJob, IngestionJobEvent, IngestionWarning, NamedDocument } from './shapes.ts'

export type FileProgress =
  /** The bytes are there and a job has them. */
  | { kind: 'accepted'; file: FoundFile; jobId: string; isNew: boolean }
  | { kind: 'event'; file: FoundFile; event: IngestionJobEvent }
  | FileOutcome

export type FileOutcome =
  | {
      kind: 'succeeded'
      file: FoundFile
      sha256: string
      jobId: string
      documentId: string | null
      isNew: boolean
      warnings: IngestionWarning[]
      /** Of the same name in the knowledge base; see `earlierDocuments`. */
      sameName: NamedDocument[]
    }
  /** Without waiting for it to be finished. */
  | {
      kind: 'started'
      file: FoundFile
      sha256: string
      jobId: string
      documentId: string | null
      sameName: NamedDocument[]
    }
  | { kind: 'failed'; file: FoundFile; jobId: string | null; code: string; message: string }

export interface IngestFilesOptions {
  endpoint: Endpoint
  knowledgeBaseId: string
  files: readonly FoundFile[]
  /** Follow each job to its end. */
  isWaiting: boolean
  onProgress?: (progress: FileProgress) => void
  signal: AbortSignal
  /** Files sent at the same time. Default 4. */
  uploadConcurrency?: number
}

/** Streams on one socket; the jobs themselves run as the platform sees fit. */
const FOLLOW_CONCURRENCY = 16

/** In the order of `files`. */
export async function ingestFiles(options: IngestFilesOptions): Promise<FileOutcome[]> {
  const { endpoint, knowledgeBaseId, files, isWaiting, onProgress } = options
  const stop = new AbortController()
  const signal = AbortSignal.any([options.signal, stop.signal])
  const uploading = pLimit(options.uploadConcurrency ?? 4)
  const following = pLimit(FOLLOW_CONCURRENCY)

  const runOne = async (file: FoundFile): Promise<FileOutcome> => {
    let jobId: string | null = null
    try {
      const { job, sha256, isNew } = await uploading(() => {
        if (signal.aborted) throw interrupted()
        return ingestFile({ endpoint, knowledgeBaseId, file, signal })
      })
      jobId = job.id
      onProgress?.({ kind: 'accepted', file, jobId, isNew })
      if (!isNew) return succeeded(file, job, sha256, false)
      if (!isWaiting) return { kind: 'started', file, sha256, ...namesOf(job), jobId }
      const finished = await following(() =>
        followJob({
          endpoint,
          jobId: job.id,
          onEvent: (event) => onProgress?.({ kind: 'event', file, event }),
          signal,
        }),
      )
      if (finished?.status === 'SUCCEEDED') return succeeded(file, finished, sha256, true)
      const error = finished?.items?.nodes[0]?.error
      return {
        kind: 'failed',
        file,
        jobId,
        code: error?.code ?? finished?.status ?? 'NOT_FOUND',
        message: error?.message ?? (finished?.status === 'CANCELLED' ? 'The job was cancelled.' : 'The job is gone.'),
      }
    } catch (error) {
      if (!(error instanceof ClientError) || error.exitStatus !== EXIT_STATUS.failed) {
        stop.abort()
        throw error
      }
      return { kind: 'failed', file, jobId, code: error.code, message: error.message }
    }
  }

  const settled = await Promise.allSettled(
    files.map(async (file) => {
      const outcome = await runOne(file)
      onProgress?.(outcome)
      return outcome
    }),
  )
  if (options.signal.aborted) throw interrupted()
  const rejected = settled.filter((result) => result.status === 'rejected').map(({ reason }) => reason as unknown)
  // The others were only interrupted by the first.
  const cause = rejected.find((reason) => !(reason instanceof ClientError && reason.code === 'INTERRUPTED'))
  if (rejected.length > 0) throw cause ?? rejected[0]
  return settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
}

const succeeded = (file: FoundFile, job: IngestionJob, sha256: string, isNew: boolean): FileOutcome => ({
  kind: 'succeeded',
  file,
  sha256,
  jobId: job.id,
  ...namesOf(job),
  isNew,
  warnings: job.items?.nodes[0]?.warnings ?? [],
})

function namesOf({ items }: IngestionJob): { documentId: string | null; sameName: NamedDocument[] } {
  const [item] = items?.nodes ?? []
  const sameName = item?.sameNameItems.flatMap(({ document }) => document ?? []) ?? []
  return { documentId: item?.document?.id ?? null, sameName }
}

export interface EarlierDocuments {
  file: FoundFile
  documents: NamedDocument[]
}

/**
 * Documents that came in before under the name of a file that is new or changed: most likely its former contents. Files of one run that
 * have a name in common, from different folders, are not each other's.
 */
export function earlierDocuments(outcomes: readonly FileOutcome[]): EarlierDocuments[] {
  const ofThisRun = new Set(outcomes.map((outcome) => (outcome.kind === 'failed' ? null : outcome.documentId)))
  return outcomes.flatMap((outcome) => {
    if (outcome.kind === 'failed' || (outcome.kind === 'succeeded' && !outcome.isNew)) return []
    const documents = outcome.sameName.filter(({ id }) => !ofThisRun.has(id))
    return documents.length > 0 ? [{ file: outcome.file, documents }] : []
  })
}
