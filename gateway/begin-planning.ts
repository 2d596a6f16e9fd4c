// Planning over the platform's own graph, begun before there is a gateway: its thread loads and computes for about a second, on a core of its own,
// while whoever will start the gateway has other things to do.
import { createPlanningThreads, type PlanningThreads } from './planning/planning-threads.ts'
import { readSupergraphFile, supergraphIdOf } from './supergraph/supergraph-text.ts'

export const PLATFORM_SUPERGRAPH = new URL('../schema/supergraph.graphql', import.meta.url)

/** For `startGateway`, which closes them with the gateway; without one they are the caller's to close. A graph that is wrong is told to the gateway. */
export async function beginPlanning(options: { timeoutMs?: number | undefined }): Promise<PlanningThreads> {
  const threads = createPlanningThreads(options)
  const sdl = await readSupergraphFile(PLATFORM_SUPERGRAPH).catch(() => null)
  if (sdl !== null)
    threads
      .over({ id: supergraphIdOf(sdl), sdl })
      .ready()
      .catch(() => undefined)
  return threads
}
