// Whether anybody listens at an address: the kernel accepts connections for a program that is stopped or too busy, too.
import { once } from 'node:events'
import { connect } from 'node:net'

const CONNECT_TIMEOUT_MS = 1_000

export interface Listener {
  url: string
  /** Where the address has none. Default: that of its scheme, which is HTTP's. */
  defaultPort?: number
}

export async function acceptsConnections({ url, defaultPort }: Listener): Promise<boolean> {
  const { hostname, port, protocol } = new URL(url)
  const usualPort = defaultPort ?? (protocol === 'https:' ? 443 : 80)
  const socket = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) || usualPort })
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(CONNECT_TIMEOUT_MS) })
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
