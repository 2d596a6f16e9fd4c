// Whether the gateway answers as fast as always while it plans operations that take long to plan: the delay of its event loop, and the latencies of a client
// who asks for little, with such plannings beside and without. Linux only.
//
// The delay is what the gateway says at /metrics. It is measured by a timer of 10 ms, from one tick to the next: those 10 ms are in it.
//
//   node test/bench/gateway/event-loop.ts [--seconds 10] [--rounds 3] [--planners 3] [--cores 0,1]
import os from 'node:os'
import { parseArgs } from 'node:util'
import { printFigures, warnWhenBusy, type Figure } from '../figures.ts'
import { nextCostlyOperation, SMALL_ANSWER, SMALL_OPERATION, withCostlyGraph } from './costly-graph.ts'
import { runLoad, type LoadResult } from './load.ts'
import { readMetrics } from './metrics.ts'
import { startOurs, type RunningGateway } from './processes.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '3' },
    planners: { type: 'string', default: '3' },
    cores: { type: 'string', default: `0-${os.availableParallelism() - 1}` },
  },
})
const seconds = Number(values.seconds)
const rounds = Number(values.rounds)
const PAUSE_MS = 5
/** Of one request, in milliseconds: its turn to be planned comes when those of the others are over. */
const PLANNED_WITHIN_MS = 120_000

interface Phase extends LoadResult {
  delayP50Ms: number
  delayP99Ms: number
  delayMaxMs: number
}

let lastCostly = 0
const planningMs: number[] = []

await withCostlyGraph(async (supergraph) => {
  const gateway = await startOurs(supergraph, {}, values.cores)
  try {
    await warnWhenBusy()
    await runPhase(gateway, 1)
    const [alone, beside]: [Phase[], Phase[]] = [[], []]
    for (let round = 0; round < rounds; round += 1) {
      alone.push(await runPhase(gateway, seconds))
      const over = new AbortController()
      const planned = Promise.all(
        Array.from({ length: Number(values.planners) }, () => askForPlannings(gateway, over.signal)),
      )
      beside.push(await Promise.race([runPhase(gateway, seconds), planned.then(() => Promise.reject(idle()))]))
      over.abort()
      await planned
    }
    print(alone, beside)
  } finally {
    await gateway.stop()
  }
})

const idle = () => new Error('Nothing was planned any more before the time was over.')

/** One client of small operations, and how the event loop was meanwhile. */
async function runPhase(gateway: RunningGateway, forSeconds: number): Promise<Phase> {
  await readMetrics(gateway.url)
  const load = await runLoad({
    url: gateway.url,
    pid: gateway.pid,
    clients: 1,
    seconds: forSeconds,
    nextBody: () => JSON.stringify({ query: SMALL_OPERATION }),
    answerBegins: SMALL_ANSWER,
    pauseMs: PAUSE_MS,
  })
  const metrics = await readMetrics(gateway.url)
  const delayMs = (what: string): number => metrics.get(`nodejs_eventloop_lag_${what}_seconds`)! * 1000
  return { ...load, delayP50Ms: delayMs('p50'), delayP99Ms: delayMs('p99'), delayMaxMs: delayMs('max') }
}

/** One client of operations that were never planned before. Throws when one is answered otherwise than after its planning. */
async function askForPlannings(gateway: RunningGateway, over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    const startedAt = performance.now()
    const response = await fetch(gateway.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: nextCostlyOperation((lastCostly += 1)) }),
      signal: AbortSignal.timeout(PLANNED_WITHIN_MS),
    })
    const text = await response.text()
    if (!text.startsWith('{"data":{"thing":{') && !text.includes('PLANNING_LIMIT_EXCEEDED'))
      throw new Error(`A costly operation is not answered as expected: ${text.slice(0, 500)}`)
    planningMs.push(performance.now() - startedAt)
  }
}

function print(alone: readonly Phase[], beside: readonly Phase[]): void {
  const figuresOf = (name: string, phases: readonly Phase[], isAtMost20Ms: boolean): Figure[] => {
    const figure = (what: string, of: (phase: Phase) => number): Figure => ({
      name: `${name}: ${what}`,
      unit: 'ms',
      values: phases.map(of),
    })
    const p99 = figure('event loop delay, p99', ({ delayP99Ms }) => delayP99Ms)
    return [
      figure('event loop delay, p50', ({ delayP50Ms }) => delayP50Ms),
      isAtMost20Ms ? { ...p99, target: { of: 'median', atMost: 20 } } : p99,
      figure('event loop delay, most', ({ delayMaxMs }) => delayMaxMs),
      figure('small operation, p50', ({ p50Ms }) => p50Ms),
      figure('small operation, p99', ({ p99Ms }) => p99Ms),
    ]
  }
  printFigures(`event loop of the gateway on cores ${values.cores}, the 10 ms of the timer included in its delay`, [
    ...figuresOf('alone', alone, false),
    ...figuresOf('planning beside', beside, true),
    { name: 'costly operation, until it is answered', unit: 'ms', values: planningMs },
  ])
}
