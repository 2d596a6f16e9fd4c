// BlobStore in a folder. Writes go to a temporary file, are synced, then renamed.
import { createHash, randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { abortable, readableOf } from './abortable.ts'
import {
  ABANDONED_MS,
  blobKey,
  blobMissing,
  blobStoreFull,
  checkBlobKey,
  checkWorkspaceId,
  type BlobInfo,
  type BlobStore,
  type PutStreamOptions,
} from './blob-store.ts'
import { TributaryError } from './errors.ts'

export interface FolderBlobStoreOptions {
  directory: string
  now?: () => Date
}

export function createFolderBlobStore(options: FolderBlobStoreOptions): BlobStore {
  const { directory } = options
  const now = options.now ?? (() => new Date())
  const incoming = path.join(directory, 'incoming')

  const locate = (key: string): string => {
    const [workspaceId, sha256] = checkBlobKey(key).split('/') as [string, string]
    return path.join(directory, workspaceId, sha256.slice(0, 2), sha256)
  }

  let swept: Promise<void> | undefined

  /** Files that a killed process left half written: once per process, those that nobody can still be writing to. */
  async function sweepIncoming(): Promise<void> {
    for (const name of await readdir(incoming)) {
      const file = path.join(incoming, name)
      const found = await stat(file).catch(() => null)
      if (found && now().getTime() - found.mtimeMs > ABANDONED_MS) await rm(file, { force: true })
    }
  }

  async function write(
    workspaceId: string,
    source: AsyncIterable<Uint8Array>,
    { onSize, signal }: PutStreamOptions,
  ): Promise<BlobInfo> {
    checkWorkspaceId(workspaceId)
    await mkdir(incoming, { recursive: true })
    await (swept ??= sweepIncoming())
    const temporary = path.join(incoming, randomUUID())
    const hash = createHash('sha256')
    let sizeBytes = 0
    try {
      const file = await open(temporary, 'wx')
      try {
        for await (const part of abortable(source, signal)) {
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
      const key = blobKey(workspaceId, sha256)
      const target = locate(key)
      await mkdir(path.dirname(target), { recursive: true })
      await rename(temporary, target)
      return { key, sha256, sizeBytes }
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined)
      throw error
    }
  }

  async function* readParts(key: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    try {
      yield* createReadStream(locate(key), { signal })
    } catch (error) {
      throw explain(error)
    }
  }

  const explained = <Result>(work: Promise<Result>): Promise<Result> =>
    work.catch((error: unknown) => {
      throw explain(error)
    })

  return {
    directUploads: null,
    putStream: (workspaceId, source, putOptions = {}) => explained(write(workspaceId, source, putOptions)),

    async put(workspaceId, bytes, signal) {
      signal?.throwIfAborted()
      const sha256 = createHash('sha256').update(bytes).digest('hex')
      const key = blobKey(workspaceId, sha256)
      const existing = await stat(locate(key)).catch(() => null)
      if (existing?.size === bytes.byteLength) return { key, sha256, sizeBytes: bytes.byteLength }
      return explained(write(workspaceId, once(bytes), signal ? { signal } : {}))
    },

    async read(key, signal) {
      signal?.throwIfAborted()
      const file = locate(key)
      return explained(readFile(file, signal ? { signal } : {}))
    },

    stream: (key, signal) => readableOf((ended) => readParts(key, ended), signal),

    async has(key, signal) {
      signal?.throwIfAborted()
      try {
        await stat(locate(key))
        return true
      } catch (cause) {
        const error = explain(cause)
        if (error instanceof TributaryError && error.code === 'NOT_FOUND') return false
        throw error
      }
    },

    async delete(key, signal) {
      signal?.throwIfAborted()
      await explained(rm(locate(key), { force: true }))
    },

    close: async () => {},
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

/** What the file system says, in the words of the port; anything else as it is. */
function explain(error: unknown): unknown {
  if (error instanceof TributaryError) return error
  switch ((error as NodeJS.ErrnoException).code ?? '') {
    case 'ENOENT':
      return blobMissing(error)
    case 'ENOSPC':
    case 'EDQUOT':
      return blobStoreFull('TRIBUTARY_DATA_DIR', error)
    case 'EROFS':
    case 'EACCES':
      return new TributaryError(
        'DATA_DIRECTORY_READ_ONLY',
        'The folder of the blob store in TRIBUTARY_DATA_DIR cannot be written to or read.',
        { cause: error },
      )
    default:
      return error
  }
}
