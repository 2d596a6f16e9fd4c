// What every command is given, and how its end becomes an exit status.
import { clientError, ClientError, interrupted, type ExitStatus } from '../client/client-error.ts'
import { readConnection } from '../client/connection.ts'
import { createEndpoint, type Endpoint } from '../client/endpoint.ts'
import { createOutput, type Output } from '../terminal/output.ts'

export interface CommandContext {
  endpoint: Endpoint
  output: Output
  /** Aborted by Ctrl-C. */
  signal: AbortSignal
}

/** Runs a command against the endpoint and ends the process with its status. */
export async function runCommand(
  { isJson }: { isJson: boolean },
  command: (context: CommandContext) => Promise<ExitStatus>,
): Promise<void> {
  const output = createOutput({ isJson })
  const controller = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => controller.abort())
  // `tributary search … | head` is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
  let status: ExitStatus
  let endpoint: Endpoint | undefined
  try {
    endpoint = createEndpoint(readConnection(process.env))
    status = await command({ endpoint, output, signal: controller.signal })
  } catch (error) {
    const failure = controller.signal.aborted ? interrupted(error) : asClientError(error)
    if (failure.code !== 'INTERRUPTED' || output.isJson) output.failure(failure)
    status = failure.exitStatus
  }
  await endpoint?.close()
  process.exitCode = status
}

function asClientError(error: unknown): ClientError {
  if (error instanceof ClientError) return error
  return clientError(
    'UNEXPECTED',
    `Something unexpected went wrong in the command line: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    error,
  )
}
