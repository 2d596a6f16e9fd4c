// What a subscription was told of entities, for the events that come after: of a stream of a thousand tokens that selects `model { name }` the model is
// asked for once, and not a thousand times. How long it counts is settled by type, because events also tell that something has changed.
import type { FetchNode, PlanNode } from '@apollo/query-planner'
import { LRUCache } from 'lru-cache'
import { entityOperationOf } from '../execution/entity-operation.ts'
import type { EntityAnswers, KnownAnswers } from '../execution/known-answers.ts'
import { fetchesOf } from '../execution/plan-fetches.ts'
import type { MillisecondsByName } from '../milliseconds-by-name.ts'

/** Of one subscription: most events show few entities, and there may be ten thousand subscriptions. */
const ENTRIES_MAX = 200

const keys = new WeakMap<PlanNode, ReadonlyMap<FetchNode, string>>()

/** For one subscription and what its caller may read. `plan`: what runs for each event. `lifetimes`: by type; 0: each event asks. */
export function createEntityMemo(plan: PlanNode, lifetimes: MillisecondsByName): KnownAnswers {
  let keyOf = keys.get(plan)
  if (!keyOf) keys.set(plan, (keyOf = keysOf(plan)))
  const memo = new LRUCache<string, Promise<EntityAnswers>>({ max: ENTRIES_MAX })
  return {
    answersTo(fetch) {
      const key = keyOf.get(fetch)
      if (key === undefined) return null
      const entryOf = (representation: string): string => `${key}\n${representation}`
      return {
        get: (representation) => memo.get(entryOf(representation)),
        set(representation, answers) {
          const ttl = lifetimes.of.get(typeOf(representation)) ?? lifetimes.default
          if (ttl === 0) return
          const entry = entryOf(representation)
          memo.set(entry, answers, { ttl })
          void answers.then((told) => {
            // The next event asks anew for what went wrong.
            if (told === null && memo.peek(entry) === answers) memo.delete(entry)
          })
        },
      }
    },
  }
}

/** Of fetches that ask for entities, the same for those that ask the same. */
function keysOf(plan: PlanNode): ReadonlyMap<FetchNode, string> {
  const numbers = new Map<string, string>()
  return new Map(
    fetchesOf(plan).flatMap(({ fetch }) => {
      const operation = entityOperationOf(fetch)
      if (!operation) return []
      const asked = `${fetch.serviceName}\n${operation.key}`
      const number = numbers.get(asked) ?? String(numbers.size)
      numbers.set(asked, number)
      return [[fetch, number] as const]
    }),
  )
}

function typeOf(representation: string): string {
  const { __typename: name } = JSON.parse(representation) as { __typename?: unknown }
  return typeof name === 'string' ? name : ''
}
