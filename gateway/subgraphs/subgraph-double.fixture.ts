// A subgraph whose every answer the test decides, over real HTTP; and what a request of a client is made of.
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createRequestContext, type CreateRequestContextOptions } from '../request-context.ts'
import type { SubgraphOperation } from './subgraph-client.ts'

export interface Received {
  headers: IncomingHttpHeaders
  body: { query: string; variables: Record<string, unknown> }
  response: ServerResponse
  /** Answers with JSON, or with text as it is. */
  answer(body: unknown, options?: { status?: number; headers?: Record<string, string | string[]> }): void
  /** Resolves when the gateway has left before the answer was whole. */
  gone: Promise<unknown>
}

export interface SubgraphDouble {
  url: string
  /** How many requests came so far. */
  readonly count: number
  /** The next request that nobody has looked at. */
  next(): Promise<Received>
  close(): Promise<void>
}

/** `answer`: given to every request at once; without it each waits for the test. */
export async function startDouble(answer?: (received: Received) => void): Promise<SubgraphDouble> {
  let count = 0
  const waiting: Received[] = []
  const wanted: ((received: Received) => void)[] = []
  const server = createServer((request, response) => void receive(request, response))
  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = once(response, 'close')
    let text = ''
    for await (const chunk of request) text += String(chunk)
    count++
    const received: Received = {
      headers: request.headers,
      body: JSON.parse(text) as Received['body'],
      response,
      gone,
      answer(body, { status = 200, headers = {} } = {}) {
        response.writeHead(status, { 'content-type': 'application/json', ...headers })
        response.end(typeof body === 'string' ? body : JSON.stringify(body))
      },
    }
    if (answer) return answer(received)
    const taker = wanted.shift()
    if (taker) taker(received)
    else waiting.push(received)
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`,
    get count() {
      return count
    },
    next() {
      const first = waiting.shift()
      return first ? Promise.resolve(first) : new Promise((resolve) => wanted.push(resolve))
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

export const QUERY: SubgraphOperation = { kind: 'query', query: 'query { name }' }
export const MUTATION: SubgraphOperation = { kind: 'mutation', query: 'mutation { rename }' }

export function contextOf(options: Partial<CreateRequestContextOptions> = {}) {
  return createRequestContext({
    identity: null,
    signal: new AbortController().signal,
    requestId: 'request-1',
    headers: {},
    timeoutMs: Infinity,
    ...options,
  })
}
