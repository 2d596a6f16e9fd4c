// Asks a bucket for what the blob store does with it, and leaves nothing behind.
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { randomUUID } from 'node:crypto'
import { createS3Client, type S3Location } from './client.ts'
import { explain } from './explain.ts'
import { INCOMING } from './layout.ts'

export interface S3Probe {
  /** Lists at most one object. Returns how far the clock of the server is ahead, in milliseconds, to a second; null when it does not say. */
  list(signal: AbortSignal): Promise<number | null>
  /** Puts an object where those on their way lie, reads it, and deletes it. What a kill leaves behind is swept after a day, as those are. */
  write(signal: AbortSignal): Promise<void>
  close(): void
}

/** Its calls throw what those of the blob store do. */
export function createS3Probe(location: S3Location): S3Probe {
  const client = createS3Client(location)
  const { bucket: Bucket, prefix } = location
  let skewMs: number | null = null
  watchDates(client, (skew) => (skewMs = skew))

  async function explained<Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work()
    } catch (error) {
      throw explain(error, location, signal)
    }
  }

  return {
    list: (signal) =>
      explained(signal, async () => {
        await client.send(new ListObjectsV2Command({ Bucket, Prefix: prefix, MaxKeys: 1 }), { abortSignal: signal })
        return skewMs
      }),
    write: (signal) =>
      explained(signal, async () => {
        const Key = `${prefix}${INCOMING}doctor-${randomUUID()}`
        const sending = { abortSignal: signal }
        const { VersionId } = await client.send(new PutObjectCommand({ Bucket, Key, Body: 'doctor' }), sending)
        const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }), sending)
        await Body?.transformToByteArray()
        const remove = (object: object) => client.send(new DeleteObjectCommand({ Bucket, Key, ...object }), sending)
        // In a bucket with versions it would only be hidden; but to delete one takes a right that the platform does without.
        await (VersionId === undefined ? remove({}) : remove({ VersionId }).catch(() => remove({})))
      }),
    close: () => client.destroy(),
  }
}

function watchDates(client: S3Client, onSkew: (skewMs: number) => void): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      const before = Date.now()
      const outcome = await next(args)
      const { headers } = outcome.response as { headers?: Record<string, string> }
      const date = Date.parse(headers?.['date'] ?? '')
      // The header has whole seconds.
      if (!Number.isNaN(date)) onSkew(date + 500 - (before + Date.now()) / 2)
      return outcome
    },
    { step: 'deserialize', name: 'watchDates' },
  )
}
