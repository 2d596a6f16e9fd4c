// The flags of `tributary start`. A flag wins over its environment variable.
import { Command, Option } from 'commander'
import { withMountedFiles } from '#shared/configuration.ts'
import { dataDirectoryOf } from '../../cli/client/connection.ts'
import { addManners, wantsJson } from '../../cli/terminal/usage.ts'
import { configSchema as accountsSchema } from '../../subgraphs/accounts/config.ts'
import { configSchema } from './config.ts'

export interface StartFlags {
  /** As the variables that they win over. */
  variables: NodeJS.ProcessEnv
  isGuideWanted: boolean
  isJson: boolean
}

/** Prints help or a usage error and exits, as commander does. */
export function readFlags(commandLine: readonly string[]): StartFlags {
  const isJson = wantsJson(commandLine)
  const command = addManners(new Command('tributary start'), { isJson, help: 'See `npm start -- --help`.' })
    .description(
      'Starts the platform in this process, with everything it stores in one directory. The first start makes a workspace, an API key and a knowledge base from the project’s own documents.',
    )
    .addOption(new Option('--port <number>', 'port of the endpoint; 0 picks a free one (TRIBUTARY_PORT, 4000)'))
    .addOption(new Option('--host <address>', 'address to listen on (TRIBUTARY_HOST, 127.0.0.1)'))
    .addOption(new Option('--data-dir <directory>', 'where everything is stored (TRIBUTARY_DATA_DIR, .tributary)'))
    .option('--no-guide', 'do not make the knowledge base "Tributary guide"')
    .addHelpText(
      'after',
      `
Ctrl-C ends it cleanly, a second Ctrl-C at once.

Environment: TRIBUTARY_PORT, TRIBUTARY_HOST, TRIBUTARY_DATA_DIR, TRIBUTARY_PUBLIC_URL, TRIBUTARY_ADMIN_API_KEY, OLLAMA_HOST
and more in docs/configuration.md.
Examples:
  npm start
  npm start -- --port 4100 --data-dir ~/tributary-data --no-guide`,
    )
    .allowExcessArguments(false)
  command.parse([...commandLine], { from: 'user' })
  const flags = command.opts<{ port?: string; host?: string; dataDir?: string; guide: boolean }>()
  const variables = {
    ...(flags.port === undefined ? {} : { TRIBUTARY_PORT: flags.port }),
    ...(flags.host === undefined ? {} : { TRIBUTARY_HOST: flags.host }),
    ...(flags.dataDir === undefined ? {} : { TRIBUTARY_DATA_DIR: flags.dataDir }),
  }
  return {
    variables,
    isGuideWanted: flags.guide,
    isJson,
  }
}

/** The environment with the flags in it, mounted files read and the data directory resolved. Throws CONFIGURATION_INVALID. */
export function startEnvironment(
  { variables }: StartFlags,
  environment: NodeJS.ProcessEnv,
): NodeJS.ProcessEnv & { TRIBUTARY_DATA_DIR: string } {
  // What standalone reads by itself or sets for its subgraphs; they read the files of their other variables.
  const names = Object.keys({ ...configSchema.shape, ...accountsSchema.shape })
  const isGiven = (name: string) => variables[name.replace(/_FILE$/, '')] !== undefined
  const rest = Object.fromEntries(Object.entries(environment).filter(([name]) => !isGiven(name)))
  const resolved = { ...withMountedFiles(names, rest), ...variables }
  return { ...resolved, TRIBUTARY_DATA_DIR: dataDirectoryOf(resolved) }
}
