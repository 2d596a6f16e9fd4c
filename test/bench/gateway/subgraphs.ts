// The four subgraphs as one process, each on a port of its own. An answer is worked out once and then sent again, so that they cost as little as a
// server of HTTP costs. Prints the ready line with their URLs; GET /count on any of them says how many requests all had since it was asked the last time.
import { execute, parse } from 'graphql'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { BENCHED_SUBGRAPHS, schemaOf, type BenchedSubgraph } from './catalogue.ts'

/** Then all are forgotten: under operations that are never asked again, they are of no use. */
const MAX_ANSWERS = 1000

let requests = 0

const urls = Object.fromEntries(
  await Promise.all(BENCHED_SUBGRAPHS.map(async (name) => [name, await listen(name)] as const)),
)
process.stdout.write(`${JSON.stringify({ event: 'ready', urls })}\n`)

async function listen(name: BenchedSubgraph): Promise<string> {
  const schema = schemaOf(name)
  const answers = new Map<string, Promise<Buffer>>()
  const answer = async (body: string): Promise<Buffer> => {
    const { query, variables } = JSON.parse(body) as { query: string; variables?: Record<string, unknown> }
    return Buffer.from(
      JSON.stringify(await execute({ schema, document: parse(query), variableValues: variables ?? {} })),
    )
  }
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    if (request.method === 'GET') {
      response.end(String(requests))
      requests = 0
      return
    }
    requests += 1
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const body = Buffer.concat(parts).toString()
      const key = body.replace(/"salt":"[^"]*"/, '')
      let known = answers.get(key)
      if (!known) {
        if (answers.size >= MAX_ANSWERS) answers.clear()
        answers.set(key, (known = answer(body)))
      }
      void known.then((text) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': text.byteLength })
        response.end(text)
      })
    })
  })
  server.keepAliveTimeout = 600_000
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`
}
