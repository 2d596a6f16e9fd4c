// The code inside a planning thread: an operation in, its plan out. What belongs to a supergraph is made when it is first planned over.
import { LRUCache } from 'lru-cache'
import { parentPort } from 'node:worker_threads'
import { createBuildPlan, type BuildPlan, type PlanRequest } from './build-plan.ts'

export interface PlanningTask {
  id: number
  supergraphId: string
  /** Its text in UTF-8, in memory that all threads share. */
  sdl: SharedArrayBuffer
  /** Null: only what belongs to the supergraph is made. */
  request: PlanRequest | null
}

/** Sent when what comes now is the planning itself. */
export interface PlanningBegins {
  begins: number
}

/** The one that serves, and the one that is to replace it. */
const planners = new LRUCache<string, BuildPlan>({ max: 2 })

/** The plan as JSON. */
export default function plan({ id, supergraphId, sdl, request }: PlanningTask): string {
  let buildPlan = planners.get(supergraphId)
  if (!buildPlan) {
    buildPlan = createBuildPlan(Buffer.from(sdl).toString())
    planners.set(supergraphId, buildPlan)
  }
  if (!request) return 'null'
  parentPort?.postMessage({ begins: id } satisfies PlanningBegins)
  return JSON.stringify(buildPlan(request))
}
