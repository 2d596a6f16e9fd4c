// Brings one file into a knowledge base: announce, send the bytes, start a job. One job per file, under a key made of knowledge base, name and
// content: what was ingested already is found again instead of being sent and ingested twice, whenever and wherever the command runs again.
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { request } from 'undici'
import {
  clientError,
  ClientError,
  interrupted,
  throwUserErrors,
  unreachable,
  type UserErrorPayload,
} from './client-error.ts'
import type { Endpoint } from './endpoint.ts'
import type { FoundFile } from './find-files.ts'
import type { IngestionJob } from './shapes.ts'

export interface IngestFileOptions {
  endpoint: Endpoint
  knowledgeBaseId: string
  file: FoundFile
  tags?: readonly string[]
  signal?: AbortSignal | undefined
}

/** `isNew` is false when the same content was ingested under the same name before, and is still there. */
export interface IngestedFile {
  job: IngestionJob
  sha256: string
  isNew: boolean
}

const UPLOAD_ATTEMPTS = 3
const UPLOAD_TIMEOUT_MS = 10 * 60_000
/** A document that was deleted is ingested anew, under the next key; so often at most. */
const MOST_GENERATIONS = 1000

export async function ingestFile(options: IngestFileOptions): Promise<IngestedFile> {
  const { endpoint, knowledgeBaseId, file, signal } = options
  const sha256 = await hashFile(file.path)
  const createJob = async (idempotencyKey: string, uploadIds: string[] | null) => {
    const tags = options.tags ?? null
    const { ingestionJobCreate } = await endpoint.request<{
      ingestionJobCreate: UserErrorPayload & { ingestionJob: IngestionJob | null }
    }>('IngestionJobCreate', { knowledgeBaseId, uploadIds, tags, idempotencyKey }, signal)
    return ingestionJobCreate
  }
  for (let generation = 1; generation <= MOST_GENERATIONS; generation += 1) {
    const key = keyOf(knowledgeBaseId, file.name, sha256, generation)
    // The key alone finds the job of an earlier run, without sending the bytes; where there is none, there is nothing to ingest yet.
    let { ingestionJob } = await createJob(key, null)
    if (!ingestionJob) {
      const created = await createJob(key, [await uploadFile(options)])
      throwUserErrors(created)
      ingestionJob = created.ingestionJob
    }
    const job = await readJob(endpoint, ingestionJob!.id, signal)
    if (job === null) continue
    const [item] = job.items?.nodes ?? []
    switch (job.status) {
      case 'QUEUED':
      case 'RUNNING':
        return { job, sha256, isNew: true }
      case 'FAILED':
      case 'PARTIALLY_SUCCEEDED':
        return { job: await retryJob(endpoint, job, signal), sha256, isNew: true }
      case 'SUCCEEDED':
        if (item?.document) return { job, sha256, isNew: false }
        continue
      case 'CANCELLED':
        continue
    }
  }
  throw clientError('TOO_OFTEN', `"${file.name}" was ingested and deleted too often.`)
}

export async function readJob(endpoint: Endpoint, id: string, signal?: AbortSignal): Promise<IngestionJob | null> {
  const { ingestionJob } = await endpoint.request<{ ingestionJob: IngestionJob | null }>(
    'IngestionJob',
    { ingestionJobId: id },
    signal,
  )
  return ingestionJob
}

async function retryJob(endpoint: Endpoint, job: IngestionJob, signal?: AbortSignal): Promise<IngestionJob> {
  const { ingestionJobRetry } = await endpoint.request<{ ingestionJobRetry: UserErrorPayload }>(
    'IngestionJobRetry',
    { ingestionJobId: job.id },
    signal,
  )
  throwUserErrors(ingestionJobRetry)
  return (await readJob(endpoint, job.id, signal)) ?? job
}

async function uploadFile({ endpoint, file, signal }: IngestFileOptions): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    const { uploadCreate } = await endpoint.request<{
      uploadCreate: UserErrorPayload & { upload: { id: string; url: string } | null }
    }>('UploadCreate', { fileName: file.name, sizeBytes: file.sizeBytes, mediaType: null }, signal)
    throwUserErrors(uploadCreate)
    const { id, url } = uploadCreate.upload!
    const failure = await putFile(endpoint.uploadAddress(url), file, signal)
    if (failure === null) return id
    if (attempt === UPLOAD_ATTEMPTS) throw failure
    await sleep(250 * 2 ** attempt, undefined, signal ? { signal } : {}).catch((cause: unknown) => {
      throw interrupted(cause)
    })
  }
}

/** Null when the bytes were received; the failure when trying again may help. Throws when it will not. */
async function putFile(url: string, file: FoundFile, signal: AbortSignal | undefined): Promise<ClientError | null> {
  const bytes = createReadStream(file.path)
  try {
    const response = await request(url, {
      method: 'PUT',
      headers: { 'content-length': String(file.sizeBytes), 'content-type': 'application/octet-stream' },
      body: bytes,
      ...(signal ? { signal } : {}),
      headersTimeout: UPLOAD_TIMEOUT_MS,
      bodyTimeout: UPLOAD_TIMEOUT_MS,
    })
    const text = await response.body.text()
    // A bucket says 200.
    if ([200, 201, 409].includes(response.statusCode)) return null
    const error = clientError('UPLOAD_FAILED', messageIn(text))
    if (response.statusCode >= 500 || response.statusCode === 422) return error
    throw error
  } catch (cause) {
    if (cause instanceof ClientError) throw cause
    if (signal?.aborted) throw interrupted(cause)
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH')
      throw clientError(
        'FILE_CHANGED',
        `${file.path} changed while it was being sent. Run the command again when it is finished.`,
        cause,
      )
    if (code === 'EACCES' || code === 'EPERM' || code === 'ENOENT' || code === 'EISDIR')
      throw unreadable(file.path, cause)
    return unreachable(new URL(url).origin, cause)
  } finally {
    bytes.destroy()
  }
}

function messageIn(body: string): string {
  try {
    return (JSON.parse(body) as { error: { message: string } }).error.message
  } catch {
    return body.slice(0, 200) || 'the upload was refused.'
  }
}

async function hashFile(location: string): Promise<string> {
  const hash = createHash('sha256')
  try {
    for await (const part of createReadStream(location)) hash.update(part as Buffer)
  } catch (cause) {
    throw unreadable(location, cause)
  }
  return hash.digest('hex')
}

const unreadable = (location: string, cause: unknown) =>
  clientError(
    'FILE_UNREADABLE',
    `${location} cannot be read (${(cause as NodeJS.ErrnoException).code ?? String(cause)}). Check its permissions.`,
    cause,
  )

const keyOf = (knowledgeBaseId: string, name: string, sha256: string, generation: number) =>
  `file-${createHash('sha256').update([knowledgeBaseId, name, sha256, generation].join('\n')).digest('hex')}`
