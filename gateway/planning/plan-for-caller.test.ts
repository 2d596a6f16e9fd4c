// Which plans are kept, and how long callers wait for one that is not.
import { parse } from 'graphql'
import { expect, test } from 'vitest'
import { TributaryError } from '#shared/errors.ts'
import { noContext } from '../execution/testing/no-context.ts'
import { createOperationGate } from '../operations/operation-limits.ts'
import { DEFAULT_OPERATION_POLICY } from '../operations/operation-policy.ts'
import { buildSupergraph } from '../supergraph/load-supergraph.ts'
import type { OperationRecord } from '../telemetry/operation-record.ts'
import { createBuildPlan } from './build-plan.ts'
import { createPlansForCallers, type PlanCaller } from './plan-for-caller.ts'
import { planMostUsed } from './plan-most-used.ts'
import type { Planner } from './planning-threads.ts'
import { createPrepareOperation } from './prepare-operation.ts'
import { costlySupergraph } from './testing/costly.ts'

const supergraph = buildSupergraph(costlySupergraph())
const buildPlan = createBuildPlan(supergraph.sdl)
const gate = createOperationGate(DEFAULT_OPERATION_POLICY)

/** Plans that are made when `finish` says so, or at once. `plan`: the same for all. */
function open({ isAtOnce = true, plan }: { isAtOnce?: boolean; plan?: string } = {}) {
  const asked: string[] = []
  const waiting: { isWanted: () => boolean; finish: (error?: Error) => void }[] = []
  const planner: Pick<Planner, 'plan'> = {
    async plan(request, isWanted) {
      asked.push(request.document)
      if (!isAtOnce) {
        const { promise, resolve, reject } = Promise.withResolvers<void>()
        waiting.push({ isWanted, finish: (error) => (error ? reject(error) : resolve()) })
        await promise
      }
      return plan ?? JSON.stringify(buildPlan(request))
    },
  }
  const plans = createPlansForCallers({ supergraph, planner })
  const planFor = (text: string, caller: Partial<PlanCaller> = {}, variables: Record<string, unknown> = {}) => {
    const document = parse(text)
    const [operation] = document.definitions
    if (operation?.kind !== 'OperationDefinition') throw new Error('No operation.')
    return plans.planFor(document, operation, { ...noContext, ...caller }, variables)
  }
  const prepare = createPrepareOperation({ supergraph, gate, plans })
  return { asked, waiting, plans, planFor, prepare }
}

const QUERY = '{ thing { x } }'

test('a plan is made once for a text, and is there at once then', async () => {
  const { planFor, asked } = open()
  const seen: boolean[] = []
  const record = {
    planAsked: (isKept: boolean) => void seen.push(isKept),
    begin: () => () => undefined,
  } as unknown as OperationRecord
  const planned = await planFor(QUERY, { record })
  expect(planFor(QUERY, { record })).toBe(planned)
  expect(asked).toHaveLength(1)
  expect(seen).toEqual([false, true])
  expect(await planFor('query A { thing { x } }')).not.toBe(planned)
})

test('equal operations at the same time are planned once; one that leaves does not end the wait of the others', async () => {
  const { planFor, asked, waiting } = open({ isAtOnce: false })
  const leaving = new AbortController()
  const one = planFor(QUERY)
  const two = planFor(QUERY)
  const three = planFor(QUERY, { signal: leaving.signal })
  leaving.abort()
  await expect(three).rejects.toMatchObject({ code: 'CANCELLED' })
  expect(waiting[0]!.isWanted()).toBe(true)
  waiting[0]!.finish()
  expect(await one).toBe(await two)
  expect(asked).toHaveLength(1)
})

test('what the last one left is not wanted, until another one comes', async () => {
  const { planFor, waiting } = open({ isAtOnce: false })
  const leaving = new AbortController()
  const left = planFor(QUERY, { signal: leaving.signal })
  leaving.abort()
  await expect(left).rejects.toMatchObject({ code: 'CANCELLED' })
  expect(waiting[0]!.isWanted()).toBe(false)
  const next = planFor(QUERY)
  expect(waiting).toHaveLength(1)
  expect(waiting[0]!.isWanted()).toBe(true)
  waiting[0]!.finish()
  expect(await next).toMatchObject({ kind: 'request' })
})

test('nobody waits longer than his time lasts', async () => {
  const { planFor } = open({ isAtOnce: false })
  await expect(planFor(QUERY, { deadline: performance.now() })).rejects.toMatchObject({ code: 'UPSTREAM_TIMED_OUT' })
})

test('one that cannot be planned within its budget is not tried again at once; what failed otherwise is', async () => {
  const { planFor, waiting } = open({ isAtOnce: false })
  const first = planFor(QUERY)
  waiting[0]!.finish(new Error('The thread ended.'))
  await expect(first).rejects.toThrow('The thread ended.')
  const second = planFor(QUERY)
  waiting[1]!.finish(new TributaryError('PLANNING_LIMIT_EXCEEDED', 'Too long.'))
  await expect(second).rejects.toMatchObject({ code: 'PLANNING_LIMIT_EXCEEDED' })
  expect(() => planFor(QUERY)).toThrow('Too long.')
  expect(waiting).toHaveLength(2)
})

test('plans are bounded in bytes: those not used for the longest time make room', async () => {
  const { planFor, asked } = open({ plan: JSON.stringify({ kind: 'Fetch', operation: 'x'.repeat(1_800_000) }) })
  const numbered = (count: number) => `{ thing { x } } # ${count}`
  await planFor(QUERY)
  for (let count = 0; count < 12; count += 1) {
    await planFor(numbered(count))
    await planFor(QUERY)
  }
  expect(asked).toHaveLength(13)
  await planFor(numbered(0))
  expect(asked).toHaveLength(14)
})

test('a plan that is huge takes no place', async () => {
  const { planFor, asked } = open({ plan: JSON.stringify({ kind: 'Fetch', operation: 'x'.repeat(2_200_000) }) })
  await planFor(QUERY)
  await planFor(QUERY)
  expect(asked).toHaveLength(2)
})

test('another supergraph takes over with plans of what was used most, as far as it is valid there', async () => {
  const previous = open()
  for (const [text, uses] of [
    ['{ thing { own_a } }', 1],
    ['{ thing { own_b } }', 3],
    ['{ thing { own_c } }', 2],
  ] as const)
    for (let use = 0; use < uses; use += 1) await previous.planFor(text)
  expect(previous.plans.mostUsed(2).map(({ text }) => text)).toEqual(['{ thing { own_b } }', '{ thing { own_c } }'])
  const invalid = { text: '{ nothing }', operationName: null, caller: { identity: null, moved: [] }, variables: {} }
  const next = open()
  await planMostUsed({
    previous: { mostUsed: (count) => [invalid, ...previous.plans.mostUsed(count)] },
    plans: next.plans,
    prepare: next.prepare,
    count: 2,
  })
  expect(next.asked).toHaveLength(2)
  expect(next.planFor('{ thing { own_b } }')).not.toBeInstanceOf(Promise)
  expect(next.planFor('{ thing { own_a } }')).toBeInstanceOf(Promise)
})
