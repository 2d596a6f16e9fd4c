// Imports an archive: everything is verified before anything is written, then part after part is stored and noted. Every write replaces what is there
// under the same id, so a part that was cut off is written again, and nothing comes twice.
import { LRUCache } from 'lru-cache'
import { z } from 'zod'
import type { BlobStore } from '#shared/blob-store.ts'
import { TributaryError } from '#shared/errors.ts'
import type { ArchivePart, ImportTarget, SubgraphTransfer, TransferredKind } from '../../contracts/workspace-archive.ts'
import type { AccountsTransfer } from '../../subgraphs/accounts/transfer.ts'
import type { Archive } from './archive.ts'
import { copyBlobFromArchive } from './blob-files.ts'
import { damaged, readPart } from './part-files.ts'
import type { TransferProgress } from './progress.ts'
import { createArchiveVerifier } from './verify-archive.ts'

/** Records handed over at once. */
const BATCH_RECORDS = 200
/** Characters of JSON handed over at once, but for a single larger record. */
const BATCH_CHARACTERS = 4 * 1024 * 1024
const REMEMBERED_BLOBS = 10_000

/** Throws ARCHIVE_DAMAGED for one that is not whole, or not what it was. */
export async function checkArchive(options: {
  archive: Archive
  progress: TransferProgress
  signal: AbortSignal
}): Promise<void> {
  const { archive, progress, signal } = options
  if (archive.manifest.finishedAt === null)
    throw new TributaryError(
      'ARCHIVE_DAMAGED',
      `The export to ${archive.directory} was not finished. Run the same export again; it goes on where it ended.`,
    )
  const verifier = createArchiveVerifier(archive)
  for (const { subgraph, kinds } of archive.manifest.subgraphs)
    for (const { kind, parts } of kinds) {
      progress.begin(subgraph, kind, 0)
      for (const part of parts) {
        await verifier.verify(part, signal)
        progress.record(part.records)
      }
      progress.end()
    }
}

export interface ImportOptions {
  archive: Archive
  /** An existing workspace to fill; null for the one that the archive was made of. */
  workspaceId: string | null
  accounts: AccountsTransfer
  transfers: readonly SubgraphTransfer[]
  blobs: BlobStore
  progress: TransferProgress
  signal: AbortSignal
}

export interface ImportResult {
  workspaceId: string
  /** False when it was all there already. */
  isNew: boolean
  /** The secret of a key that was made for an administrator, since there was none. */
  adminSecret: string | null
}

/** Of a verified archive. Throws IMPORT_CONFLICT, ARCHIVE_DAMAGED, NOT_FOUND, and what the stores throw. */
export async function importWorkspace(options: ImportOptions): Promise<ImportResult> {
  const { archive, accounts, transfers, progress, signal } = options
  const { manifest } = archive
  const workspaceId = await settleWorkspace(options)
  const begun = await beginImport(options, workspaceId)
  if (begun.finishedAt !== null)
    return { workspaceId, isNew: false, adminSecret: await accounts.ensureAdministrator(workspaceId) }
  const target: ImportTarget = { workspaceId, sourceWorkspaceId: manifest.workspace.id }
  const finished = new Set(begun.finishedParts)
  const storedBlobs = new LRUCache<string, true>({ max: REMEMBERED_BLOBS })
  for (const { subgraph, kinds } of manifest.subgraphs)
    for (const { kind: name, parts } of kinds) {
      const kind = transfers.find((transfer) => transfer.subgraph === subgraph)?.kinds.find((one) => one.kind === name)
      if (!kind)
        throw new TributaryError(
          'ARCHIVE_DAMAGED',
          `The archive holds ${subgraph} ${name}, which this version does not know.`,
        )
      const done = parts.filter(({ file }) => finished.has(file))
      progress.begin(
        subgraph,
        name,
        done.reduce((sum, { records }) => sum + records, 0),
      )
      for (const part of parts) {
        if (finished.has(part.file)) continue
        await importPart({ ...options, part, kind, target, storedBlobs })
        signal.throwIfAborted()
        await accounts.finishPart(workspaceId, part.file)
      }
      progress.end()
    }
  const adminSecret = await accounts.ensureAdministrator(workspaceId)
  await accounts.finishImport(workspaceId)
  return { workspaceId, isNew: true, adminSecret }
}

/** The workspace to fill; it is there afterwards. */
async function settleWorkspace({ archive, accounts, workspaceId }: ImportOptions): Promise<string> {
  const { workspace } = archive.manifest
  if (workspaceId === null) {
    await accounts.ensureWorkspace(workspace)
    return workspace.id
  }
  if ((await accounts.findWorkspace(workspaceId)) === null) {
    const known = await accounts.listWorkspaces()
    throw new TributaryError(
      'NOT_FOUND',
      `There is no workspace ${workspaceId} in this installation. ${known.length === 0 ? 'There is none yet' : `There is ${known.map(({ id, name }) => `${id} (${name})`).join(', ')}`}; without --workspace the workspace of the archive is made.`,
    )
  }
  return workspaceId
}

/** Takes the workspace for this archive. */
async function beginImport({ archive, accounts, transfers }: ImportOptions, workspaceId: string) {
  const { archiveId } = archive.manifest
  const former = await accounts.findImport(workspaceId)
  if (former?.archiveId === archiveId) return former
  const present: string[] = []
  for (const transfer of transfers) present.push(...(await transfer.contents(workspaceId)))
  if (present.length > 0)
    throw new TributaryError(
      'IMPORT_CONFLICT',
      `The workspace ${workspaceId} has content of its own: ${present.join(', ')}. Import into an empty workspace or another installation.`,
    )
  const begun = await accounts.beginImport(workspaceId, archiveId, former?.archiveId ?? null)
  if (begun.archiveId !== archiveId)
    throw new TributaryError(
      'IMPORT_CONFLICT',
      `Another archive is being imported into the workspace ${workspaceId} now.`,
    )
  return begun
}

interface ImportPartOptions extends Pick<ImportOptions, 'archive' | 'blobs' | 'progress' | 'signal'> {
  part: ArchivePart
  kind: TransferredKind
  target: ImportTarget
  storedBlobs: LRUCache<string, true>
}

async function importPart(options: ImportPartOptions): Promise<void> {
  const { archive, blobs, progress, signal, part, kind, target, storedBlobs } = options
  let batch: unknown[] = []
  let characters = 0
  const flush = async () => {
    if (batch.length === 0) return
    await kind.write(target, batch, signal).catch((cause: unknown) => {
      throw cause instanceof z.ZodError
        ? damaged(part, `holds what is no record: ${z.prettifyError(cause)}`, cause)
        : cause
    })
    progress.record(batch.length)
    batch = []
    characters = 0
  }
  for await (const { record, blobs: named, size } of readPart(archive, part, signal)) {
    for (const sha256 of named) {
      if (storedBlobs.has(sha256)) continue
      await copyBlobFromArchive({ archive, blobs, workspaceId: target.workspaceId, sha256, signal })
      storedBlobs.set(sha256, true)
    }
    batch.push(record)
    characters += size
    if (batch.length >= BATCH_RECORDS || characters >= BATCH_CHARACTERS) await flush()
  }
  await flush()
}
