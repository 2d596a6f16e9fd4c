// The grammar of the `tributary` command: what can be typed, with help for each part.
import { Command, InvalidArgumentError, Option } from 'commander'
import { fileURLToPath } from 'node:url'
import { EXIT_STATUS, type ExitStatus } from './client/client-error.ts'
import { ask, type AskFlags } from './commands/ask.ts'
import { runCommand, type CommandContext } from './commands/context.ts'
import { ingest, type IngestFlags } from './commands/ingest.ts'
import { keysCreate, keysList, keysRevoke, type KeysCreateFlags } from './commands/keys.ts'
import { search, type SearchFlags } from './commands/search.ts'
import { status } from './commands/status.ts'
import { addManners, wantsJson } from './terminal/usage.ts'

const ENVIRONMENT_HELP = `
Environment:
  TRIBUTARY_URL       the endpoint, by default that of the platform started here, else http://127.0.0.1:4000/graphql
  TRIBUTARY_API_KEY   the API key, by default the one the first start made
  TRIBUTARY_DATA_DIR  where that start keeps both, by default .tributary beside the program

Exit status:
  ${EXIT_STATUS.success}  done
  ${EXIT_STATUS.failed}  the platform answered with an error, or the work failed
  ${EXIT_STATUS.usage}  the command line was not understood
  ${EXIT_STATUS.unreachable}  nothing answers at the endpoint
  ${EXIT_STATUS.notAllowed}  no API key, or one that is not accepted or may not do this
  ${EXIT_STATUS.notInDocuments}  ask: the documents do not hold an answer
  ${EXIT_STATUS.partlyFailed}  ingest: some files could not be ingested
  ${EXIT_STATUS.interrupted}  ended by Ctrl-C`

const MODES = { search: ['HYBRID', 'DENSE', 'LEXICAL'], answer: ['AUTO', 'GENERATIVE', 'EXTRACTIVE'] }
const ROLES = ['ADMIN', 'EDITOR', 'VIEWER', 'SERVICE']

/** For this command line, without the program's name. */
export function createProgram(commandLine: readonly string[]): Command {
  const isJson = wantsJson(commandLine)
  const run = (command: (context: CommandContext) => Promise<ExitStatus>) => runCommand({ isJson }, command)
  const program = addManners(new Command('tributary'), {
    isJson,
    help: 'See `tributary --help`, and `tributary COMMAND --help` for each command.',
  })
    .description('Your documents, models and their knowledge graph behind one federated GraphQL API.')
    .helpCommand('help [command]', 'show the help of a command')
    .addHelpText('after', ENVIRONMENT_HELP)

  // Normally run by the launcher itself, without this program in between.
  const programs = [
    { name: 'start', file: 'standalone/main.ts', does: 'start the platform in one process' },
    { name: 'export', file: 'transfer/export.ts', does: 'write a workspace into a directory, to move it' },
    { name: 'import', file: 'transfer/import.ts', does: 'bring a workspace in that was exported' },
  ]
  for (const { name, file, does } of programs)
    program.command(name, `${does}; see \`tributary ${name} --help\``, {
      executableFile: fileURLToPath(new URL(`../deploy/${file}`, import.meta.url)),
    })

  program.command(
    'doctor',
    'check what the platform depends on, and say how to mend it; see `tributary doctor --help`',
    {
      executableFile: fileURLToPath(new URL('../deploy/doctor/main.ts', import.meta.url)),
    },
  )

  program
    .command('ingest')
    .description(
      'bring files, or the supported files of folders, into a knowledge base; unchanged ones are not sent again',
    )
    .argument('<path...>', 'files and folders: text, Markdown, HTML and PDF')
    .option('--knowledge-base <name>', 'where to; made when it does not exist', 'Documents')
    .option('--wait', 'stay until every document can be asked')
    .action((paths: string[], flags: IngestFlags) => run((context) => ingest(context, paths, flags)))

  program
    .command('ask')
    .description('ask a question; streams the answer, then lists what it rests on')
    .argument('<question...>')
    .addOption(knowledgeBaseOption())
    .addOption(
      new Option('--mode <mode>', 'how to make the answer').choices(MODES.answer).argParser(choice(MODES.answer)),
    )
    .option('--model <name>', 'the chat model, by default the platform’s')
    .action((words: string[], flags: AskFlags) => run((context) => ask(context, words.join(' '), flags)))

  program
    .command('search')
    .description('show the passages that fit best')
    .argument('<query...>')
    .addOption(knowledgeBaseOption())
    .addOption(new Option('--mode <mode>', 'how to look').choices(MODES.search).argParser(choice(MODES.search)))
    .option('--first <number>', 'how many passages, 1 to 100', wholeNumber(1, 100), 5)
    .action((words: string[], flags: SearchFlags) => run((context) => search(context, words.join(' '), flags)))

  program
    .command('status')
    .description('show the endpoint, models and their hosts, knowledge bases and running jobs')
    .action(() => run(status))

  const keys = program.command('keys').description('create, list and revoke API keys; needs the role ADMIN')
  keys
    .command('create')
    .description('make an API key and print its secret, this one time')
    .argument('<name>', 'what it is for')
    .addOption(
      new Option('--role <role>', `${ROLES.join(', ')}; may be repeated (default: VIEWER)`).argParser(
        (value: string, previous: string[] | undefined) => [...(previous ?? []), choice(ROLES)(value)],
      ),
    )
    .option('--expires <when>', 'a date, or a number of days like 30d', readExpiry)
    .action((name: string, flags: Partial<KeysCreateFlags>) =>
      run((context) => keysCreate(context, name, { ...flags, role: flags.role ?? ['VIEWER'] })),
    )
  keys
    .command('list')
    .description('list the API keys, without their secrets')
    .action(() => run(keysList))
  keys
    .command('revoke')
    .description('revoke an API key; it stops working within a second')
    .argument('<id>', 'as `keys list` shows it')
    .action((id: string) => run((context) => keysRevoke(context, id)))

  return program
}

function knowledgeBaseOption(): Option {
  return new Option('--knowledge-base <name>', 'which to look in; may be repeated')
    .argParser((name: string, previous: string[]) => [...previous, name])
    .default([], 'all')
}

/** Any case will do. */
function choice(allowed: readonly string[]): (value: string) => string {
  return (value) => {
    const found = allowed.find((one) => one === value.toUpperCase())
    if (!found) throw new InvalidArgumentError(`Choose one of ${allowed.join(', ')}.`)
    return found
  }
}

function wholeNumber(least: number, most: number): (value: string) => number {
  return (value) => {
    const number = Number(value)
    if (!Number.isInteger(number) || number < least || number > most)
      throw new InvalidArgumentError(`Give a whole number from ${least} to ${most}.`)
    return number
  }
}

const DAY_MS = 86_400_000

function readExpiry(value: string): Date {
  const days = /^(\d{1,5})d$/.exec(value)?.[1]
  const date = days === undefined ? new Date(value) : new Date(Date.now() + Number(days) * DAY_MS)
  if (Number.isNaN(date.getTime())) throw new InvalidArgumentError('Give a date like 2030-12-31, or days like 30d.')
  return date
}
