// Answers repeat themselves: the same few products, with the same reviews by the same people, below hundreds of others. On the way to what fetches will ask
// about, values of one answer that are equal become one before anybody else has the answer, from the innermost outwards; then they are visited, filled and
// shaped once.
import type { FetchNode, PlanNode } from '@apollo/query-planner'
import { EVERY_ITEM } from './places.ts'
import type { Path } from './plan-execution.ts'
import { fetchesOf } from './plan-fetches.ts'
import { put, type SharedValues } from './shared-values.ts'

/** Where fetches ask about what a fetch answers, step by step from its data or from each of its entities. */
export interface AskedBelow {
  step: string | number
  below: AskedBelow[]
}

const known = new WeakMap<PlanNode, ReadonlyMap<FetchNode, readonly AskedBelow[]>>()

export function askedBelow(plan: PlanNode): ReadonlyMap<FetchNode, readonly AskedBelow[]> {
  let asked = known.get(plan)
  if (!asked) known.set(plan, (asked = findAsked(plan)))
  return asked
}

function findAsked(plan: PlanNode): ReadonlyMap<FetchNode, readonly AskedBelow[]> {
  const fetches = fetchesOf(plan)
  return new Map(
    fetches.map(({ fetch, path }) => {
      const asked: AskedBelow[] = []
      for (const other of fetches)
        if (path.every((step, index) => other.path[index] === step)) addPath(asked, other.path.slice(path.length))
      return [fetch, asked]
    }),
  )
}

function addPath(asked: AskedBelow[], [step, ...rest]: Path): void {
  if (step === undefined) return
  let next = asked.find((each) => each.step === step)
  if (!next) asked.push((next = { step, below: [] }))
  addPath(next.below, rest)
}

/** `answered`: the data of one answer, or its entities, which nobody has yet; they themselves stay apart. */
export function uniteEquals(
  answered: readonly unknown[],
  asked: readonly AskedBelow[] | undefined,
  shared: SharedValues,
): void {
  if (!asked?.length) return
  const places = asked.map(placeOf)
  for (const value of answered) if (typeof value === 'object' && value !== null) uniteBelow(value, places, shared)
}

/** Under one path of an answer. */
interface Place {
  step: string | number
  below: readonly Place[]
  /** The first of equal ones, by what they find each other. */
  united: Map<unknown, object>
}

const placeOf = ({ step, below }: AskedBelow): Place => ({ step, below: below.map(placeOf), united: new Map() })

function uniteBelow(holder: object, places: readonly Place[], shared: SharedValues): void {
  for (const place of places) {
    if (Array.isArray(holder)) {
      if (place.step === EVERY_ITEM)
        for (let index = 0; index < holder.length; index += 1) holder[index] = unitedOf(holder[index], place, shared)
    } else {
      const value = (holder as Record<string, unknown>)[place.step]
      const united = unitedOf(value, place, shared)
      if (united !== value) put(holder as Record<string, unknown>, String(place.step), united)
    }
  }
}

function unitedOf(value: unknown, place: Place, shared: SharedValues): unknown {
  if (typeof value !== 'object' || value === null) return value
  uniteBelow(value, place.below, shared)
  const telling = tellingValueOf(value)
  if (telling === undefined) return value
  const first = place.united.get(telling)
  if (!first) place.united.set(telling, value)
  if (!first || !isSame(first, value)) return value
  shared.add(first)
  return first
}

/** By what equal ones find each other. */
function tellingValueOf(value: object): unknown {
  if (Array.isArray(value)) return value[0] as unknown
  for (const name in value) {
    const held = (value as Record<string, unknown>)[name]
    if (name !== '__typename' && held !== null) return held
  }
  return undefined
}

/** Holding the same; what is equal in them has become one already. */
function isSame(one: object, other: object): boolean {
  if (Array.isArray(one))
    return Array.isArray(other) && one.length === other.length && one.every((item, index) => item === other[index])
  if (Array.isArray(other)) return false
  const [left, right] = [one as Record<string, unknown>, other as Record<string, unknown>]
  for (const name in left) if (left[name] !== right[name]) return false
  for (const name in right) if (left[name] !== right[name]) return false
  return true
}
