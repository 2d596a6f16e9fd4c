// Stored files inside an archive: named by their checksum, written once, whatever number of records speak of them.
import { createHash, randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import type { BlobStore } from '#shared/blob-store.ts'
import { TributaryError } from '#shared/errors.ts'
import type { Archive } from './archive.ts'

/** Copies a blob into the archive unless it is there. Throws NOT_FOUND when the store does not have it, or has something else under its name. */
export async function copyBlobToArchive(options: {
  archive: Archive
  blobs: BlobStore
  key: string
  /** What needs it, for the message. */
  owner: string
  signal: AbortSignal
}): Promise<{ sha256: string; sizeBytes: number }> {
  const { archive, blobs, key, owner, signal } = options
  const sha256 = key.slice(key.indexOf('/') + 1)
  const target = archive.blobPath(sha256)
  const existing = await stat(target).catch(() => null)
  if (existing !== null) return { sha256, sizeBytes: existing.size }
  await mkdir(path.dirname(target), { recursive: true, mode: 0o700 })
  const temporary = `${target}.${randomUUID()}.partial`
  const hash = createHash('sha256')
  let sizeBytes = 0
  const handle = await open(temporary, 'wx', 0o600)
  try {
    try {
      for await (const part of readBlob(blobs, key, owner, signal)) {
        hash.update(part)
        sizeBytes += part.byteLength
        await handle.writeFile(part)
      }
      await handle.sync()
    } finally {
      await handle.close()
    }
    if (hash.digest('hex') !== sha256) throw missing(owner, 'is damaged in the store', undefined)
    await rename(temporary, target)
    return { sha256, sizeBytes }
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

async function* readBlob(
  blobs: BlobStore,
  key: string,
  owner: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const part of blobs.stream(key, signal)) yield part as Uint8Array
  } catch (cause) {
    const { code } = cause as { code?: unknown }
    throw code === 'ENOENT' || code === 'NOT_FOUND' ? missing(owner, 'is missing from the store', cause) : cause
  }
}

const missing = (owner: string, what: string, cause: unknown) =>
  new TributaryError(
    'NOT_FOUND',
    `A stored file of ${owner} ${what}. Restore it from a copy, or delete the document and ingest it again, then run the command again.`,
    { cause },
  )

/** Stores the archive's file in the workspace. */
export async function copyBlobFromArchive(options: {
  archive: Archive
  blobs: BlobStore
  workspaceId: string
  sha256: string
  signal: AbortSignal
}): Promise<void> {
  const { archive, blobs, workspaceId, sha256, signal } = options
  const stored = await blobs.putStream(workspaceId, createReadStream(archive.blobPath(sha256)), { signal })
  if (stored.sha256 === sha256) return
  await blobs.delete(stored.key, signal)
  throw damagedBlob(sha256, 'has another checksum than its name says', undefined)
}

/** Throws ARCHIVE_DAMAGED naming the file. `removesDamaged`: so that it can be copied again. */
export async function verifyBlob(
  archive: Archive,
  sha256: string,
  options: { signal: AbortSignal; removesDamaged: boolean },
): Promise<void> {
  const { signal } = options
  const found = await sha256Of(archive.blobPath(sha256), signal).catch((cause: NodeJS.ErrnoException) => {
    signal.throwIfAborted()
    throw damagedBlob(sha256, cause.code === 'ENOENT' ? 'is missing' : `cannot be read (${cause.message})`, cause)
  })
  if (found.sha256 === sha256) return
  if (options.removesDamaged) await rm(archive.blobPath(sha256), { force: true })
  throw damagedBlob(sha256, 'has another checksum than its name says', undefined)
}

const damagedBlob = (sha256: string, what: string, cause: unknown) =>
  new TributaryError(
    'ARCHIVE_DAMAGED',
    `The stored file blobs/${sha256.slice(0, 2)}/${sha256} of the archive ${what}. Copy the archive again, or export anew.`,
    { cause },
  )

/** Takes away the files that no record speaks of any more: of what was deleted while the export was interrupted. */
export async function sweepBlobs(archive: Archive, needed: ReadonlySet<string>): Promise<void> {
  const root = path.join(archive.directory, 'blobs')
  for (const folder of await readdir(root).catch(() => []))
    for (const name of await readdir(path.join(root, folder)))
      if (!needed.has(name)) await rm(path.join(root, folder, name), { force: true })
}

export async function sha256Of(file: string, signal: AbortSignal): Promise<{ sha256: string; sizeBytes: number }> {
  const hash = createHash('sha256')
  let sizeBytes = 0
  for await (const part of createReadStream(file, { signal })) {
    hash.update(part as Uint8Array)
    sizeBytes += (part as Uint8Array).byteLength
  }
  return { sha256: hash.digest('hex'), sizeBytes }
}
