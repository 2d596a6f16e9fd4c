// An endpoint's address over which connections break: each of the first few is cut behind the first event that it carried.
import { connect, createServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'

export interface BreakingProxy {
  url: string
  /** Connections that were cut. */
  readonly cutCount: number
  close(): Promise<void>
}

const EVENT = /event: next\n(?:.+\n)+\n/

export async function startBreakingProxy(target: string, options: { cuts: number }): Promise<BreakingProxy> {
  const { hostname, port } = new URL(target)
  let cutCount = 0
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname)
    const end = () => {
      client.destroy()
      upstream.destroy()
    }
    for (const socket of [client, upstream]) socket.on('error', end).on('close', end)
    client.pipe(upstream)
    let passed = ''
    upstream.on('data', (bytes) => {
      if (cutCount >= options.cuts) return void client.write(bytes)
      const { length } = passed
      passed += bytes.toString('latin1')
      const event = EVENT.exec(passed)
      if (!event) return void client.write(bytes)
      cutCount += 1
      upstream.destroy()
      client.write(bytes.subarray(0, event.index + event[0].length - length), () => client.destroy())
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = new URL(target)
  url.port = String((server.address() as AddressInfo).port)
  return {
    url: url.href,
    get cutCount() {
      return cutCount
    },
    async close() {
      server.close()
      await once(server, 'close')
    },
  }
}
