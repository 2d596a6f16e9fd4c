// What an operation has already been told of an entity: a query often comes by the same objects on several ways, and the planner asks for them on
// each. Only fetches that ask the same, of which a plan has several, and only answers without errors; never for mutations, which change what is asked.
import type { FetchNode, PlanNode } from '@apollo/query-planner'
import { entityOperationOf } from './entity-operation.ts'
import { fetchesOf } from './plan-fetches.ts'
import type { JsonObject } from './representation.ts'

/** Entities by their representations, null where there is none; null when the answer had errors, or did not come. Not to be changed. */
export type EntityAnswers = ReadonlyMap<string, JsonObject | null> | null

/** By representation, as text. */
export interface AnswersByRepresentation {
  get(representation: string): Promise<EntityAnswers> | undefined
  /** The promise is never rejected. */
  set(representation: string, answers: Promise<EntityAnswers>): void
}

export interface KnownAnswers {
  /** What is asked, or was; null for a fetch of which nothing is kept. */
  answersTo(fetch: FetchNode): AnswersByRepresentation | null
}

/** For one run of a plan: of a fetch that no other in it is equal to nothing is kept. */
export function createKnownAnswers(plan: PlanNode): KnownAnswers | null {
  const keys = repeatedKeysOf(plan)
  if (keys.size === 0) return null
  const byKey = new Map<string, Map<string, Promise<EntityAnswers>>>()
  return {
    answersTo(fetch) {
      const key = keys.get(fetch)
      if (key === undefined) return null
      let answers = byKey.get(key)
      if (!answers) byKey.set(key, (answers = new Map<string, Promise<EntityAnswers>>()))
      return answers
    },
  }
}

const repeated = new WeakMap<PlanNode, ReadonlyMap<FetchNode, string>>()

function repeatedKeysOf(plan: PlanNode): ReadonlyMap<FetchNode, string> {
  let keys = repeated.get(plan)
  if (!keys) repeated.set(plan, (keys = findRepeated(plan)))
  return keys
}

function findRepeated(plan: PlanNode): ReadonlyMap<FetchNode, string> {
  const fetches = fetchesOf(plan).map(({ fetch }) => fetch)
  const found = new Map<FetchNode, string>()
  if (fetches.some(({ operationKind }) => operationKind === 'mutation')) return found
  const byKey = new Map<string, FetchNode[]>()
  for (const fetch of fetches) {
    const operation = entityOperationOf(fetch)
    if (!operation) continue
    const key = `${fetch.serviceName}\n${operation.key}`
    byKey.set(key, [...(byKey.get(key) ?? []), fetch])
  }
  for (const [key, equals] of byKey) if (equals.length > 1) for (const fetch of equals) found.set(fetch, key)
  return found
}
