// A graph in which operations take long to plan, as a file of its supergraph, with one server that answers for all of its subgraphs: with one field, which
// is all that the small operation asks for. Of the costly ones only the planning is of interest.
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { costlyOperation, costlySupergraph } from '../../../gateway/planning/testing/costly.ts'

export const SMALL_OPERATION = '{ thing { x } }'
export const SMALL_ANSWER = '{"data":{"thing":{"x":"1"}}}'

/** Levels of the costly operations, in turn: planned in about half a second to two. */
const DEPTHS = [8, 12, 16]

/** One that has not been planned before. */
export const nextCostlyOperation = (number: number): string =>
  costlyOperation(DEPTHS[number % DEPTHS.length]!, `Costly${number}`)

export async function withCostlyGraph(run: (supergraph: string) => Promise<void>): Promise<void> {
  const server = createServer((request, response) => {
    request.resume()
    request.on('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end(SMALL_ANSWER))
  })
  server.keepAliveTimeout = 600_000
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const directory = await mkdtemp(path.join(os.tmpdir(), 'tributary-costly-'))
  try {
    const supergraph = path.join(directory, 'supergraph.graphql')
    await writeFile(
      supergraph,
      costlySupergraph().replaceAll(/http:\/\/[a-z]+\.invalid/g, `http://127.0.0.1:${port}/graphql`),
    )
    await run(supergraph)
  } finally {
    server.close()
    await rm(directory, { recursive: true })
  }
}
