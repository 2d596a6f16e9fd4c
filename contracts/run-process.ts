// The life of a role that runs as its own process: start, say so on standard output, end cleanly on SIGTERM or SIGINT.
import { TributaryError } from '#shared/errors.ts'
import { openProcessPlatform, type Platform } from './platform.ts'
import type { SubgraphName } from './node-types.ts'

export interface RunningRole {
  close(): Promise<void>
}

/** Runs until a signal comes. A start that fails prints one sentence and exits with status 1. */
export async function runProcess(
  role: SubgraphName,
  kind: 'api' | 'worker',
  start: (platform: Platform) => Promise<RunningRole>,
): Promise<void> {
  try {
    await using platform = await openProcessPlatform(role, kind, process.env)
    const running = await start(platform)
    process.stdout.write(`${JSON.stringify({ event: 'ready', role, kind })}\n`)
    await terminationSignal()
    await running.close()
  } catch (error) {
    process.stderr.write(
      `${role} ${kind}: ${error instanceof TributaryError ? error.message : String(error instanceof Error ? (error.stack ?? error) : error)}\n`,
    )
    process.exitCode = 1
  }
  // Native addons may hold the event loop open after everything was closed.
  process.exit()
}

export function terminationSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve(signal))
  })
}
