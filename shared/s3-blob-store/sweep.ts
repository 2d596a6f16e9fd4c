// What killed processes left in the bucket: temporary objects, and multipart uploads that were never completed. Only what has the form of
// our own keys is touched, since the bucket may be shared.
import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  paginateListObjectsV2,
  type ListMultipartUploadsCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3'
import { ABANDONED_MS, isBlobKey } from '../blob-store.ts'
import type { S3Location } from './client.ts'
import { DIRECT_ABANDONED_MS, INCOMING, UPLOADS } from './layout.ts'

export interface SweepOptions {
  client: S3Client
  location: S3Location
  now: Date
  signal: AbortSignal
}

export async function sweep({ client, location, now, signal }: SweepOptions): Promise<void> {
  const { bucket: Bucket, prefix } = location
  const sending = { abortSignal: signal }
  const isOlder = (since: Date | undefined, ageMs: number) =>
    since !== undefined && now.getTime() - since.getTime() > ageMs
  for (const [folder, ageMs] of [
    [INCOMING, ABANDONED_MS],
    [UPLOADS, DIRECT_ABANDONED_MS],
  ] as const) {
    for await (const page of paginateListObjectsV2({ client }, { Bucket, Prefix: prefix + folder }, sending))
      for (const { Key, LastModified } of page.Contents ?? [])
        if (isOlder(LastModified, ageMs)) await client.send(new DeleteObjectCommand({ Bucket, Key }), sending)
  }
  const isOurs = (key: string) => {
    const own = key.slice(prefix.length)
    return key.startsWith(prefix) && (own.startsWith(INCOMING) || isBlobKey(own))
  }
  let markers: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } | null = {}
  while (markers) {
    const page: ListMultipartUploadsCommandOutput = await client.send(
      new ListMultipartUploadsCommand({ Bucket, Prefix: prefix, ...markers }),
      sending,
    )
    for (const { Key, UploadId, Initiated } of page.Uploads ?? [])
      if (Key !== undefined && isOurs(Key) && isOlder(Initiated, ABANDONED_MS))
        await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }), sending)
    markers = page.IsTruncated ? { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker } : null
  }
}
