// The bytes of an object, as they come. A server that falls silent, and bytes that are fewer or others than were stored, are errors.
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import { TributaryError } from '../errors.ts'

/** Longest wait for the next bytes of a body, while somebody wants them. */
const SILENCE_MS = 15_000

export interface OpenObject {
  sizeBytes: number
  etag: string | undefined
  parts: AsyncGenerator<Buffer>
}

export async function openObject(
  client: S3Client,
  where: { bucket: string; key: string },
  signal: AbortSignal | undefined,
): Promise<OpenObject> {
  const { Body, ContentLength, ETag } = await client.send(
    new GetObjectCommand({ Bucket: where.bucket, Key: where.key }),
    signal ? { abortSignal: signal } : {},
  )
  // In Node it is the response itself.
  const body = Body as Readable
  const sizeBytes = ContentLength ?? 0
  return { sizeBytes, etag: ETag, parts: counted(body, sizeBytes) }
}

async function* counted(body: Readable, sizeBytes: number): AsyncGenerator<Buffer> {
  const iterator = body[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  let received = 0
  try {
    for (;;) {
      const timer = setTimeout(() => body.destroy(new Error(`no bytes came for ${SILENCE_MS} ms`)), SILENCE_MS)
      const result = await iterator.next().finally(() => clearTimeout(timer))
      if (result.done) break
      received += result.value.byteLength
      yield result.value
    }
    if (received !== sizeBytes) throw new Error(`${received} of ${sizeBytes} bytes came`)
  } finally {
    body.destroy()
  }
}

/** Throws at the end when the bytes do not have this SHA-256 (hexadecimal). */
export async function* verified(parts: AsyncIterable<Buffer>, sha256: string): AsyncGenerator<Buffer> {
  const hash = createHash('sha256')
  for await (const part of parts) {
    hash.update(part)
    yield part
  }
  if (hash.digest('hex') !== sha256)
    throw new TributaryError(
      'INTERNAL_SERVER_ERROR',
      'A stored file is damaged: its bytes are not those that were stored.',
    )
}
