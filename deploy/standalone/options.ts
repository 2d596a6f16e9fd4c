// The flags of `tributary start`. A flag wins over its environment variable.
import { Command, Option } from 'commander'
import { dataDirectoryOf } from '../../cli/client/connection.ts'
import { addManners, wantsJson } from '../../cli/terminal/usage.ts'

export interface StartFlags {
  /** The environment with the flags in it, and the data directory resolved. */
  environment: NodeJS.ProcessEnv & { TRIBUTARY_DATA_DIR: string }
  isGuideWanted: boolean
  isJson: boolean
}

/** Prints help or a usage error and exits, as commander does. */
export function readFlags(commandLine: readonly string[], environment: NodeJS.ProcessEnv): StartFlags {
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
  const withFlags = {
    ...environment,
    ...(flags.port === undefined ? {} : { TRIBUTARY_PORT: flags.port }),
    ...(flags.host === undefined ? {} : { TRIBUTARY_HOST: flags.host }),
    ...(flags.dataDir === undefined ? {} : { TRIBUTARY_DATA_DIR: flags.dataDir }),
  }
  return {
    environment: { ...withFlags, TRIBUTARY_DATA_DIR: dataDirectoryOf(withFlags) },
    isGuideWanted: flags.guide,
    isJson,
  }
}
