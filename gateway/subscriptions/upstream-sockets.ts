// Sockets to subgraphs, shared by subscriptions: graphql-ws carries many operations on one. Those of one socket have its URL, headers and
// connection parameters in common, so nothing that is forwarded of one client's headers reaches the subscription of another who sent others.
//
// A socket takes a bounded number of operations, is kept for a moment when the last has ended, and is ended when the subgraph does not answer a
// ping. One that is lost ends its operations, and no other gets into it.
import { createClient, type Client } from 'graphql-ws'
import { WebSocket } from 'ws'

export interface UpstreamSocketsOptions {
  /** Operations on one socket at the same time. Default 100. */
  operationsMax?: number
  /** How long a socket without operations is kept, in milliseconds. Default 10,000. */
  idleMs?: number
  /** Longest time until a new socket is open, and until it is acknowledged, in milliseconds. Default 10,000. */
  openTimeoutMs?: number
  /** Pause between pings, in milliseconds. Default 10,000. */
  pingMs?: number
  /** Longest wait for what answers a ping, in milliseconds. Default 5,000. */
  pongTimeoutMs?: number
}

export interface SocketAddress {
  /** ws:// or wss:// */
  url: string
  /** Of the request that opens it. */
  headers: Readonly<Record<string, string>>
}

export interface UpstreamSockets {
  /**
   * A client of one socket, with a place for one operation, which `leave` gives back.
   * @param parametersOf what a new socket says when it is opened; the same for all of one address
   */
  enter(address: SocketAddress, parametersOf: () => Promise<Record<string, unknown>>): { client: Client; leave(): void }
  /** Sockets that are kept, with operations or without. */
  count(): number
  close(): Promise<void>
}

interface Seat {
  client: Client
  operations: number
  idleTimer: NodeJS.Timeout | undefined
}

export function createUpstreamSockets(options: UpstreamSocketsOptions = {}): UpstreamSockets {
  const {
    operationsMax = 100,
    idleMs = 10_000,
    openTimeoutMs = 10_000,
    pingMs = 10_000,
    pongTimeoutMs = 5_000,
  } = options
  const seats = new Map<string, Set<Seat>>()

  function open(
    key: string,
    { url, headers }: SocketAddress,
    parametersOf: () => Promise<Record<string, unknown>>,
  ): Seat {
    let pongTimer: NodeJS.Timeout | undefined
    const client = createClient({
      url,
      webSocketImpl: openingWith(headers, openTimeoutMs),
      connectionParams: parametersOf,
      connectionAckWaitTimeout: openTimeoutMs,
      retryAttempts: 0,
      keepAlive: pingMs,
      // It is ended here: until then further operations find it.
      lazyCloseTimeout: idleMs + pingMs,
      on: {
        ping(isReceived) {
          if (isReceived) return
          clearTimeout(pongTimer)
          pongTimer = setTimeout(() => client.terminate(), pongTimeoutMs)
        },
        pong(isReceived) {
          if (isReceived) clearTimeout(pongTimer)
        },
        closed() {
          clearTimeout(pongTimer)
          forget(key, seat)
        },
      },
    })
    const seat: Seat = { client, operations: 0, idleTimer: undefined }
    const present = seats.get(key)
    if (present) present.add(seat)
    else seats.set(key, new Set([seat]))
    return seat
  }

  function forget(key: string, seat: Seat): void {
    clearTimeout(seat.idleTimer)
    const present = seats.get(key)
    if (present?.delete(seat) && present.size === 0) seats.delete(key)
  }

  function leave(key: string, seat: Seat): void {
    seat.operations -= 1
    if (seat.operations > 0 || !seats.get(key)?.has(seat)) return
    seat.idleTimer = setTimeout(() => {
      forget(key, seat)
      void seat.client.dispose()
    }, idleMs)
    seat.idleTimer.unref()
  }

  return {
    enter(address, parametersOf) {
      const key = JSON.stringify([
        address.url,
        Object.entries(address.headers).sort(([one], [other]) => (one < other ? -1 : 1)),
      ])
      const free = [...(seats.get(key) ?? [])].find(({ operations }) => operations < operationsMax)
      const seat = free ?? open(key, address, parametersOf)
      clearTimeout(seat.idleTimer)
      seat.operations += 1
      let hasLeft = false
      return {
        client: seat.client,
        leave() {
          if (hasLeft) return
          hasLeft = true
          leave(key, seat)
        },
      }
    },
    count: () => [...seats.values()].reduce((sum, { size }) => sum + size, 0),
    async close() {
      const open = [...seats].flatMap(([key, of]) => [...of].map((seat) => ({ key, seat })))
      for (const { key, seat } of open) forget(key, seat)
      await Promise.all(open.map(async ({ seat }) => seat.client.dispose()))
    },
  }
}

const openingWith = (headers: Readonly<Record<string, string>>, handshakeTimeout: number): unknown =>
  class extends WebSocket {
    constructor(address: string, protocols: string) {
      super(address, protocols, { headers, handshakeTimeout })
    }
  }
