// BlobStore on S3, or a server that speaks it. An object is written in one step, so a key that exists is whole; what is on its way lies under
// keys that no blob has (s3-blob-store/layout.ts).
import { GetObjectCommand, HeadObjectCommand } from '@aws-sdk/client-s3'
import { createHash } from 'node:crypto'
import { readableOf } from './abortable.ts'
import { blobKey, checkBlobKey, checkWorkspaceId, type BlobStore } from './blob-store.ts'
import { TributaryError } from './errors.ts'
import { createS3Client, type S3Location } from './s3-blob-store/client.ts'
import { createDirectUploads } from './s3-blob-store/direct-uploads.ts'
import { explain } from './s3-blob-store/explain.ts'
import { openObject, verified } from './s3-blob-store/read.ts'
import { sweep } from './s3-blob-store/sweep.ts'
import { deleteObject, putBytes, writeStream, type Writer } from './s3-blob-store/write.ts'

export interface S3BlobStoreOptions extends S3Location {
  /** Whether clients are given addresses to send uploads to the bucket themselves. Default false. */
  hasDirectUploads?: boolean
  /** Told when leftovers of killed processes could not be swept; they only take space. */
  onSweepError?: (error: unknown) => void
  /** Largest copy in one request, in bytes. Default 512 MiB. */
  largestCopyBytes?: number
  now?: () => Date
}

export function createS3BlobStore(options: S3BlobStoreOptions): BlobStore {
  const location: S3Location = options
  const client = createS3Client(location)
  const now = options.now ?? (() => new Date())
  const { largestCopyBytes } = options
  const writer: Writer = { client, location, ...(largestCopyBytes === undefined ? {} : { largestCopyBytes }) }
  const closed = new AbortController()

  let hasSwept = false
  /** Once per process, beside its first write. */
  function sweepOnce(): void {
    if (hasSwept) return
    hasSwept = true
    sweep({ client, location, now: now(), signal: closed.signal }).catch((error: unknown) => {
      if (!closed.signal.aborted) options.onSweepError?.(explain(error, location))
    })
  }

  async function explained<Result>(signal: AbortSignal | undefined, work: () => Promise<Result>): Promise<Result> {
    signal?.throwIfAborted()
    try {
      return await work()
    } catch (error) {
      throw explain(error, location, signal)
    }
  }

  const objectAt = (key: string) => ({ Bucket: location.bucket, Key: location.prefix + checkBlobKey(key) })

  /** Null when there is none, or the server refuses: a HEAD has no body to tell why, the call that follows it has. */
  async function findSize(key: string, signal: AbortSignal | undefined): Promise<number | null> {
    try {
      const head = await client.send(new HeadObjectCommand(objectAt(key)), signal ? { abortSignal: signal } : {})
      return head.ContentLength ?? 0
    } catch (error) {
      const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode ?? 0
      if ([400, 403, 404].includes(status)) return null
      throw error
    }
  }

  async function* readParts(key: string, signal: AbortSignal | undefined): AsyncGenerator<Buffer> {
    try {
      const { bucket, prefix } = location
      const { parts } = await openObject(client, { bucket, key: prefix + checkBlobKey(key) }, signal)
      yield* verified(parts, key.slice(-64))
    } catch (error) {
      throw explain(error, location, signal)
    }
  }

  return {
    directUploads: options.hasDirectUploads ? createDirectUploads({ ...writer, now, explained }) : null,

    put: (workspaceId, bytes, signal) =>
      explained(signal, async () => {
        sweepOnce()
        const sha256 = createHash('sha256').update(bytes).digest('hex')
        const key = blobKey(workspaceId, sha256)
        if ((await findSize(key, signal)) === bytes.byteLength) return { key, sha256, sizeBytes: bytes.byteLength }
        return putBytes(writer, workspaceId, bytes, signal)
      }),

    putStream: (workspaceId, source, putOptions = {}) =>
      explained(putOptions.signal, async () => {
        checkWorkspaceId(workspaceId)
        sweepOnce()
        return writeStream(writer, workspaceId, source, putOptions)
      }),

    async read(key, signal) {
      signal?.throwIfAborted()
      const parts: Buffer[] = []
      for await (const part of readableOf((ended) => readParts(key, ended), signal)) parts.push(part as Buffer)
      return Buffer.concat(parts)
    },

    stream: (key, signal) => readableOf((ended) => readParts(key, ended), signal),

    has: (key, signal) =>
      explained(signal, async () => {
        if ((await findSize(key, signal)) !== null) return true
        try {
          const byte = new GetObjectCommand({ ...objectAt(key), Range: 'bytes=0-0' })
          const { Body } = await client.send(byte, signal ? { abortSignal: signal } : {})
          await Body?.transformToByteArray()
          return true
        } catch (error) {
          const reason = explain(error, location, signal)
          if (reason instanceof TributaryError && reason.code === 'NOT_FOUND') return false
          // It came meanwhile, and it is empty.
          if ((error as Error).name === 'InvalidRange') return true
          throw reason
        }
      }),

    delete: (key, signal) =>
      explained(signal, async () => {
        checkBlobKey(key)
        await deleteObject(writer, key, signal)
      }),

    async close() {
      closed.abort()
      client.destroy()
    },
  }
}
