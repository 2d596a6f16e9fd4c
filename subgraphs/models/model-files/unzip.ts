// Takes named entries out of a zip archive. Only names the caller knows are ever written, to paths the caller chose; an entry that is not
// byte for byte what was expected stops the whole extraction.
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { openPromise, type Entry, type ZipFile } from 'yauzl'
import { FetchError } from './fetch-error.ts'

export interface WantedEntry {
  /** Name of the entry in the archive. */
  entryName: string
  /** Absolute path it is written to; folders are made. */
  path: string
  sizeBytes: number
  sha256: string
}

export interface UnzipOptions {
  signal: AbortSignal
  /** Called with the bytes written so far, of all entries. */
  onProgress?(writtenBytes: number): void
}

/** Writes each wanted entry to its path. FetchError CONTENT_UNEXPECTED when one is missing or differs. */
export async function unzipEntries(
  archivePath: string,
  wanted: readonly WantedEntry[],
  options: UnzipOptions,
): Promise<void> {
  const missing = new Map(wanted.map((entry) => [entry.entryName, entry]))
  let writtenBytes = 0
  const archive = await openPromise(archivePath, { lazyEntries: true, autoClose: false }).catch((error: unknown) => {
    throw new FetchError('CONTENT_UNEXPECTED', `${archivePath} is not a readable archive: ${messageOf(error)}`, error)
  })
  try {
    for await (const entry of archive.eachEntry()) {
      const target = missing.get(entry.fileName)
      if (target === undefined) continue
      missing.delete(entry.fileName)
      await writeEntry(archive, entry, target, options.signal, (bytes) => {
        writtenBytes += bytes
        options.onProgress?.(writtenBytes)
      })
      if (missing.size === 0) break
    }
  } catch (error) {
    if (error instanceof FetchError || options.signal.aborted) throw error
    if (isDiskError(error))
      throw new FetchError('DISK_NOT_WRITABLE', `Could not unpack ${archivePath}: ${messageOf(error)}`, error)
    throw new FetchError('CONTENT_UNEXPECTED', `The archive ${archivePath} is damaged: ${messageOf(error)}`, error)
  } finally {
    archive.close()
  }
  const [first] = missing.keys()
  if (first !== undefined)
    throw new FetchError('CONTENT_UNEXPECTED', `The archive ${archivePath} has no entry ${first}.`)
}

async function writeEntry(
  archive: ZipFile,
  entry: Entry,
  target: WantedEntry,
  signal: AbortSignal,
  onBytes: (bytes: number) => void,
): Promise<void> {
  if (entry.uncompressedSize !== target.sizeBytes) throw unexpected(target)
  const source = await archive.openReadStreamPromise(entry)
  const hash = createHash('sha256')
  const observe = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk)
      onBytes(chunk.length)
      done(null, chunk)
    },
  })
  await mkdir(dirname(target.path), { recursive: true })
  await pipeline(source, observe, createWriteStream(target.path, { flush: true }), { signal })
  if (hash.digest('hex') !== target.sha256) throw unexpected(target)
}

function unexpected(target: WantedEntry): FetchError {
  return new FetchError('CONTENT_UNEXPECTED', `The entry ${target.entryName} is not the one the manifest expects.`)
}

function isDiskError(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    ['ENOSPC', 'EACCES', 'EROFS', 'EPERM', 'EDQUOT'].includes(String(error.code))
  )
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
