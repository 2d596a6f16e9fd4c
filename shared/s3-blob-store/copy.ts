// Copies of objects within the bucket, done by the server: in one request, or in parts where one would be too large. The copy is there whole
// or not at all.
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  UploadPartCopyCommand,
  type CompletedPart,
  type S3Client,
} from '@aws-sdk/client-s3'

/** S3 copies up to 5 GB in one request; in parts of a tenth of that each request ends within its time limit (client.ts). */
export const LARGEST_COPY_BYTES = 512 * 1024 ** 2

export interface CopyObject {
  bucket: string
  from: string
  to: string
  sizeBytes: number
  /** ETag that the source must still have; another makes the copy fail with PreconditionFailed. */
  etag?: string
  /** Largest copy in one request, and largest part. Default `LARGEST_COPY_BYTES`. */
  largestBytes?: number
  signal?: AbortSignal
}

/** Base64 of the copy's SHA-256 as the server computed it; null when it does not say (many do not, and never for parts). */
export async function copyObject(client: S3Client, options: CopyObject): Promise<string | null> {
  const { bucket, from, to, sizeBytes, etag, largestBytes = LARGEST_COPY_BYTES } = options
  const sending = options.signal ? { abortSignal: options.signal } : {}
  const source = {
    CopySource: encodeURI(`${bucket}/${from}`),
    ...(etag === undefined ? {} : { CopySourceIfMatch: etag }),
  }
  const target = { Bucket: bucket, Key: to }
  if (sizeBytes <= largestBytes) {
    const { CopyObjectResult } = await client.send(
      new CopyObjectCommand({ ...target, ...source, ChecksumAlgorithm: 'SHA256' }),
      sending,
    )
    return CopyObjectResult?.ChecksumSHA256 ?? null
  }

  const { UploadId } = await client.send(new CreateMultipartUploadCommand(target), sending)
  try {
    const parts: CompletedPart[] = []
    for (let start = 0; start < sizeBytes; start += largestBytes) {
      const end = Math.min(start + largestBytes, sizeBytes) - 1
      const PartNumber = parts.length + 1
      const { CopyPartResult } = await client.send(
        new UploadPartCopyCommand({
          ...target,
          ...source,
          UploadId,
          PartNumber,
          CopySourceRange: `bytes=${start}-${end}`,
        }),
        sending,
      )
      parts.push({ PartNumber, ETag: CopyPartResult?.ETag })
    }
    await client.send(
      new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload: { Parts: parts } }),
      sending,
    )
    return null
  } catch (error) {
    // What cannot be taken back now is swept later.
    await client.send(new AbortMultipartUploadCommand({ ...target, UploadId })).catch(() => undefined)
    throw error
  }
}
