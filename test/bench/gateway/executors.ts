// What a nested query over four subgraphs costs the gateway, beside Apollo Server over the stock ApolloGateway in the same run: CPU time of the
// process per request, requests a second and latencies, with one client and with fifty, for requests that are all different and for equal ones, with equal
// fetches shared and not, and with equal operations shared. Linux only: each gateway is alone on the first core, subgraphs and clients are on the second.
//
//   node test/bench/gateway/executors.ts [--seconds 10] [--rounds 3]
import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { isReadyEvent, parseEvent, startChild, type Child } from '../../harness/child.ts'
import { printFigures, warnWhenBusy } from '../figures.ts'
import { composeCatalogue, OPERATION, type BenchedSubgraph } from './catalogue.ts'
import { runLoad, type LoadResult } from './load.ts'

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '10' }, rounds: { type: 'string', default: '3' } },
})
const seconds = Number(values.seconds)
const rounds = Number(values.rounds)
const [GATEWAY_CORE, OTHER_CORE] = ['0', '1']
const root = path.join(import.meta.dirname, '../../..')

const GATEWAYS = {
  stock: { script: 'test/bench/gateway/stock-gateway.ts', flags: (file: string) => [file], environment: {} },
  'ours, not sharing': {
    script: 'gateway/main.ts',
    flags: (file: string) => ['--supergraph', file, '--port', '0', '--no-authentication'],
    environment: { TRIBUTARY_GATEWAY_SHARE_FETCHES: 'false' },
  },
  'ours, sharing': {
    script: 'gateway/main.ts',
    flags: (file: string) => ['--supergraph', file, '--port', '0', '--no-authentication'],
    environment: {},
  },
  'ours, sharing operations': {
    script: 'gateway/main.ts',
    flags: (file: string) => ['--supergraph', file, '--port', '0', '--no-authentication'],
    environment: { TRIBUTARY_GATEWAY_SHARE_OPERATIONS: 'true' },
  },
} as const
type GatewayName = keyof typeof GATEWAYS
const NAMES = Object.keys(GATEWAYS) as GatewayName[]

const LOADS = {
  'one client, different requests': { clients: 1, isDistinct: true },
  '50 clients, different requests': { clients: 50, isDistinct: true },
  '50 clients, equal requests': { clients: 50, isDistinct: false },
} as const
type LoadName = keyof typeof LOADS

spawnSync('taskset', ['-pc', OTHER_CORE, String(process.pid)])
await warnWhenBusy()
const directory = await mkdtemp(path.join(os.tmpdir(), 'tributary-gateways-'))
const subgraphs = await start('subgraphs', OTHER_CORE, ['test/bench/gateway/subgraphs.ts'], {})
try {
  const urls = parseEvent(subgraphs.readyLine)!['urls'] as Record<BenchedSubgraph, string>
  const file = path.join(directory, 'supergraph.graphql')
  await writeFile(
    file,
    composeCatalogue((name) => urls[name]),
  )
  await compare(file)
} finally {
  await subgraphs.stop('SIGTERM')
  await rm(directory, { recursive: true })
}

async function compare(file: string): Promise<void> {
  const running = new Map<GatewayName, Child>()
  try {
    for (const name of NAMES) {
      const { script, flags, environment } = GATEWAYS[name]
      running.set(name, await start(name, GATEWAY_CORE, [script, ...flags(file)], environment))
    }
    for (const load of Object.keys(LOADS) as LoadName[]) {
      const results = new Map<GatewayName, LoadResult[]>(NAMES.map((name) => [name, []]))
      for (let round = -1; round < rounds; round += 1)
        for (const name of NAMES) {
          const result = await runOnce(running.get(name)!, load, round < 0 ? 2 : seconds)
          if (round >= 0) results.get(name)!.push(result)
        }
      print(load, results)
    }
  } finally {
    await Promise.all([...running.values()].map((child) => child.stop('SIGTERM')))
  }
}

async function runOnce(gateway: Child, load: LoadName, forSeconds: number): Promise<LoadResult> {
  const { clients, isDistinct } = LOADS[load]
  let salt = 0
  const bodyOf = (value: string): string => JSON.stringify({ query: OPERATION, variables: { salt: value } })
  const equal = bodyOf('equal')
  return runLoad({
    url: String(parseEvent(gateway.readyLine)!['url']),
    pid: gateway.pid,
    clients,
    seconds: forSeconds,
    nextBody: () => (isDistinct ? bodyOf(`${process.pid}-${(salt += 1)}-${performance.now()}`) : equal),
  })
}

function print(load: LoadName, results: ReadonlyMap<GatewayName, readonly LoadResult[]>): void {
  const stock = results.get('stock')!
  printFigures(
    `${load}, answers of ${Math.round(stock[0]!.bytes / 1000)} kB`,
    NAMES.flatMap((name) => {
      const own = results.get(name)!
      const figure = (what: string, unit: string, of: (result: LoadResult) => number) => ({
        name: `${name}: ${what}`,
        unit,
        values: own.map(of),
      })
      const ratio = (what: string, of: (result: LoadResult) => number) => ({
        name: `${name}: ${what}`,
        unit: '',
        values: own.map((result, round) => of(result) / of(stock[round]!)),
      })
      return [
        figure('CPU a request', 'ms', ({ cpuMsPerRequest }) => cpuMsPerRequest),
        figure('requests a second', '/s', ({ perSecond }) => perSecond),
        figure('p50', 'ms', ({ p50Ms }) => p50Ms),
        figure('p99 against p50', '', ({ p50Ms, p99Ms }) => p99Ms / p50Ms),
        ...(name === 'stock'
          ? []
          : [
              ratio('CPU against stock', ({ cpuMsPerRequest }) => cpuMsPerRequest),
              ratio('requests a second against stock', ({ perSecond }) => perSecond),
            ]),
      ]
    }),
  )
}

function start(
  name: string,
  core: string,
  command: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<Child> {
  return startChild({
    name,
    command: 'taskset',
    arguments: ['-c', core, process.execPath, ...command],
    environment: { PATH: process.env['PATH'], NODE_ENV: 'production', ...environment },
    directory: root,
    isReady: isReadyEvent,
  })
}
