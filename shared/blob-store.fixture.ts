// Bytes for the contract suite of BlobStore; and, run as a program, a process that writes half of them and is killed there: it says `half` and
// waits for ever. Its store is the folder in BLOB_DIRECTORY, or the bucket that the variables of S3 name.
import { createHash } from 'node:crypto'
import type { BlobStore } from './blob-store.ts'
import { createFolderBlobStore } from './folder-blob-store.ts'

/** Longer than several parts of an upload. */
export const KILLED_BYTES = 40_000_000
const CHUNK_BYTES = 1_000_000

/** Always the same bytes, each chunk another. */
export async function* chunks(totalBytes: number): AsyncGenerator<Buffer> {
  for (let start = 0, index = 0; start < totalBytes; start += CHUNK_BYTES, index += 1)
    yield Buffer.alloc(Math.min(CHUNK_BYTES, totalBytes - start), `chunk ${index} `)
}

export async function sha256Of(totalBytes: number): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of chunks(totalBytes)) hash.update(chunk)
  return hash.digest('hex')
}

async function openStore(environment: NodeJS.ProcessEnv): Promise<BlobStore> {
  const directory = environment['BLOB_DIRECTORY']
  if (directory) return createFolderBlobStore({ directory })
  const { createS3BlobStore } = await import('./s3-blob-store.ts')
  return createS3BlobStore({
    bucket: environment['S3_BUCKET']!,
    endpoint: environment['S3_ENDPOINT']!,
    region: environment['AWS_REGION']!,
    prefix: '',
    forcePathStyle: true,
    credentials: {
      accessKeyId: environment['AWS_ACCESS_KEY_ID']!,
      secretAccessKey: environment['AWS_SECRET_ACCESS_KEY']!,
    },
  })
}

async function* half(): AsyncGenerator<Buffer> {
  let sizeBytes = 0
  for await (const chunk of chunks(KILLED_BYTES)) {
    if (sizeBytes >= KILLED_BYTES / 2) break
    yield chunk
    sizeBytes += chunk.byteLength
  }
  process.stdout.write('half\n')
  await new Promise(() => setInterval(() => {}, 60_000))
}

if (import.meta.main) await (await openStore(process.env)).putStream('ws_killed', half())
