// The flags of `tributary doctor`, and which roles are looked at without any.
import { Command, Option } from 'commander'
import { addManners, wantsJson } from '../../cli/terminal/usage.ts'
import { ALL_ROLES, PROCESS_ROLES, STANDALONE_ROLE, type Role } from './roles.ts'

export interface DoctorFlags {
  roles: readonly Role[]
  isJson: boolean
}

/** Prints help or a usage error and exits, as commander does. */
export function readFlags(commandLine: readonly string[], environment: NodeJS.ProcessEnv): DoctorFlags {
  const isJson = wantsJson(commandLine)
  const command = addManners(new Command('tributary doctor'), { isJson, help: 'See `npx tributary doctor --help`.' })
    .description(
      'Looks at everything the platform depends on, from this machine and with this environment, and says how to mend what is wrong. It leaves nothing behind and shows no secrets.',
    )
    .addOption(new Option('--role <role>', 'what to check').choices(ALL_ROLES.map(({ name }) => name)))
    .addHelpText(
      'after',
      `
Without --role: every role that runs as a process of its own, where the environment has DATABASE_URL; else the standalone
installation (\`npm start\`). Run it where the role runs, with the environment that the role gets.

Exit status:
  0  nothing failed; there may be warnings
  1  something failed
  2  the command line was not understood

With --json it says everything in one document: { "isHealthy", "roles", "counts", "checks": [{ "subject", "name", "status", "message", "remedy" }] }.
Examples:
  npx tributary doctor
  npx tributary doctor --role knowledge-worker --json`,
    )
    .allowExcessArguments(false)
  command.parse([...commandLine], { from: 'user' })
  const { role } = command.opts<{ role?: string }>()
  const isCluster = Boolean(environment['DATABASE_URL'] || environment['DATABASE_URL_FILE'])
  const roles =
    role === undefined ? (isCluster ? PROCESS_ROLES : [STANDALONE_ROLE]) : ALL_ROLES.filter(({ name }) => name === role)
  return { roles, isJson }
}
