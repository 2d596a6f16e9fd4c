// A move as a process of its own, to be killed: `export|import DATA-DIRECTORY ARCHIVE WORKSPACE`. Prints a line for each step of its progress.
import { exportTo, importFrom, SMALL_PART_BYTES } from './move.fixture.ts'
import { openInstallation } from './open-installation.ts'

const [what, dataDirectory, archive, workspaceId] = process.argv.slice(2) as [string, string, string, string]
const installation = await openInstallation({
  dataDirectory,
  environment: {},
  canCreate: true,
  onLockLost: () => process.exit(3),
})
const onRecord = () => void process.stdout.write('step\n')
if (what === 'export') await exportTo(installation, archive, workspaceId, { onRecord, partBytes: SMALL_PART_BYTES })
else await importFrom(installation, archive, { onRecord })
await installation.close()
process.stdout.write('done\n')
process.exit(0)
