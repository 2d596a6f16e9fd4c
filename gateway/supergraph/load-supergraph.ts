// The supergraph as composed from files, read once at start; what clients see of it, and the planner over it.
import federationInternals from '@apollo/federation-internals'
import queryPlanner from '@apollo/query-planner'
import type { GraphQLSchema } from 'graphql'
import { readFile } from 'node:fs/promises'
import { TributaryError } from '#shared/errors.ts'
import { attachCosts } from '../operations/cost-directives.ts'

export interface LoadedSupergraph {
  sdl: string
  /** What clients see. */
  apiSchema: GraphQLSchema
  planner: InstanceType<typeof queryPlanner.QueryPlanner>
  supergraph: InstanceType<typeof federationInternals.Supergraph>
  /** Routing URLs as the file states them. */
  routingUrls: ReadonlyMap<string, string>
}

export async function loadSupergraph(file: string | URL): Promise<LoadedSupergraph> {
  let sdl: string
  try {
    sdl = await readFile(file, 'utf8')
  } catch (cause) {
    throw new TributaryError(
      'CONFIGURATION_INVALID',
      `The supergraph ${String(file)} cannot be read. Compose it with: npm run schema`,
      { cause },
    )
  }
  const supergraph = federationInternals.Supergraph.build(sdl)
  const apiSchema = supergraph.apiSchema().toGraphQLJSSchema()
  attachCosts(apiSchema, sdl)
  return {
    sdl,
    supergraph,
    apiSchema,
    planner: new queryPlanner.QueryPlanner(supergraph),
    routingUrls: new Map(
      supergraph
        .subgraphs()
        .values()
        .map(({ name, url }) => [name, url] as const),
    ),
  }
}
