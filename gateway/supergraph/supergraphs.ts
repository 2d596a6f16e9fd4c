// The life of supergraphs in a running gateway: one serves new operations at any time; those that run finish on the one they began with. A newer
// one replaces it only when it is valid and ready: an invalid one is refused with its reason, and the one before serves on.
import type { GraphQLSchema } from 'graphql'
import type { Logger } from 'pino'
import { buildSupergraph, type LoadedSupergraph } from './load-supergraph.ts'
import type { SupergraphSource } from './supergraph-source.ts'

export interface Supergraphs<Generation extends { supergraph: LoadedSupergraph }> {
  current(): Generation
  /** Of the schema that an operation was validated against. */
  ofSchema(schema: GraphQLSchema): Generation | undefined
  /** Called with each one that comes to serve, from now on. Returns how to stop that. */
  onReplaced(listener: (generation: Generation) => void): () => void
  /** Where a subgraph is, by the newest supergraph that has it: requests of an older one may still be on their way. */
  routingUrlOf(subgraph: string): string | undefined
  close(): Promise<void>
}

export interface OpenSupergraphsOptions<Generation> {
  source: SupergraphSource
  /** What belongs to a supergraph while it serves: made before it does, from what the one before has learned. */
  prepare: (supergraph: LoadedSupergraph, previous: Generation | null) => Promise<Generation>
  /** Called once nothing new begins on it. */
  retire?: (generation: Generation) => void
  logger: Logger
}

/** Throws what the source throws, and CONFIGURATION_INVALID for a first supergraph that is not valid. */
export async function openSupergraphs<Generation extends { supergraph: LoadedSupergraph }>(
  options: OpenSupergraphsOptions<Generation>,
): Promise<Supergraphs<Generation>> {
  const { source, logger } = options
  const bySchema = new WeakMap<GraphQLSchema, Generation>()
  const routingUrls = new Map<string, string>()
  const listeners = new Set<(generation: Generation) => void>()
  let current: Generation | null = null
  /** One after another, in the order they came. */
  let lastChange = Promise.resolve()

  async function serve(sdl: string): Promise<Generation> {
    const supergraph = buildSupergraph(sdl)
    const previous = current
    if (previous?.supergraph.id === supergraph.id) return previous
    const generation = await options.prepare(supergraph, previous)
    bySchema.set(supergraph.apiSchema, generation)
    for (const [name, url] of supergraph.routingUrls) routingUrls.set(name, url)
    // A listener that cannot take it refuses it for all.
    for (const listener of listeners) listener(generation)
    current = generation
    if (previous) {
      logger.info({ supergraph: supergraph.id, previous: previous.supergraph.id }, 'another supergraph serves')
      options.retire?.(previous)
    }
    return generation
  }

  const first = await source.start((sdl) => {
    lastChange = lastChange
      .then(() => serve(sdl))
      .then(
        () => undefined,
        (error: unknown) => logger.error({ err: error }, 'a supergraph was refused; the one before serves on'),
      )
  })
  try {
    lastChange = serve(first).then(() => undefined)
    await lastChange
  } catch (error) {
    await source.close()
    throw error
  }
  return {
    current: () => current!,
    ofSchema: (schema) => bySchema.get(schema),
    onReplaced(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    routingUrlOf: (subgraph) => routingUrls.get(subgraph) || undefined,
    async close() {
      await source.close()
      await lastChange
    },
  }
}
