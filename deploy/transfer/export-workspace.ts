// Exports a workspace: subgraph after subgraph, kind after kind, part after part. What is written is of one moment: a subgraph that changed between
// the reading of its first record and the end of all is read again. Cut off, it goes on with the parts that are not there yet.
import type { BlobStore } from '#shared/blob-store.ts'
import type { Database } from '#shared/database.ts'
import { TributaryError } from '#shared/errors.ts'
import { countOpenMessages } from '#shared/open-messages.ts'
import type { SubgraphName } from '../../contracts/node-types.ts'
import {
  archivedDocumentSchema,
  type ArchivedDocument,
  type ArchivedSubgraph,
  type Position,
  type SubgraphTransfer,
  type TransferredKind,
} from '../../contracts/workspace-archive.ts'
import type { WritableArchive } from './archive.ts'
import { copyBlobToArchive, sweepBlobs } from './blob-files.ts'
import { readPart, writeParts } from './part-files.ts'
import type { TransferProgress } from './progress.ts'
import { createArchiveVerifier, partsOf } from './verify-archive.ts'

/** Bounds what a killed export has to do again, and what a record's file holds beside it. */
const PART_BYTES = 16 * 1024 * 1024
/** Readings of a workspace that changes meanwhile, before it is given up. */
const ROUNDS_MAX = 4

export interface ExportOptions {
  archive: WritableArchive
  database: Database
  blobs: BlobStore
  transfers: readonly SubgraphTransfer[]
  progress: TransferProgress
  signal: AbortSignal
  /** Default 16 MB. */
  partBytes?: number
}

/** Throws WORKSPACE_BUSY while work is under way, or when the workspace does not stop changing. */
export async function exportWorkspace(options: ExportOptions): Promise<void> {
  const { archive, transfers, progress } = options
  const { manifest } = archive
  const workspaceId = manifest.workspace.id
  await refuseUnfinished(options, workspaceId)
  if (archive.isResumed) await keepWholeParts(options)
  for (let round = 1; ; round += 1) {
    for (const transfer of transfers) await exportSubgraph(options, transfer)
    const changed = await changedSubgraphs(options)
    if (changed.length === 0) break
    if (round === ROUNDS_MAX)
      throw new TributaryError(
        'WORKSPACE_BUSY',
        `The workspace changed each of ${ROUNDS_MAX} times that it was read (${changed.map(({ subgraph }) => subgraph).join(', ')}). Let nobody work in it, then run the command again.`,
      )
    for (const entry of changed) {
      progress.note(`  ${entry.subgraph}: changed meanwhile, read again`)
      await archive.drop(entry)
    }
  }
  await refuseUnfinished(options, workspaceId)
  await sweepBlobs(archive, await neededBlobs(options))
  manifest.finishedAt = new Date().toISOString()
  await archive.save()
}

/** What runs would be exported half done, and what a message promises would be lost. */
async function refuseUnfinished(
  { transfers, database }: Pick<ExportOptions, 'transfers' | 'database'>,
  workspaceId: string,
): Promise<void> {
  const running: string[] = []
  for (const transfer of transfers) running.push(...(await transfer.unfinished(workspaceId)))
  for (const [queue, messages] of await countOpenMessages(database.sql, workspaceId))
    running.push(`${messages} unhandled message${messages === 1 ? '' : 's'} (${queue})`)
  if (running.length > 0)
    throw new TributaryError(
      'WORKSPACE_BUSY',
      `Work is under way in the workspace: ${running.join(', ')}. Let it end or cancel it, in an installation that does not run by starting it once, then run the command again.`,
    )
}

async function fingerprintOf(options: ExportOptions, name: SubgraphName): Promise<string> {
  const transfer = options.transfers.find(({ subgraph }) => subgraph === name)!
  const own = await transfer.fingerprint(options.archive.manifest.workspace.id)
  return transfer.changesWith === undefined ? own : `${own} ${await fingerprintOf(options, transfer.changesWith)}`
}

