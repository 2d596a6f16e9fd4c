// `tributary export`: a workspace into a directory.
import path from 'node:path'
import { TributaryError } from '#shared/errors.ts'
import { readVersion } from '../../cli/version.ts'
import type { AccountsTransfer } from '../../subgraphs/accounts/transfer.ts'
import { openArchiveForExport } from './archive.ts'
import { exportWorkspace } from './export-workspace.ts'
import { openInstallation } from './open-installation.ts'
import { readExportFlags } from './options.ts'
import { createTransferProgress } from './progress.ts'
import { endAtOnce, runCommand } from './run-command.ts'
import { loadAccountsTransfer, openTransfers } from './transfers.ts'
import { countRecords } from './verify-archive.ts'

const flags = readExportFlags(process.argv.slice(2))
await runCommand(flags, async ({ output, signal }) => {
  await using opened = new AsyncDisposableStack()
  const installation = await openInstallation({
    dataDirectory: flags.dataDir,
    environment: process.env,
    canCreate: false,
    onLockLost: endAtOnce,
  })
  opened.defer(() => installation.close())
  const { database, blobs, dataDirectory } = installation
  const openAccounts = await loadAccountsTransfer()
  const workspace = await chooseWorkspace(await openAccounts({ database }), flags.workspace)
  const { transfers, close } = await openTransfers({
    database,
    blobs,
    dataDirectory,
    environment: process.env,
    isImport: false,
    onError: (error) => output.note(`! ${String(error)}`),
  })
  opened.defer(close)
  const archive = await openArchiveForExport({
    directory: path.resolve(flags.to),
    productVersion: readVersion(),
    workspace: { id: workspace.id, name: workspace.name, createdAt: workspace.createdAt.toISOString() },
  })
  opened.defer(() => archive.close())
  const verb = archive.isResumed ? 'Going on with the export of' : 'Exporting'
  output.line(`${verb} the workspace ${workspace.name} (${workspace.id}) from ${installation.description} …`)
  let total = 0
  for (const { kinds } of transfers)
    for (const { kind, count } of kinds) {
      const records = (await count?.(workspace.id)) ?? 0
      // Graph has one of each document at most.
      total += kind === 'documents' ? 2 * records : records
    }
  const progress = createTransferProgress(output, 'exported', total)
  try {
    await exportWorkspace({ archive, database, blobs, transfers, progress, signal })
  } finally {
    progress.stop()
  }
  const records = countRecords(archive)
  output.record({ event: 'done', directory: archive.directory, workspaceId: workspace.id, records })
  output.line(`Exported ${records.toLocaleString('en')} records to ${archive.directory}.`)
  output.line(`Verify it with: tributary import ${archive.directory} --check`)
})

async function chooseWorkspace(accounts: AccountsTransfer, id: string | undefined) {
  const workspaces = await accounts.listWorkspaces()
  const shown = workspaces.map((one) => `${one.id} (${one.name})`).join(', ')
  if (id === undefined) {
    if (workspaces.length === 1) return workspaces[0]!
    throw new TributaryError(
      'BAD_USER_INPUT',
      workspaces.length === 0
        ? 'The installation has no workspace yet.'
        : `There are several workspaces: ${shown}. Name one with --workspace.`,
    )
  }
  const found = workspaces.find((one) => one.id === id)
  if (!found)
    throw new TributaryError(
      'NOT_FOUND',
      `There is no workspace ${id} in this installation. There is ${shown || 'none yet'}.`,
    )
  return found
}
