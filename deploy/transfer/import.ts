// `tributary import`: a workspace out of a directory.
import path from 'node:path'
import { openArchive } from './archive.ts'
import { checkArchive, importWorkspace } from './import-workspace.ts'
import { openInstallation } from './open-installation.ts'
import { readImportFlags } from './options.ts'
import { createTransferProgress } from './progress.ts'
import { endAtOnce, runCommand } from './run-command.ts'
import { loadAccountsTransfer, openTransfers } from './transfers.ts'
import { countRecords } from './verify-archive.ts'

const flags = readImportFlags(process.argv.slice(2))
await runCommand(flags, async ({ output, signal }) => {
  const archive = await openArchive(path.resolve(flags.from))
  const { workspace } = archive.manifest
  const records = countRecords(archive)
  output.line(`Verifying the archive of the workspace ${workspace.name} (${workspace.id}) …`)
  const checking = createTransferProgress(output, 'verified', records)
  try {
    await checkArchive({ archive, progress: checking, signal })
  } finally {
    checking.stop()
  }
  if (flags.check) {
    output.record({ event: 'done', directory: archive.directory, workspaceId: workspace.id, records })
    return output.line(`The archive is whole: ${records.toLocaleString('en')} records.`)
  }

  await using opened = new AsyncDisposableStack()
  const installation = await openInstallation({
    dataDirectory: flags.dataDir,
    environment: process.env,
    canCreate: true,
    onLockLost: endAtOnce,
  })
  opened.defer(() => installation.close())
  const { database, blobs, dataDirectory } = installation
  const openAccounts = await loadAccountsTransfer()
  const accounts = await openAccounts({ database })
  const { transfers, close } = await openTransfers({
    database,
    blobs,
    dataDirectory,
    environment: process.env,
    isImport: true,
    onError: (error) => output.note(`! ${String(error)}`),
  })
  opened.defer(close)
  output.line(`Importing into ${installation.description} …`)
  const progress = createTransferProgress(output, 'imported', records)
  try {
    const { workspaceId, isNew, adminSecret } = await importWorkspace({
      archive,
      workspaceId: flags.workspace ?? null,
      accounts,
      transfers,
      blobs,
      progress,
      signal,
    })
    progress.stop()
    if (adminSecret !== null) {
      output.record({ event: 'admin-api-key-created', secret: adminSecret })
      output.line(`API key of an administrator of the workspace, shown this once: ${adminSecret}`)
    }
    output.record({ event: 'done', directory: archive.directory, workspaceId, records, isNew })
    output.line(
      isNew
        ? `Imported ${records.toLocaleString('en')} records into the workspace ${workspaceId}.`
        : `The workspace ${workspaceId} was filled from this archive before; nothing was changed.`,
    )
  } finally {
    progress.stop()
  }
})