async function changedSubgraphs(options: ExportOptions): Promise<ArchivedSubgraph[]> {
  const changed: ArchivedSubgraph[] = []
  for (const entry of options.archive.manifest.subgraphs)
    if ((await fingerprintOf(options, entry.subgraph)) !== entry.fingerprint) changed.push(entry)
  return changed
}

/** Of what an earlier run left: what the workspace still holds, and what was not damaged since. */
async function keepWholeParts(options: ExportOptions): Promise<void> {
  const { archive, progress, signal } = options
  for (const entry of await changedSubgraphs(options)) {
    progress.note(`  ${entry.subgraph}: changed since the export began, read again`)
    await archive.drop(entry)
  }
  const verifier = createArchiveVerifier(archive, { removesDamagedBlobs: true })
  for (const { subgraph, kinds } of archive.manifest.subgraphs)
    for (const kind of kinds)
      for (const [index, part] of kind.parts.entries())
        try {
          await verifier.verify(part, signal)
        } catch (error) {
          if (!(error instanceof TributaryError)) throw error
          progress.note(`  ${subgraph}: ${error.message.split('. ')[0]}; read again`)
          kind.parts = kind.parts.slice(0, index)
          kind.isFinished = false
          break
        }
  await archive.save()
}

async function exportSubgraph(options: ExportOptions, transfer: SubgraphTransfer): Promise<void> {
  const { archive } = options
  const { subgraphs } = archive.manifest
  let entry = subgraphs.find(({ subgraph }) => subgraph === transfer.subgraph)
  if (entry === undefined) {
    entry = {
      subgraph: transfer.subgraph,
      fingerprint: await fingerprintOf(options, transfer.subgraph),
      kinds: transfer.kinds.map(({ kind }) => ({ kind, isFinished: false, parts: [] })),
    }
    subgraphs.push(entry)
    await archive.save()
  }
  for (const kind of transfer.kinds) {
    const archived = entry.kinds.find((one) => one.kind === kind.kind)!
    if (!archived.isFinished) await exportKind(options, transfer.subgraph, kind, archived)
  }
}

async function exportKind(
  options: ExportOptions,
  subgraph: SubgraphName,
  kind: TransferredKind,
  archived: ArchivedSubgraph['kinds'][number],
): Promise<void> {
  const { archive, blobs, progress, signal, partBytes = PART_BYTES } = options
  const after: Position | null = archived.parts.at(-1)?.lastPosition ?? null
  progress.begin(
    subgraph,
    kind.kind,
    archived.parts.reduce((sum, { records }) => sum + records, 0),
  )
  await writeParts({
    archive,
    subgraph,
    kind: kind.kind,
    firstNumber: archived.parts.length + 1,
    partBytes,
    records: untilAborted(
      kind.read(archive.manifest.workspace.id, { after, signal, documents: () => readDocuments(options) }),
      signal,
    ),
    copyBlob: (key, { position }) =>
      copyBlobToArchive({ archive, blobs, key, owner: `${kind.kind} ${position.join(' ')}`, signal }),
    onRecord: () => progress.record(),
    async onPart(part) {
      archived.parts.push(part)
      await archive.save()
    },
  })
  archived.isFinished = true
  await archive.save()
  progress.end()
}

/** The documents of the archive, which knowledge has filled before others ask. */
async function* readDocuments({ archive, signal }: ExportOptions): AsyncGenerator<ArchivedDocument> {
  for (const { subgraph, kind, part } of partsOf(archive))
    if (subgraph === 'knowledge' && kind === 'documents')
      for await (const { record } of readPart(archive, part, signal)) yield archivedDocumentSchema.parse(record)
}

async function neededBlobs({ archive, signal }: ExportOptions): Promise<Set<string>> {
  const needed = new Set<string>()
  for (const { part } of partsOf(archive))
    if (part.blobs > 0)
      for await (const { blobs } of readPart(archive, part, signal)) for (const sha256 of blobs) needed.add(sha256)
  return needed
}

async function* untilAborted<Item>(items: AsyncIterable<Item>, signal: AbortSignal): AsyncGenerator<Item> {
  for await (const item of items) {
    signal.throwIfAborted()
    yield item
  }
}
