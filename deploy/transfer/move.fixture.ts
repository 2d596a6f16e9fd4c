// Export and import inside the test's own process, without the words of the command line.
import type { Output } from '../../cli/terminal/output.ts'
import { openArchive, openArchiveForExport } from './archive.ts'
import { exportWorkspace } from './export-workspace.ts'
import { checkArchive, importWorkspace, type ImportResult } from './import-workspace.ts'
import type { Installation } from './open-installation.ts'
import { createTransferProgress } from './progress.ts'
import { loadAccountsTransfer, openTransfers } from './transfers.ts'

export const SMALL_PART_BYTES = 4_000

/** Lines end up in `notes`. */
export function silentOutput(notes: string[] = []): Output {
  const note = (text = '') => void notes.push(text)
  return {
    isJson: false,
    isInteractive: false,
    line: note,
    write: note,
    note,
    record: () => undefined,
    failure: () => undefined,
  }
}

export interface MoveOptions {
  notes?: string[]
  signal?: AbortSignal
  /** Called for each record, and awaited by nobody. */
  onRecord?: () => void
}

export async function exportTo(
  installation: Installation,
  directory: string,
  workspaceId: string,
  options: MoveOptions & { partBytes?: number } = {},
): Promise<void> {
  const { database, blobs, dataDirectory } = installation
  const openAccounts = await loadAccountsTransfer()
  const workspace = (await (await openAccounts({ database })).findWorkspace(workspaceId))!
  const opened = await openTransfers({
    database,
    blobs,
    dataDirectory,
    environment: {},
    isImport: false,
    onError: () => undefined,
  })
  try {
    const archive = await openArchiveForExport({
      directory,
      productVersion: '0.1.0',
      workspace: { id: workspace.id, name: workspace.name, createdAt: workspace.createdAt.toISOString() },
    })
    try {
      await exportWorkspace({
        archive,
        database,
        blobs,
        transfers: opened.transfers,
        progress: progressOf(options),
        signal: options.signal ?? new AbortController().signal,
        partBytes: options.partBytes ?? SMALL_PART_BYTES,
      })
    } finally {
      await archive.close()
    }
  } finally {
    await opened.close()
  }
}

export async function importFrom(
  installation: Installation,
  directory: string,
  options: MoveOptions & { workspaceId?: string } = {},
): Promise<ImportResult> {
  const { database, blobs, dataDirectory } = installation
  const signal = options.signal ?? new AbortController().signal
  const archive = await openArchive(directory)
  await checkArchive({ archive, progress: createTransferProgress(silentOutput(), 'verified', 0), signal })
  const opened = await openTransfers({
    database,
    blobs,
    dataDirectory,
    environment: {},
    isImport: true,
    onError: () => undefined,
  })
  try {
    const openAccounts = await loadAccountsTransfer()
    return await importWorkspace({
      archive,
      workspaceId: options.workspaceId ?? null,
      accounts: await openAccounts({ database }),
      transfers: opened.transfers,
      blobs,
      progress: progressOf(options),
      signal,
    })
  } finally {
    await opened.close()
  }
}

function progressOf({ notes = [], onRecord }: MoveOptions) {
  const progress = createTransferProgress(silentOutput(notes), 'moved', 0)
  return {
    ...progress,
    record(records?: number) {
      progress.record(records)
      onRecord?.()
    },
  }
}
