// Follows an ingestion job to its end, whatever happens to the connection meanwhile.
import type { Endpoint } from './endpoint.ts'
import { follow } from './follow.ts'
import { readJob } from './ingest-file.ts'
import type { IngestionJob, IngestionJobEvent } from './shapes.ts'

export async function followJob(options: {
  endpoint: Endpoint
  jobId: string
  onEvent?: (event: IngestionJobEvent) => void
  signal?: AbortSignal | undefined
}): Promise<IngestionJob | null> {
  const { endpoint, jobId, onEvent, signal } = options
  const events = follow({
    endpoint,
    open: (after) => jobEvents(endpoint, jobId, after, signal),
    ...(signal ? { signal } : {}),
  })
  for await (const event of events) onEvent?.(event)
  return readJob(endpoint, jobId, signal)
}

async function* jobEvents(endpoint: Endpoint, ingestionJobId: string, after: string | null, signal?: AbortSignal) {
  const stream = endpoint.subscribe<{ ingestionJobEvents: IngestionJobEvent }>(
    'IngestionJobEvents',
    { ingestionJobId, after },
    signal,
  )
  for await (const { ingestionJobEvents } of stream) yield ingestionJobEvents
}
