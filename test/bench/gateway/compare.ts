// Gateways side by side, in turns: what a nested query over four subgraphs costs each, for clients that are few or many and ask for different things or
// the same. All must give the same answer first.
import assert from 'node:assert/strict'
import { printFigures, type Figure } from '../figures.ts'
import { OPERATION } from './catalogue.ts'
import { runLoad, type LoadResult } from './load.ts'
import type { RunningGateway } from './processes.ts'

export interface CompareOptions<Name extends string> {
  /** Before the name of the load in each table. */
  title?: string
  /** How each is started; all run until the comparison ends. */
  gateways: Readonly<Record<Name, () => Promise<RunningGateway>>>
  /** Whose figures are divided by whose. */
  ratios: readonly (readonly [Name, Name])[]
  /** How many requests the subgraphs had since it was asked the last time. */
  fetchCount(): Promise<number>
  /** Of each load on each gateway, each round. */
  seconds: number
  rounds: number
}

interface RoundResult extends LoadResult {
  fetchesPerRequest: number
}

const LOADS = {
  'one client, different requests': { clients: 1, isDistinct: true },
  '50 clients, different requests': { clients: 50, isDistinct: true },
  '50 clients, equal requests': { clients: 50, isDistinct: false },
} as const
type LoadName = keyof typeof LOADS

const WARM_UP_SECONDS = 2

/** Prints a table for each load. Throws when a gateway answers otherwise than the first one. */
export async function compareGateways<Name extends string>(options: CompareOptions<Name>): Promise<void> {
  const { gateways, rounds, seconds } = options
  const names = Object.keys(gateways) as Name[]
  const running = new Map<Name, RunningGateway>()
  try {
    for (const name of names) running.set(name, await gateways[name]())
    await requireEqualAnswers(running)
    for (const load of Object.keys(LOADS) as LoadName[]) {
      const results = new Map<Name, RoundResult[]>(names.map((name) => [name, []]))
      for (let round = -1; round < rounds; round += 1)
        for (const [name, gateway] of running) {
          const result = await runOnce(gateway, load, round < 0 ? WARM_UP_SECONDS : seconds, options)
          if (round >= 0) results.get(name)!.push(result)
        }
      print(load, results, options)
    }
  } finally {
    await Promise.all([...running.values()].map((gateway) => gateway.stop()))
  }
}

const bodyOf = (salt: string): string => JSON.stringify({ query: OPERATION, variables: { salt } })

async function requireEqualAnswers(running: ReadonlyMap<string, RunningGateway>): Promise<void> {
  let first: { name: string; answer: unknown } | undefined
  for (const [name, { url }] of running) {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: bodyOf('first'),
    })
    const answer: unknown = await response.json()
    first ??= { name, answer }
    assert.deepEqual(answer, first.answer, `${name} answers otherwise than ${first.name}`)
  }
}

async function runOnce(
  gateway: RunningGateway,
  load: LoadName,
  seconds: number,
  { fetchCount }: Pick<CompareOptions<string>, 'fetchCount'>,
): Promise<RoundResult> {
  const { clients, isDistinct } = LOADS[load]
  let salt = 0
  const equal = bodyOf('equal')
  await fetchCount()
  const result = await runLoad({
    url: gateway.url,
    pid: gateway.pid,
    clients,
    seconds,
    nextBody: () => (isDistinct ? bodyOf(`${process.pid}-${(salt += 1)}-${performance.now()}`) : equal),
  })
  return { ...result, fetchesPerRequest: (await fetchCount()) / result.requests }
}

function print<Name extends string>(
  load: LoadName,
  results: ReadonlyMap<Name, readonly RoundResult[]>,
  { title, ratios }: CompareOptions<Name>,
): void {
  const figures = [...results].flatMap(([name, own]): Figure[] => {
    const figure = (what: string, unit: string, of: (result: RoundResult) => number): Figure => ({
      name: `${name}: ${what}`,
      unit,
      values: own.map(of),
    })
    return [
      figure('CPU a request', 'ms', ({ cpuMsPerRequest }) => cpuMsPerRequest),
      figure('requests a second', '/s', ({ perSecond }) => perSecond),
      figure('p50', 'ms', ({ p50Ms }) => p50Ms),
      figure('p99 against p50', '', ({ p50Ms, p99Ms }) => p99Ms / p50Ms),
      figure('fetches a request', '', ({ fetchesPerRequest }) => fetchesPerRequest),
      ...ratios
        .filter(([of]) => of === name)
        .flatMap(([, against]) => {
          const other = results.get(against)!
          const ratio = (what: string, of: (result: RoundResult) => number): Figure => ({
            name: `${name}: ${what} against ${against}`,
            unit: '',
            values: own.map((result, round) => of(result) / of(other[round]!)),
          })
          return [
            ratio('CPU', ({ cpuMsPerRequest }) => cpuMsPerRequest),
            ratio('requests a second', ({ perSecond }) => perSecond),
          ]
        }),
    ]
  })
  const { bytes } = [...results.values()][0]![0]!
  printFigures(`${title === undefined ? '' : `${title}: `}${load}, answers of ${Math.round(bytes / 1000)} kB`, figures)
}
