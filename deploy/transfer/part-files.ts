// The files that records are in: lines of JSON, a few megabytes each, written to a temporary name, synced and renamed, so that a part is there whole
// or not at all. And the same read back, a line at a time.
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { TributaryError } from '#shared/errors.ts'
import {
  archiveLineSchema,
  type ArchivePart,
  type Position,
  type ReadRecord,
} from '../../contracts/workspace-archive.ts'
import { explainWriteFailure, type Archive } from './archive.ts'
import { sha256Of } from './blob-files.ts'

const LINE_FEED = 0x0a

export interface WritePartsOptions {
  archive: Archive
  subgraph: string
  kind: string
  /** Number of the first part to write, from 1. */
  firstNumber: number
  records: AsyncIterable<ReadRecord>
  /** A part ends with the record that reaches this size, blobs counted in. */
  partBytes: number
  /** Copies a stored file into the archive; answers its checksum and size. */
  copyBlob(key: string, record: ReadRecord): Promise<{ sha256: string; sizeBytes: number }>
  onRecord(): void
  /** A part is there, whole. */
  onPart(part: ArchivePart): Promise<void>
}

export async function writeParts(options: WritePartsOptions): Promise<void> {
  const { archive, subgraph, kind, partBytes } = options
  let number = options.firstNumber
  let part: OpenPart | null = null
  try {
    for await (const record of options.records) {
      part ??= await openPart(archive, `parts/${subgraph}/${kind}-${String(number).padStart(6, '0')}.ndjson`)
      const blobs: string[] = []
      for (const key of record.blobKeys ?? []) {
        const { sha256, sizeBytes } = await options.copyBlob(key, record)
        blobs.push(sha256)
        part.blobBytes += sizeBytes
      }
      await part.add(record, [...new Set(blobs)])
      options.onRecord()
      if (part.sizeBytes + part.blobBytes < partBytes) continue
      await options.onPart(await part.finish())
      part = null
      number += 1
    }
    if (part !== null) await options.onPart(await part.finish())
    part = null
  } catch (cause) {
    throw explainWriteFailure(cause, archive.directory)
  } finally {
    await part?.abandon()
  }
}

interface OpenPart {
  readonly sizeBytes: number
  blobBytes: number
  add(record: ReadRecord, blobs: readonly string[]): Promise<void>
  finish(): Promise<ArchivePart>
  abandon(): Promise<void>
}

async function openPart(archive: Archive, file: string): Promise<OpenPart> {
  const target = archive.pathOf(file)
  const temporary = `${target}.partial`
  await mkdir(path.dirname(target), { recursive: true, mode: 0o700 })
  const handle = await open(temporary, 'w', 0o600)
  const hash = createHash('sha256')
  let records = 0
  let blobCount = 0
  let lastPosition: Position | null = null
  const part = {
    sizeBytes: 0,
    blobBytes: 0,
    async add({ position, record }: ReadRecord, blobs: readonly string[]) {
      const line = Buffer.from(`${JSON.stringify(blobs.length > 0 ? { record, blobs } : { record })}\n`)
      await handle.writeFile(line)
      hash.update(line)
      part.sizeBytes += line.byteLength
      records += 1
      blobCount += blobs.length
      lastPosition = position
    },
    async finish(): Promise<ArchivePart> {
      await handle.sync()
      await handle.close()
      await rename(temporary, target)
      const { sizeBytes } = part
      return { file, records, sizeBytes, sha256: hash.digest('hex'), blobs: blobCount, lastPosition: lastPosition! }
    },
    async abandon() {
      await handle.close().catch(() => undefined)
      await rm(temporary, { force: true })
    },
  }
  return part
}

export interface ArchivedRecord {
  record: unknown
  blobs: readonly string[]
  /** Length of its line, in characters. */
  size: number
}

/** The records of a part in their order. Throws ARCHIVE_DAMAGED naming the part and the line. */
export async function* readPart(
  archive: Archive,
  part: ArchivePart,
  signal: AbortSignal,
): AsyncGenerator<ArchivedRecord> {
  let number = 0
  for await (const line of readLines(archive, part)) {
    signal.throwIfAborted()
    number += 1
    yield { ...parseLine(part, number, line), size: line.length }
  }
  if (number !== part.records)
    throw damaged(part, `has ${number} records where the manifest says ${part.records}`, undefined)
}

/** Lines end with a line feed and nothing else: JSON may hold the other characters that node:readline ends a line at (U+2028, U+2029). */
async function* readLines(archive: Archive, part: ArchivePart): AsyncGenerator<string> {
  let begun: Buffer[] = []
  try {
    for await (const chunk of createReadStream(archive.pathOf(part.file), { highWaterMark: 256 * 1024 })) {
      const bytes = chunk as Buffer
      let start = 0
      for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, start)) {
        yield Buffer.concat([...begun, bytes.subarray(start, end)]).toString('utf8')
        begun = []
        start = end + 1
      }
      if (start < bytes.length) begun.push(bytes.subarray(start))
    }
  } catch (cause) {
    throw damaged(part, 'cannot be read', cause)
  }
  if (begun.length > 0) throw damaged(part, 'ends in the middle of a line', undefined)
}

function parseLine(part: ArchivePart, number: number, line: string): { record: unknown; blobs: readonly string[] } {
  try {
    const { record, blobs = [] } = archiveLineSchema.parse(JSON.parse(line))
    return { record, blobs }
  } catch (cause) {
    throw damaged(part, `holds no record in line ${number}`, cause)
  }
}

/** Whether the file is what the manifest says. Throws ARCHIVE_DAMAGED naming the part. */
export async function verifyPart(archive: Archive, part: ArchivePart, signal: AbortSignal): Promise<void> {
  const found = await sha256Of(archive.pathOf(part.file), signal).catch((cause: NodeJS.ErrnoException) => {
    signal.throwIfAborted()
    throw damaged(part, cause.code === 'ENOENT' ? 'is missing' : `cannot be read (${cause.message})`, cause)
  })
  if (found.sizeBytes !== part.sizeBytes)
    throw damaged(part, `has ${found.sizeBytes} bytes where the manifest says ${part.sizeBytes}`, undefined)
  if (found.sha256 !== part.sha256) throw damaged(part, 'has another checksum than the manifest says', undefined)
}

export const damaged = ({ file }: Pick<ArchivePart, 'file'>, what: string, cause: unknown) =>
  new TributaryError(
    'ARCHIVE_DAMAGED',
    `The part ${file} of the archive ${what}. Copy the archive again, or export anew.`,
    { cause },
  )
