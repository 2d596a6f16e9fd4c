// The four subgraphs as one process, each on a port of its own. An answer is worked out once and then sent again, so that they cost as little as a
// server of HTTP costs. Prints the ready line with their URLs, and on SIGUSR2 how many requests they had since the last time.
import { execute, parse } from 'graphql'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { BENCHED_SUBGRAPHS, schemaOf, type BenchedSubgraph } from './catalogue.ts'

let requests = 0

const urls = Object.fromEntries(
  await Promise.all(BENCHED_SUBGRAPHS.map(async (name) => [name, await listen(name)] as const)),
)
process.on('SIGUSR2', () => {
  process.stdout.write(`${JSON.stringify({ event: 'requests', requests })}\n`)
  requests = 0
})
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
    requests += 1
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const body = Buffer.concat(parts).toString()
      const key = body.replace(/"salt":"[^"]*"/, '')
      let known = answers.get(key)
      if (!known) answers.set(key, (known = answer(body)))
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
