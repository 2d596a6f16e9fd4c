// Takes the endpoint's port before anything else is opened: a port in use is known at once, port 0 becomes a number that the rest can be told,
// and whoever asks meanwhile hears that the platform is starting.
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { TributaryError } from '#shared/errors.ts'

export interface ReservedPort {
  port: number
  /** Gives the port free for the one who listens on it next. */
  release(): Promise<void>
}

/** Throws PORT_IN_USE or CONFIGURATION_INVALID. */
export async function reservePort(host: string, port: number): Promise<ReservedPort> {
  const server = createServer((_request, response) => {
    response
      .writeHead(503, { 'content-type': 'application/json', 'retry-after': '1', connection: 'close' })
      .end(JSON.stringify({ status: 'starting' }))
  })
  try {
    server.listen({ host, port, exclusive: true })
    await once(server, 'listening')
  } catch (cause) {
    throw explain(cause, host, port)
  }
  return {
    port: (server.address() as AddressInfo).port,
    async release() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

function explain(cause: unknown, host: string, port: number): unknown {
  switch ((cause as NodeJS.ErrnoException).code ?? '') {
    case 'EADDRINUSE':
      return new TributaryError(
        'PORT_IN_USE',
        `Port ${port} on ${host} is in use. Stop the program that has it, or choose another with --port (0 picks a free one).`,
        { cause },
      )
    case 'EACCES':
      return new TributaryError(
        'CONFIGURATION_INVALID',
        `This user may not listen on port ${port}. Choose one above 1023 with --port.`,
        { cause },
      )
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new TributaryError(
        'CONFIGURATION_INVALID',
        `This machine has no address "${host}" to listen on. Choose another with --host.`,
        { cause },
      )
    default:
      return cause
  }
}
