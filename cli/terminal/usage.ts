// The manners of a command line, whichever program reads it: how it says its version and what it did not understand, for people or with --json
// for programs.
import type { Command, CommanderError } from 'commander'
import { EXIT_STATUS } from '../client/client-error.ts'
import { readVersion } from '../version.ts'
import { createOutput } from './output.ts'

/** Known before anything else is: what is wrong with the rest of a command line is said in JSON, too. */
export function wantsJson(commandLine: readonly string[]): boolean {
  const end = commandLine.indexOf('--')
  return (end < 0 ? commandLine : commandLine.slice(0, end)).includes('--json')
}

/** For a program before its commands are added, which take it over. `help`: where to find it. */
export function addManners(program: Command, options: { isJson: boolean; help: string }): Command {
  const { isJson, help } = options
  const output = createOutput({ isJson })
  const version = readVersion()
  return program
    .option('--json', 'say everything as one JSON object per line')
    .version(isJson ? JSON.stringify({ version }) : version, '--version', 'show the version')
    .helpOption('--help', 'show this help')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      outputError: (text, write) => write(`tributary: ${text.replace(/^error: /, '')}`),
      ...(isJson ? { writeErr: () => undefined } : {}),
    })
    .showHelpAfterError(help)
    .exitOverride((error) => {
      if (error.exitCode === 0) process.exit(EXIT_STATUS.success)
      if (isJson) output.failure({ code: 'USAGE', message: `${sentenceOf(error)} ${help}` })
      process.exit(EXIT_STATUS.usage)
    })
}

function sentenceOf({ code, message }: CommanderError): string {
  if (code === 'commander.help') return 'No command was given.'
  const text = message.replace(/^error: /, '').replaceAll(/\s*\n\s*/g, ' ')
  return /[.)?]$/.test(text) ? text : `${text}.`
}
