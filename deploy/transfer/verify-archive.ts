// Whether every part and every stored file of an archive is what it was when it was written.
import { LRUCache } from 'lru-cache'
import type { ArchivePart } from '../../contracts/workspace-archive.ts'
import type { Archive } from './archive.ts'
import { verifyBlob } from './blob-files.ts'
import { readPart, verifyPart } from './part-files.ts'

/** Checksums that are remembered, so that a file that many records speak of is mostly read once. */
const REMEMBERED_BLOBS = 100_000

export interface ArchiveVerifier {
  /** Throws ARCHIVE_DAMAGED naming what is damaged. */
  verify(part: ArchivePart, signal: AbortSignal): Promise<void>
}

/** `removesDamagedBlobs`: so that they can be copied again. Default false. */
export function createArchiveVerifier(
  archive: Archive,
  options: { removesDamagedBlobs?: boolean } = {},
): ArchiveVerifier {
  const { removesDamagedBlobs = false } = options
  const verified = new LRUCache<string, true>({ max: REMEMBERED_BLOBS })
  return {
    async verify(part, signal) {
      await verifyPart(archive, part, signal)
      if (part.blobs === 0) return
      for await (const { blobs } of readPart(archive, part, signal))
        for (const sha256 of blobs) {
          if (verified.has(sha256)) continue
          await verifyBlob(archive, sha256, { signal, removesDamaged: removesDamagedBlobs })
          verified.set(sha256, true)
        }
    },
  }
}

export const partsOf = (archive: Archive) =>
  archive.manifest.subgraphs.flatMap(({ subgraph, kinds }) =>
    kinds.flatMap(({ kind, parts }) => parts.map((part) => ({ subgraph, kind, part }))),
  )

/** Records of the whole archive. */
export const countRecords = (archive: Archive): number =>
  partsOf(archive).reduce((sum, { part }) => sum + part.records, 0)
