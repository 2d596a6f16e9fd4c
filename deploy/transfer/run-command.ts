// The life of a command that moves a workspace: what it says, how it ends, and that a Ctrl-C leaves everything to go on from.
import { TributaryError } from '#shared/errors.ts'
import { EXIT_STATUS } from '../../cli/client/client-error.ts'
import { createOutput, type Output } from '../../cli/terminal/output.ts'
import { listenForEnd } from '../standalone/listen-for-end.ts'

/** Runs it and ends the process. */
export async function runCommand(
  options: { isJson: boolean },
  command: (context: { output: Output; signal: AbortSignal }) => Promise<void>,
): Promise<never> {
  // Whatever is written is its user's alone.
  process.umask(0o077)
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)
  const output = createOutput(options)
  const end = listenForEnd({ onSecond: () => process.exit(EXIT_STATUS.interrupted) })
  try {
    await command({ output, signal: end.signal })
  } catch (error) {
    const isInterrupted = end.signal.aborted
    output.failure(
      isInterrupted
        ? { code: 'INTERRUPTED', message: 'Interrupted. The same command goes on from here.' }
        : describe(error),
    )
    process.exit(isInterrupted ? EXIT_STATUS.interrupted : EXIT_STATUS.failed)
  }
  // Native addons may hold the event loop open after everything was closed.
  process.exit(EXIT_STATUS.success)
}

/** Another process has taken the directory over: nothing more may be written. */
export function endAtOnce(error: Error): never {
  process.stderr.write(`tributary: ${error.message}\n`)
  process.exit(EXIT_STATUS.failed)
}

function describe(error: unknown): { code: string; message: string } {
  if (error instanceof TributaryError) return error
  return {
    code: 'INTERNAL_SERVER_ERROR',
    message: `Something unexpected went wrong: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  }
}
