// The flags of `tributary export` and `tributary import`.
import { Command, Option } from 'commander'
import { addManners, wantsJson } from '../../cli/terminal/usage.ts'

export interface ExportFlags {
  isJson: boolean
  workspace: string | undefined
  to: string
  dataDir: string | undefined
}

export interface ImportFlags {
  isJson: boolean
  from: string
  workspace: string | undefined
  check: boolean
  dataDir: string | undefined
}

const WHICH_INSTALLATION = `
It works on the stores themselves: with DATABASE_URL set on those of a cluster (set the other variables of its processes, too; docs/configuration.md
lists them), otherwise on a data directory, whose platform must not run meanwhile.

Environment: DATABASE_URL, TRIBUTARY_DATA_DIR and what else the processes of the installation read.`

const dataDirectory = () =>
  new Option(
    '--data-dir <directory>',
    'the data directory of a platform in one process (TRIBUTARY_DATA_DIR, .tributary)',
  )

/** Prints help or a usage error and exits, as commander does. */
export function readExportFlags(commandLine: readonly string[]): ExportFlags {
  const isJson = wantsJson(commandLine)
  const command = addManners(new Command('tributary export'), { isJson, help: 'See `tributary export --help`.' })
    .description(
      'Writes a workspace into a directory: knowledge bases, documents with their files, chunks and vectors, the graph, answers, jobs and usage. Cut off and run again, it goes on where it ended.',
    )
    .requiredOption('--to <directory>', 'where to; made when it is not there')
    .option('--workspace <id>', 'which workspace, by default the only one')
    .addOption(dataDirectory())
    .addHelpText('after', `${WHICH_INSTALLATION}\nExample:\n  tributary export --to /backup/handbook`)
    .allowExcessArguments(false)
  command.parse([...commandLine], { from: 'user' })
  const { workspace, to, dataDir } = command.opts<{ workspace?: string; to: string; dataDir?: string }>()
  return { isJson, workspace, to, dataDir }
}

/** Prints help or a usage error and exits, as commander does. */
export function readImportFlags(commandLine: readonly string[]): ImportFlags {
  const isJson = wantsJson(commandLine)
  const command = addManners(new Command('tributary import'), { isJson, help: 'See `tributary import --help`.' })
    .description(
      'Brings an exported workspace into this installation, after every checksum was verified. Cut off and run again, it goes on where it ended.',
    )
    .argument('<directory>', 'the archive')
    .option('--workspace <id>', 'an existing, empty workspace to fill, by default that of the archive, which is made')
    .option('--check', 'only verify the archive')
    .addOption(dataDirectory())
    .addHelpText('after', `${WHICH_INSTALLATION}\nExample:\n  tributary import /backup/handbook --check`)
    .allowExcessArguments(false)
  command.parse([...commandLine], { from: 'user' })
  const { workspace, check, dataDir } = command.opts<{ workspace?: string; check?: boolean; dataDir?: string }>()
  return { isJson, workspace, check: check ?? false, dataDir, from: command.args[0]! }
}
