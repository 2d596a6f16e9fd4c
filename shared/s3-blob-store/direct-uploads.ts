// Uploads from a client straight into the bucket, under an address that is signed for exactly one place, size and time. What came is read
// through before it is kept, and what is kept is what was read: the copy is bound to the ETag that was read, since the address may be used
// again until it expires.
import { HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { createHash } from 'node:crypto'
import { abortable } from '../abortable.ts'
import { blobKey, type BlobInfo, type DirectUpload, type DirectUploads } from '../blob-store.ts'
import { TributaryError } from '../errors.ts'
import { LONGEST_ADDRESS_MS, uploadKey } from './layout.ts'
import { openObject } from './read.ts'
import { copyTo, deleteObject, type Writer } from './write.ts'

export interface DirectUploadsOptions extends Writer {
  now: () => Date
  explained<Result>(signal: AbortSignal | undefined, work: () => Promise<Result>): Promise<Result>
}

export function createDirectUploads(options: DirectUploadsOptions): DirectUploads {
  const { client, location, now, explained } = options
  const { bucket, prefix } = location

  async function sizeOf(key: string, signal: AbortSignal | undefined): Promise<number | null> {
    try {
      const head = new HeadObjectCommand({ Bucket: bucket, Key: prefix + key })
      return (await client.send(head, signal ? { abortSignal: signal } : {})).ContentLength ?? 0
    } catch (error) {
      if (isMissing(error)) return null
      throw error
    }
  }

  /** Throws NoSuchKey when nothing is there, PreconditionFailed when it was written again while it was read. */
  async function takeOnce(upload: DirectUpload, key: string, signal: AbortSignal | undefined): Promise<BlobInfo> {
    const { sizeBytes, etag, parts } = await openObject(client, { bucket, key: prefix + key }, signal)
    const hash = createHash('sha256')
    // Nothing is read of what has another size.
    if (sizeBytes !== upload.sizeBytes) {
      await parts.return(undefined)
      throw new TributaryError(
        'UPLOAD_INCOMPLETE',
        `${sizeBytes.toLocaleString('en')} bytes came; ${upload.sizeBytes.toLocaleString('en')} were announced. Send the whole file again to the same address.`,
      )
    }
    for await (const part of abortable(parts, signal)) hash.update(part)
    const sha256 = hash.digest('hex')
    const blob = { key: blobKey(upload.workspaceId, sha256), sha256, sizeBytes }
    const bound = { ...(etag === undefined ? {} : { etag }), ...(signal ? { signal } : {}) }
    await copyTo(options, { ...blob, ...bound, from: key })
    return blob
  }

  return {
    longestLifetimeMs: LONGEST_ADDRESS_MS,

    address: (upload, expiresAt) =>
      explained(undefined, () =>
        getSignedUrl(
          client,
          new PutObjectCommand({
            Bucket: bucket,
            Key: prefix + uploadKey(upload),
            ContentLength: upload.sizeBytes,
          }),
          {
            expiresIn: Math.max(1, Math.floor((expiresAt.getTime() - now().getTime()) / 1000)),
          },
        ),
      ),

    hasArrived: (upload, signal) =>
      explained(signal, async () => (await sizeOf(uploadKey(upload), signal)) === upload.sizeBytes),

    take: (upload, signal) =>
      explained(signal, async () => {
        const key = uploadKey(upload)
        try {
          return await takeOnce(upload, key, signal)
        } catch (error) {
          if (isMissing(error)) return null
          if ((error as Error).name !== 'PreconditionFailed') throw error
          throw new TributaryError(
            'UPLOAD_INCOMPLETE',
            'The file was sent again while it was taken in. Send it once, then try again.',
            { cause: error },
          )
        }
      }),

    discard: (upload, signal) =>
      explained(signal, async () => {
        await deleteObject(options, uploadKey(upload), signal)
      }),
  }
}

const isMissing = (error: unknown): boolean => ['NoSuchKey', 'NotFound'].includes((error as Error).name)
