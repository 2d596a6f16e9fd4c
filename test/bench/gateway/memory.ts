// Whether the gateway's memory stays bounded while a few clients send operations that are all different, far more than its caches of documents, texts and
// plans can hold: resident memory and heap over time. Linux only: the gateway is alone on the first core.
//
//   node test/bench/gateway/memory.ts [--minutes 10] [--clients 4]
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { median, printFigures, warnWhenBusy, type Figure, type Target } from '../figures.ts'
import { distinctRequest } from './distinct-operations.ts'
import { runLoad, type LoadResult } from './load.ts'
import { readMetrics } from './metrics.ts'
import { startOurs, withCatalogue, type RunningGateway } from './processes.ts'

interface Sample {
  minutes: number
  residentMib: number
  heapMib: number
}

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '10' }, clients: { type: 'string', default: '4' } },
})
const minutes = Number(values.minutes)
const SAMPLES = 200
/** The part of the time after which caches are taken to be full. */
const STEADY_FROM = 0.2
/** A value is the median of so much of the time, because collections of garbage come when they come. */
const WINDOW = 0.05

await warnWhenBusy()
await withCatalogue(async ({ supergraph }) => {
  const gateway = await startOurs(supergraph)
  try {
    const before = await sample(gateway, 0)
    let number = 0
    const [load, samples] = await Promise.all([
      runLoad({
        url: gateway.url,
        pid: gateway.pid,
        clients: Number(values.clients),
        seconds: minutes * 60,
        nextBody: () => distinctRequest((number += 1)),
      }),
      sampleMeanwhile(gateway),
    ])
    print(before, samples, load)
  } finally {
    await gateway.stop()
  }
})

async function sampleMeanwhile(gateway: RunningGateway): Promise<Sample[]> {
  const samples: Sample[] = []
  const startedAt = performance.now()
  const elapsedMs = (): number => performance.now() - startedAt
  for (let index = 1; index <= SAMPLES; index += 1) {
    await setTimeout(Math.max(0, (minutes * 60_000 * index) / SAMPLES - elapsedMs()))
    samples.push(await sample(gateway, elapsedMs() / 60_000))
  }
  return samples
}

async function sample(gateway: RunningGateway, atMinutes: number): Promise<Sample> {
  const metrics = await readMetrics(gateway.url)
  return {
    minutes: atMinutes,
    residentMib: metrics.get('process_resident_memory_bytes')! / 2 ** 20,
    heapMib: metrics.get('nodejs_heap_size_used_bytes')! / 2 ** 20,
  }
}

function print(before: Sample, samples: readonly Sample[], load: LoadResult): void {
  const steady = samples.filter((each) => each.minutes >= minutes * STEADY_FROM)
  const during = (from: number, of: (sample: Sample) => number): number =>
    median(samples.filter((each) => each.minutes >= minutes * from && each.minutes < minutes * (from + WINDOW)).map(of))
  const figures = (what: string, of: (sample: Sample) => number, target?: Target): Figure[] => {
    const [early, late] = [during(STEADY_FROM, of), during(1 - WINDOW, of)]
    return [
      { name: `${what}, ready`, unit: 'MiB', values: [of(before)] },
      { name: `${what}, after 20 % of the time`, unit: 'MiB', values: [early] },
      { name: `${what}, at the end`, unit: 'MiB', values: [late] },
      { name: `${what}, most`, unit: 'MiB', values: [Math.max(...samples.map(of))] },
      { name: `${what}, slope of the last 80 %`, unit: 'MiB/min', values: [slope(steady, of)] },
      { name: `${what}, end against after 20 %`, unit: '', values: [late / early], ...(target ? { target } : {}) },
    ]
  }
  printFigures(`memory of the gateway, ${load.requests} distinct operations in ${minutes} minutes`, [
    ...figures('resident', ({ residentMib }) => residentMib, { of: 'median', atMost: 1.1 }),
    ...figures('heap', ({ heapMib }) => heapMib),
    { name: 'operations a second', unit: '/s', values: [load.perSecond] },
  ])
}

/** By least squares, a minute. */
function slope(samples: readonly Sample[], of: (sample: Sample) => number): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
  const [meanMinutes, meanValue] = [mean(samples.map((each) => each.minutes)), mean(samples.map(of))]
  const deviations = samples.map((each) => [each.minutes - meanMinutes, of(each) - meanValue] as const)
  return deviations.reduce((sum, [x, y]) => sum + x * y, 0) / deviations.reduce((sum, [x]) => sum + x * x, 0)
}
