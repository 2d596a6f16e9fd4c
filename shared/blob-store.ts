// Content-addressed bytes in a folder: the key is the workspace and the SHA-256, so a repeated write is the same blob, and a client's
// file name never becomes a path. Writes go to a temporary file, are synced, then renamed: a key that exists is whole.
import { createHash, randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import type { Readable } from 'node:stream'
import { TributaryError } from './errors.ts'

export interface BlobInfo {
  key: string
  sha256: string
  sizeBytes: number
}

export interface BlobStore {
  put(workspaceId: string, bytes: Uint8Array): Promise<BlobInfo>
  /** Hashes and counts while the bytes arrive; `onSize` sees the running total and may throw to refuse more. */
  putStream(
    workspaceId: string,
    source: AsyncIterable<Uint8Array>,
    onSize?: (sizeBytes: number) => void,
  ): Promise<BlobInfo>
  read(key: string): Promise<Buffer>
  stream(key: string): Readable
  /** A local path for readers in another process (extraction); read-only by agreement. */
  path(key: string): string
  delete(key: string): Promise<void>
}

/** No upload takes a day. */
const ABANDONED_MS = 24 * 3_600_000

export function createFolderBlobStore(options: { directory: string }): BlobStore {
  const locate = (key: string): string => {
    if (!/^[a-z0-9_]+\/[0-9a-f]{64}$/.test(key)) throw new TributaryError('NOT_FOUND', 'There is no such blob.')
    const [workspaceId, sha256] = key.split('/') as [string, string]
    return path.join(options.directory, workspaceId, sha256.slice(0, 2), sha256)
  }

  let swept: Promise<void> | undefined

  /** Files that a killed process left half written: once per process, those that nobody can still be writing to. */
  async function sweepIncoming(incoming: string): Promise<void> {
    for (const name of await readdir(incoming)) {
      const file = path.join(incoming, name)
      const found = await stat(file).catch(() => null)
      if (found && Date.now() - found.mtimeMs > ABANDONED_MS) await rm(file, { force: true })
    }
  }

  async function putStream(
    workspaceId: string,
    source: AsyncIterable<Uint8Array>,
    onSize?: (sizeBytes: number) => void,
  ) {
    const temporaryDirectory = path.join(options.directory, 'incoming')
    await mkdir(temporaryDirectory, { recursive: true })
    await (swept ??= sweepIncoming(temporaryDirectory))
    const temporary = path.join(temporaryDirectory, randomUUID())
    const hash = createHash('sha256')
    let sizeBytes = 0
    try {
      const file = await open(temporary, 'wx')
      try {
        for await (const part of source) {
          sizeBytes += part.byteLength
          onSize?.(sizeBytes)
          hash.update(part)
          await file.writeFile(part)
        }
        await file.sync()
      } finally {
        await file.close()
      }
      const sha256 = hash.digest('hex')
      const key = `${workspaceId}/${sha256}`
      const target = locate(key)
      await mkdir(path.dirname(target), { recursive: true })
      await rename(temporary, target)
      return { key, sha256, sizeBytes }
    } catch (error) {
      await rm(temporary, { force: true })
      throw error
    }
  }

  return {
    putStream,
    async put(workspaceId, bytes) {
      const sha256 = createHash('sha256').update(bytes).digest('hex')
      const key = `${workspaceId}/${sha256}`
      const existing = await stat(locate(key)).catch(() => null)
      if (existing?.size === bytes.byteLength) return { key, sha256, sizeBytes: bytes.byteLength }
      return putStream(
        workspaceId,
        (async function* () {
          yield bytes
        })(),
      )
    },
    async read(key) {
      try {
        return await readFile(locate(key))
      } catch (cause) {
        throw new TributaryError('NOT_FOUND', 'A stored file is missing from the blob store.', { cause })
      }
    },
    stream: (key) => createReadStream(locate(key)),
    path: locate,
    delete: (key) => rm(locate(key), { force: true }),
  }
}
