// The gateway as Apollo Server knows one: it tells of schemas, and runs each operation on the supergraph whose schema it was validated against.
import type { ApolloServerOptionsWithGateway } from '@apollo/server'
import { TributaryError } from '#shared/errors.ts'
import type { Generation } from '../generation.ts'
import type { Supergraphs } from './supergraphs.ts'

type GatewayInterface = ApolloServerOptionsWithGateway<never>['gateway']

export function createApolloGateway(supergraphs: Supergraphs<Generation>): GatewayInterface {
  let stopListening: (() => void) | null = null
  let tellFirst: (() => void) | null = null
  return {
    onSchemaLoadOrUpdate(callback) {
      const tell = ({ supergraph }: Generation): void =>
        callback({ apiSchema: supergraph.apiSchema, coreSupergraphSdl: supergraph.sdl })
      stopListening = supergraphs.onReplaced(tell)
      tellFirst = () => tell(supergraphs.current())
      return stopListening
    },
    async load() {
      // Apollo Server listens first, and takes the schema that it is told of before this ends.
      tellFirst?.()
      return {
        executor: async (request) => {
          const generation = supergraphs.ofSchema(request.schema)
          if (!generation)
            throw new TributaryError('INTERNAL_SERVER_ERROR', 'An operation came with the schema of no supergraph.')
          return generation.execute(request)
        },
      }
    },
    async stop() {
      stopListening?.()
    },
  }
}
