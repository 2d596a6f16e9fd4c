// Bytes of unknown length on their way into the bucket. What fits one part is sent when its hash is known, straight to its key; the rest goes
// in parts to a temporary key while it is hashed, and is copied from there by the server.
import { DeleteObjectCommand, HeadObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { createHash, randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { abortable, untilAborted } from '../abortable.ts'
import { blobKey, type BlobInfo, type PutStreamOptions } from '../blob-store.ts'
import { TributaryError } from '../errors.ts'
import type { S3Location } from './client.ts'
import { copyObject } from './copy.ts'
import { SourceFailure } from './explain.ts'
import { INCOMING } from './layout.ts'

/** The least that S3 takes, since memory counts more here than round trips; 10,000 parts, as many as it takes, are 50 GB. */
const PART_BYTES = 5 * 1024 ** 2
/** Parts on their way at the same time. With the next ones being filled and sent a stream holds less than 48 MB (its contract case says so). */
const PARTS_IN_FLIGHT = 2

export interface Writer {
  client: S3Client
  location: S3Location
  /** See copy.ts. */
  largestCopyBytes?: number
}

export async function writeStream(
  writer: Writer,
  workspaceId: string,
  source: AsyncIterable<Uint8Array>,
  { onSize, signal }: PutStreamOptions,
): Promise<BlobInfo> {
  const hash = createHash('sha256')
  let sizeBytes = 0
  let sourceFailure: SourceFailure | undefined
  async function* measured() {
    let isHandedOut = false
    try {
      for await (const part of abortable(source, signal)) {
        sizeBytes += part.byteLength
        onSize?.(sizeBytes)
        hash.update(part)
        isHandedOut = true
        yield part
        isHandedOut = false
      }
    } catch (cause) {
      // Thrown into this generator by a stream that is given up.
      if (isHandedOut) throw cause
      sourceFailure = new SourceFailure('the source failed', { cause })
      throw sourceFailure
    }
  }
  const parts = measured()
  try {
    const head: Uint8Array[] = []
    for (let headBytes = 0; headBytes <= PART_BYTES;) {
      const { done, value } = await parts.next()
      if (done) return await putBytes(writer, workspaceId, Buffer.concat(head, sizeBytes), signal)
      head.push(value)
      headBytes += value.byteLength
    }

    const temporary = `${INCOMING}${randomUUID()}`
    await untilAborted(() => uploadParts(writer, temporary, head, parts), signal)
    try {
      const sha256 = hash.digest('hex')
      const key = blobKey(workspaceId, sha256)
      await copyTo(writer, { from: temporary, key, sha256, sizeBytes, ...(signal ? { signal } : {}) })
      return { key, sha256, sizeBytes }
    } finally {
      await deleteObject(writer, temporary, signal).catch(() => undefined)
    }
  } catch (error) {
    // Taking the parts back may have failed on top of it.
    throw sourceFailure ?? error
  } finally {
    await parts.return()
  }
}

/** Straight to the key; the server compares what came with the hash. */
export async function putBytes(
  { client, location }: Writer,
  workspaceId: string,
  bytes: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<BlobInfo> {
  const digest = createHash('sha256').update(bytes).digest()
  const sha256 = digest.toString('hex')
  const key = blobKey(workspaceId, sha256)
  await client.send(
    new PutObjectCommand({
      Bucket: location.bucket,
      Key: location.prefix + key,
      Body: bytes,
      ContentLength: bytes.byteLength,
      ChecksumSHA256: digest.toString('base64'),
    }),
    signal ? { abortSignal: signal } : {},
  )
  return { key, sha256, sizeBytes: bytes.byteLength }
}

export interface CopyTo {
  from: string
  key: string
  sha256: string
  sizeBytes: number
  /** ETag that the source must still have. */
  etag?: string
  signal?: AbortSignal
}

/** The server's copy under the blob's key, and a look at whether it is what it should be. */
export async function copyTo(
  { client, location, largestCopyBytes }: Writer,
  { from, key, sha256, ...copy }: CopyTo,
): Promise<void> {
  const { bucket, prefix } = location
  const checksum = await copyObject(client, {
    ...copy,
    bucket,
    from: prefix + from,
    to: prefix + key,
    ...(largestCopyBytes === undefined ? {} : { largestBytes: largestCopyBytes }),
  })
  // A dash and a number mark a checksum of the checksums of parts.
  const isWhole = checksum !== null && !checksum.includes('-')
  const { ContentLength } = await client.send(
    new HeadObjectCommand({ Bucket: bucket, Key: prefix + key }),
    copy.signal ? { abortSignal: copy.signal } : {},
  )
  if (ContentLength === copy.sizeBytes && (!isWhole || Buffer.from(checksum, 'base64').toString('hex') === sha256))
    return
  await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: prefix + key }))
  throw new TributaryError('UPSTREAM_UNAVAILABLE', 'The blob store kept other bytes than it was sent. Try again.')
}

export const deleteObject = ({ client, location }: Writer, key: string, signal?: AbortSignal) =>
  client.send(
    new DeleteObjectCommand({ Bucket: location.bucket, Key: location.prefix + key }),
    signal ? { abortSignal: signal } : {},
  )

/** Ends only when nothing is on its way any more, and what had been is taken back. */
async function uploadParts(
  { client, location }: Writer,
  key: string,
  head: Uint8Array[],
  rest: AsyncIterable<Uint8Array>,
): Promise<void> {
  async function* body() {
    // Not kept once they are sent.
    while (head.length > 0) yield head.shift()!
    yield* rest
  }
  const upload = new Upload({
    client,
    partSize: PART_BYTES,
    queueSize: PARTS_IN_FLIGHT,
    params: {
      Bucket: location.bucket,
      Key: location.prefix + key,
      Body: Readable.from(body(), { objectMode: true, highWaterMark: 1 }),
      ChecksumAlgorithm: 'SHA256',
    },
  })
  await upload.done()
}
