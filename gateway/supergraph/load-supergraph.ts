// A composed supergraph as it serves: what clients see of it, and the name it is known by. Plans are made elsewhere (planning/planning-threads.ts).
import federationInternals from '@apollo/federation-internals'
import type { GraphQLSchema } from 'graphql'
import { TributaryError } from '#shared/errors.ts'
import { readAuthorizationRules, type AuthorizationRules } from '../authorization/read-authorization-rules.ts'
import type { DataKeyOf } from '../execution/compile-projection.ts'
import { attachCosts } from '../operations/cost-directives.ts'
import { createDataKeyOf } from '../planning/data-keys.ts'
import { attachDeltas } from '../subscriptions/delta-directive.ts'
import { readSupergraphFile, supergraphIdOf } from './supergraph-text.ts'

export interface LoadedSupergraph {
  /** SHA-256 of the text, in hexadecimal digits. */
  id: string
  sdl: string
  /** What clients see. */
  apiSchema: GraphQLSchema
  dataKeyOf: DataKeyOf
  /** What it restricts to some callers; null where it restricts nothing. */
  authorization: AuthorizationRules | null
  /** Routing URLs as the supergraph states them; empty where it states none. */
  routingUrls: ReadonlyMap<string, string>
}

/** Throws CONFIGURATION_INVALID with what is wrong with it. */
export function buildSupergraph(sdl: string): LoadedSupergraph {
  try {
    const supergraph = federationInternals.Supergraph.build(sdl, {
      supportedFeatures: federationInternals.ROUTER_SUPPORTED_SUPERGRAPH_FEATURES,
    })
    const apiSchema = supergraph.apiSchema().toGraphQLJSSchema()
    attachCosts(apiSchema, sdl)
    attachDeltas(apiSchema, sdl)
    return {
      id: supergraphIdOf(sdl),
      sdl,
      apiSchema,
      dataKeyOf: createDataKeyOf(sdl),
      authorization: readAuthorizationRules(supergraph),
      routingUrls: new Map(
        supergraph
          .subgraphs()
          .values()
          .map(({ name, url }) => [name, url] as const),
      ),
    }
  } catch (cause) {
    throw new TributaryError(
      'CONFIGURATION_INVALID',
      `The supergraph is not valid: ${(cause instanceof Error ? cause.message : String(cause)).replace(/\.$/, '')}. Compose it with a tool for Federation 2.`,
      { cause },
    )
  }
}

/** Throws CONFIGURATION_INVALID for a file that cannot be read, or is no supergraph. */
export async function loadSupergraph(file: string | URL): Promise<LoadedSupergraph> {
  return buildSupergraph(await readSupergraphFile(file))
}
