// Plans of operations, bounded in bytes, because a client decides how much an operation asks for. Each is made once, however many wait for it: who
// has enough of waiting leaves, and the others wait on.
import { LRUCache } from 'lru-cache'
import { TributaryError } from '#shared/errors.ts'
import { clientLeft } from '../subgraphs/subgraph-failure.ts'
import type { PlanCaller, PlanOutcome, UsedOperation } from './plan-for-caller.ts'

export interface MadePlan {
  outcome: PlanOutcome
  /** Of the plan as JSON. */
  characterCount: number
  /** Of the operation's document. */
  tokenCount: number
  source: UsedOperation
}

interface KeptPlan extends MadePlan {
  uses: number
}

export interface PlanCache {
  /**
   * At once where it is kept. `make` is told whether somebody still waits. The record is told whether it was kept, and of the time that it took
   * where it was not. Throws what `make` throws, CANCELLED for a caller who left, and UPSTREAM_TIMED_OUT for one whose time is over.
   */
  get(
    key: string,
    caller: PlanCaller,
    make: (isWanted: () => boolean) => Promise<MadePlan>,
  ): PlanOutcome | Promise<PlanOutcome>
  /** The most used first. */
  mostUsed(count: number): UsedOperation[]
}

interface Planning {
  planned: Promise<PlanOutcome>
  /** Those who wait. */
  callers: { count: number }
}

const CACHE_BYTES = 32 * 1_048_576
/** A larger one is made each time, instead of pushing out many that are usual. */
const KEPT_PLAN_BYTES = 4 * 1_048_576
/** Measured on the operations of schema/operations: the operation with its projection 340 to 460, in one case of 15 tokens 700. */
const BYTES_PER_TOKEN = 512
/** Of the plan's JSON, as objects: 1.0 to 1.6 there. */
const BYTES_PER_PLAN_CHARACTER = 2
/** In the document's locations and in `source`, with two bytes per character at worst. */
const BYTES_PER_TEXT_CHARACTER = 4
const BYTES_PER_PLAN = 4096
/** How long an operation that cannot be planned is not tried again, in milliseconds. */
const REFUSED_MS = 60_000
const REFUSED_COUNT = 1000

export function createPlanCache(): PlanCache {
  const plans = new LRUCache<string, KeptPlan>({
    maxSize: CACHE_BYTES,
    maxEntrySize: KEPT_PLAN_BYTES,
    sizeCalculation: ({ characterCount, tokenCount, source }) =>
      BYTES_PER_PLAN +
      characterCount * BYTES_PER_PLAN_CHARACTER +
      source.text.length * BYTES_PER_TEXT_CHARACTER +
      tokenCount * BYTES_PER_TOKEN,
  })
  /** Another try would take a thread for as long again. */
  const refused = new LRUCache<string, TributaryError>({ max: REFUSED_COUNT, ttl: REFUSED_MS })
  const underWay = new Map<string, Planning>()

  function begin(key: string, make: (isWanted: () => boolean) => Promise<MadePlan>): Planning {
    const callers = { count: 0 }
    const planned = make(() => callers.count > 0)
      .then(
        (made) => {
          plans.set(key, { ...made, uses: 1 })
          return made.outcome
        },
        (error: unknown) => {
          if (error instanceof TributaryError && error.code === 'PLANNING_LIMIT_EXCEEDED') refused.set(key, error)
          throw error
        },
      )
      .finally(() => underWay.delete(key))
    const planning = { planned, callers }
    underWay.set(key, planning)
    return planning
  }

  return {
    get(key, caller, make) {
      const kept = plans.get(key)
      caller.record?.planAsked(kept !== undefined)
      if (kept) {
        kept.uses += 1
        return kept.outcome
      }
      const refusal = refused.get(key)
      if (refusal) throw refusal
      const end = caller.record?.begin('plan')
      const planning = underWay.get(key) ?? begin(key, make)
      planning.callers.count += 1
      const outcome = waitFor(planning.planned, caller).finally(() => (planning.callers.count -= 1))
      if (end) outcome.then(() => end(), end)
      return outcome
    },
    mostUsed: (count) =>
      [...plans.values()]
        .toSorted((one, other) => other.uses - one.uses)
        .slice(0, count)
        .map(({ source }) => source),
  }
}

function waitFor<Value>(value: Promise<Value>, { signal, deadline }: PlanCaller): Promise<Value> {
  const { promise: left, reject } = Promise.withResolvers<never>()
  const leave = () => reject(clientLeft(signal.reason))
  if (signal.aborted) leave()
  signal.addEventListener('abort', leave)
  const timer =
    deadline === Infinity
      ? undefined
      : setTimeout(() => reject(outOfTime()), Math.max(0, Math.ceil(deadline - performance.now())))
  return Promise.race([value, left]).finally(() => {
    signal.removeEventListener('abort', leave)
    clearTimeout(timer)
  })
}

const outOfTime = () =>
  new TributaryError(
    'UPSTREAM_TIMED_OUT',
    'The time for this request was over before it was planned (TRIBUTARY_GATEWAY_REQUEST_TIMEOUT_MS, or less where the caller asked for less).',
  )
