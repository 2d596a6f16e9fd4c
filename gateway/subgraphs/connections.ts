// The connections to one subgraph: many over HTTP/1.1, kept open for the next request; one for all where the subgraph offers HTTP/2, which is
// known when the first TLS connection stands.
import { buildConnector, Client, Pool, type Dispatcher } from 'undici'

export interface ConnectionsOptions {
  /** `https://host:port` */
  origin: string
  /** Most of them, over HTTP/1.1. */
  most: number
  /** Longest wait for a connection, in milliseconds. */
  connectTimeoutMs: number
  /** Longest wait for headers, and between two pieces of a body, in milliseconds. */
  silenceMs: number
  /** In PEM; undefined: those of Node. */
  certificateAuthorities?: string | undefined
}

export interface Connections {
  dispatch(request: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void
  /** Waits for what is under way. */
  close(): Promise<void>
}

export function openConnections(options: ConnectionsOptions): Connections {
  const connectOne = buildConnector({
    allowH2: true,
    timeout: options.connectTimeoutMs,
    ...(options.certificateAuthorities === undefined ? {} : { ca: options.certificateAuthorities }),
  })
  const common = {
    headersTimeout: options.silenceMs,
    bodyTimeout: options.silenceMs,
    connect: ((target, callback) => {
      connectOne(target, (...result) => {
        const [error, socket] = result
        if (!error) use('alpnProtocol' in socket && socket.alpnProtocol === 'h2' ? 'one' : 'many')
        callback(...result)
      })
    }) satisfies buildConnector.connector,
  }
  const open = {
    // A pool would open one for each of several requests of the same moment.
    one: () => new Client(options.origin, common),
    many: () => new Pool(options.origin, { ...common, connections: options.most }),
  }
  let kind: keyof typeof open = 'many'
  let current: Dispatcher = open.many()
  const ending = new Set<Promise<void>>()

  /** A subgraph that was deployed anew may speak otherwise than before. */
  function use(wanted: keyof typeof open): void {
    if (wanted === kind) return
    const ended = current.close().finally(() => ending.delete(ended))
    ending.add(ended)
    kind = wanted
    current = open[wanted]()
  }

  return {
    dispatch: (request, handler) => void current.dispatch(request, handler),
    async close() {
      await Promise.all([current.close(), ...ending])
    },
  }
}
