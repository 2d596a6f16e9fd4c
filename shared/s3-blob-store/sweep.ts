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
import { DIRECT_ABANDONED_MS, INCOMING, isIncomingKey, isUploadKey, UPLOADS } from './layout.ts'

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
  const own = (key: string) => (key.startsWith(prefix) ? key.slice(prefix.length) : '')
  for (const { folder, ageMs, isOurs } of [
    { folder: INCOMING, ageMs: ABANDONED_MS, isOurs: isIncomingKey },
    { folder: UPLOADS, ageMs: DIRECT_ABANDONED_MS, isOurs: isUploadKey },
  ]) {
    for await (const page of paginateListObjectsV2({ client }, { Bucket, Prefix: prefix + folder }, sending))
      for (const { Key = '', LastModified } of page.Contents ?? [])
        if (isOurs(own(Key)) && isOlder(LastModified, ageMs))
          await client.send(new DeleteObjectCommand({ Bucket, Key }), sending)
  }
  let markers: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } | null = {}
  while (markers) {
    const page: ListMultipartUploadsCommandOutput = await client.send(
      new ListMultipartUploadsCommand({ Bucket, Prefix: prefix, ...markers }),
      sending,
    )
    for (const { Key = '', UploadId, Initiated } of page.Uploads ?? [])
      if ((isIncomingKey(own(Key)) || isBlobKey(own(Key))) && isOlder(Initiated, ABANDONED_MS))
        await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }), sending)
    markers = page.IsTruncated ? { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker } : null
  }
}
