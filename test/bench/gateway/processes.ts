// The processes of a benchmark of gateways. Linux only: each gateway is alone on the first core, while subgraphs and clients are on the second.
import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { isReadyEvent, parseEvent, startChild, type Child } from '../../harness/child.ts'
import { composeCatalogue, type BenchedSubgraph } from './catalogue.ts'

const [GATEWAY_CORE, OTHER_CORE] = ['0', '1']
const root = path.join(import.meta.dirname, '../../..')

export interface RunningGateway {
  /** Of its GraphQL endpoint. */
  url: string
  pid: number
  stop(): Promise<unknown>
}

export interface Catalogue {
  /** Path of the file. */
  supergraph: string
  /** How many requests the subgraphs had since it was asked the last time. */
  fetchCount(): Promise<number>
}

/** Starts the subgraphs of the catalogue for `run`, on the core that this process moves to. */
export async function withCatalogue(run: (catalogue: Catalogue) => Promise<void>): Promise<void> {
  spawnSync('taskset', ['-pc', OTHER_CORE, String(process.pid)])
  const directory = await mkdtemp(path.join(os.tmpdir(), 'tributary-gateways-'))
  const subgraphs = await startNode('subgraphs', OTHER_CORE, ['test/bench/gateway/subgraphs.ts'])
  try {
    const urls = parseEvent(subgraphs.readyLine)!['urls'] as Record<BenchedSubgraph, string>
    const supergraph = path.join(directory, 'supergraph.graphql')
    await writeFile(
      supergraph,
      composeCatalogue((name) => urls[name]),
    )
    await run({
      supergraph,
      fetchCount: async () => Number(await (await fetch(new URL('/count', urls.accounts))).text()),
    })
  } finally {
    await subgraphs.stop('SIGTERM')
    await rm(directory, { recursive: true })
  }
}

/** Our gateway, without authentication; on the first core, unless others are named. */
export async function startOurs(
  supergraph: string,
  environment: Readonly<Record<string, string>> = {},
  cores = GATEWAY_CORE,
): Promise<RunningGateway> {
  const flags = ['--supergraph', supergraph, '--port', '0', '--no-authentication']
  return runningByEvent(await startNode('ours', cores, ['gateway/main.ts', ...flags], { environment }))
}

export async function startStock(supergraph: string): Promise<RunningGateway> {
  return runningByEvent(await startNode('stock', GATEWAY_CORE, ['test/bench/gateway/stock-gateway.ts', supergraph]))
}

/** A gateway that is no part of the repository: its script, and how it says that it is ready to answer at `url`. */
export async function startForeign(options: {
  name: string
  command: readonly string[]
  environment: Readonly<Record<string, string>>
  isReady: (line: string) => boolean
  url: string
}): Promise<RunningGateway> {
  const { name, command, environment, isReady, url } = options
  return running(await startNode(name, GATEWAY_CORE, command, { environment, isReady }), url)
}

const runningByEvent = (child: Child): RunningGateway => running(child, String(parseEvent(child.readyLine)!['url']))

const running = (child: Child, url: string): RunningGateway => ({
  url,
  pid: child.pid,
  stop: () => child.stop('SIGTERM'),
})

function startNode(
  name: string,
  cores: string,
  command: readonly string[],
  options: { environment?: Readonly<Record<string, string>>; isReady?: (line: string) => boolean } = {},
): Promise<Child> {
  return startChild({
    name,
    command: 'taskset',
    arguments: ['-c', cores, process.execPath, ...command],
    environment: { PATH: process.env['PATH'], NODE_ENV: 'production', ...options.environment },
    directory: root,
    isReady: options.isReady ?? isReadyEvent,
  })
}
