// A supergraph from Apollo Uplink, which tells of a newer one when it is asked for it, every ten seconds or as Uplink says.
import { UplinkSupergraphManager } from '@apollo/gateway'
import type { Logger } from 'pino'
import { TributaryError } from '#shared/errors.ts'
import type { SupergraphSource } from './supergraph-source.ts'

export function createUplinkSource(options: {
  /** APOLLO_KEY. */
  apiKey: string
  /** `graph@variant`: APOLLO_GRAPH_REF. */
  graphRef: string
  /** Default: those of Apollo. */
  endpoints?: readonly string[] | undefined
  logger: Logger
}): SupergraphSource {
  let cleanUp: (() => Promise<void>) | null = null
  return {
    async start(onChange) {
      const manager = new UplinkSupergraphManager({
        apiKey: options.apiKey,
        graphRef: options.graphRef,
        ...(options.endpoints ? { uplinkEndpoints: [...options.endpoints] } : {}),
        // At the start somebody waits; later polls have their own tries.
        initialMaxRetries: 1,
        logger: options.logger,
      })
      try {
        const { supergraphSdl, cleanup } = await manager.initialize({
          update: onChange,
          healthCheck: async () => {},
          getDataSource: () => {
            throw new TributaryError('INTERNAL_SERVER_ERROR', 'Uplink asked for a data source.')
          },
        })
        cleanUp = cleanup
        return supergraphSdl
      } catch (cause) {
        throw new TributaryError(
          'UPSTREAM_UNAVAILABLE',
          `Apollo Uplink gave no supergraph for "${options.graphRef}": ${cause instanceof Error ? cause.message : String(cause)} Check APOLLO_KEY and APOLLO_GRAPH_REF.`,
          { cause },
        )
      }
    },
    async close() {
      await cleanUp?.()
    },
  }
}
