// What plannings may take: not the time of the gateway, and of their thread's no more than their budget.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { afterEach, expect, test } from 'vitest'
import { buildSupergraph } from '../supergraph/load-supergraph.ts'
import { createBuildPlan, type PlanRequest } from './build-plan.ts'
import { createPlanningThreads, type PlanningThreads, type PlanningThreadsOptions } from './planning-threads.ts'
import { costlyOperation, costlySupergraph } from './testing/costly.ts'

const supergraph = buildSupergraph(costlySupergraph())
const ENDLESS = new URL('./testing/endless-planning.fixture.ts', import.meta.url)
const wanted = () => true

let threads: PlanningThreads
afterEach(() => threads.close())

function open(options: PlanningThreadsOptions = {}) {
  threads = createPlanningThreads(options)
  return threads.over(supergraph)
}

const asked = (operationName: string): PlanRequest => ({
  document: `query ${operationName} { thing { x } }`,
  operationName,
  moved: [],
  decided: {},
})

/** The longest that the event loop stood still meanwhile, in milliseconds. */
async function longestDelayDuring(work: () => unknown): Promise<number> {
  const delays = monitorEventLoopDelay({ resolution: 1 })
  delays.enable()
  // It measures from one of its own ticks to the next.
  await new Promise((resolve) => setTimeout(resolve, 20))
  await work()
  await new Promise((resolve) => setTimeout(resolve, 20))
  delays.disable()
  return delays.max / 1e6
}

test('an operation that is costly to plan does not hold up the event loop, and its plan is the same', async () => {
  const request = { document: costlyOperation(6), operationName: 'Costly', moved: [], decided: {} }
  const buildPlan = createBuildPlan(supergraph.sdl)
  let here: unknown
  const delayHere = await longestDelayDuring(() => (here = buildPlan(request)))
  const planner = open()
  await planner.ready()
  let there = ''
  const delayThere = await longestDelayDuring(async () => (there = await planner.plan(request, wanted)))
  expect(delayHere).toBeGreaterThan(200)
  expect(delayThere).toBeLessThan(delayHere / 2)
  expect(JSON.parse(there)).toEqual(JSON.parse(JSON.stringify(here)))
})

test('one over its budget is refused, and others are planned later', async () => {
  const planner = open({ timeoutMs: 2000, entry: ENDLESS })
  await planner.ready()
  const endless = planner.plan(asked('Endless'), wanted)
  const waiting = planner.plan(asked('Waiting'), wanted)
  await expect(endless).rejects.toMatchObject({
    code: 'PLANNING_LIMIT_EXCEEDED',
    message: expect.stringContaining('TRIBUTARY_GATEWAY_PLANNING_TIMEOUT_MS'),
  })
  expect(JSON.parse(await waiting)).toMatchObject({ kind: 'Fetch' })
  expect(JSON.parse(await planner.plan(asked('Later'), wanted))).toMatchObject({ kind: 'Fetch' })
})

test('while one takes long, others are planned', async () => {
  const planner = open({ timeoutMs: 600_000, entry: ENDLESS })
  const endless = expect(planner.plan(asked('Endless'), wanted)).rejects.toMatchObject({ code: 'CANCELLED' })
  for (const name of ['One', 'Two'])
    expect(JSON.parse(await planner.plan(asked(name), wanted))).toMatchObject({ kind: 'Fetch' })
  await threads.close()
  await endless
})

test('one that takes too much memory is refused, and others are planned later', async () => {
  const planner = open({ memoryLimitMb: 128, entry: ENDLESS })
  await planner.ready()
  await expect(planner.plan(asked('Greedy'), wanted)).rejects.toMatchObject({
    code: 'PLANNING_LIMIT_EXCEEDED',
    message: expect.stringContaining('128 MiB'),
  })
  expect(JSON.parse(await planner.plan(asked('Later'), wanted))).toMatchObject({ kind: 'Fetch' })
})

test('what waits is bounded, and what nobody waits for any more is left out', async () => {
  const planner = open({ queueLimit: 1 })
  const first = planner.plan(asked('First'), wanted)
  const second = planner.plan(asked('Second'), () => false)
  await expect(planner.plan(asked('Third'), wanted)).rejects.toMatchObject({ code: 'CAPACITY_EXCEEDED' })
  await expect(second).rejects.toMatchObject({ code: 'CANCELLED' })
  expect(JSON.parse(await first)).toMatchObject({ kind: 'Fetch' })
})

test('a closed one gives up what it does', async () => {
  const planner = open({ entry: ENDLESS })
  const endless = expect(planner.plan(asked('Endless'), wanted)).rejects.toMatchObject({ code: 'CANCELLED' })
  const waiting = expect(planner.plan(asked('Waiting'), wanted)).rejects.toMatchObject({ code: 'CANCELLED' })
  await threads.close()
  await Promise.all([endless, waiting])
})

test('a supergraph that cannot be planned over is never ready', async () => {
  threads = createPlanningThreads()
  const broken = threads.over({
    ...supergraph,
    id: 'broken',
    sdl: supergraph.sdl.replace(/^enum join__Graph[^}]*\}/m, ''),
  })
  await expect(broken.ready()).rejects.toMatchObject({ code: 'CONFIGURATION_INVALID' })
  await threads.over(supergraph).ready()
})
