// What the parts of a running plan share: what it is given, the objects that it fills, and what went wrong.
import type { FetchNode } from '@apollo/query-planner'
import type { GraphQLSchema } from 'graphql'
import { TributaryError } from '#shared/errors.ts'
import { clientPathOf } from '../planning/internal-names.ts'
import type { RequestContext } from '../request-context.ts'
import type { SubgraphClient, SubgraphError } from '../subgraphs/subgraph-client.ts'
import type { AskedBelow } from './equal-objects.ts'
import type { KnownAnswers } from './known-answers.ts'
import type { JsonObject } from './representation.ts'
import type { SharedValues } from './shared-values.ts'

export type Path = readonly (string | number)[]

export interface PlanError {
  message: string
  path: Path
  extensions: Record<string, unknown>
}

export interface PlanExecution {
  schema: GraphQLSchema
  client: SubgraphClient
  context: RequestContext
  /** As the client sent them; `variableUsages` picks what a fetch needs. */
  variables: Readonly<Record<string, unknown>>
  /** With defaults applied: what conditions look at. */
  coercedVariables: Readonly<Record<string, unknown>>
  errors: PlanError[]
  shared: SharedValues
  /** What is known of entities from before. Default: nothing. */
  known?: KnownAnswers
}

/** One run of a plan. */
export interface PlanRun extends Omit<PlanExecution, 'known'> {
  /** What is filled. */
  data: JsonObject
  /** Null: nothing is asked twice. */
  known: KnownAnswers | null
  asked: ReadonlyMap<FetchNode, readonly AskedBelow[]>
}

/** The objects under one path of a plan, which fetches fill: one that stands at several places is there once. */
export interface Places {
  /** From the root; `@` for every item of a list. */
  path: Path
  objects: readonly JsonObject[]
}

/** What a subgraph said, with its name: whoever masks errors must know whose words they are. */
export function toPlanError({ message, extensions }: SubgraphError, serviceName: string, path: Path): PlanError {
  return {
    message,
    path: clientPathOf(path),
    extensions: { code: 'INTERNAL_SERVER_ERROR', ...extensions, serviceName },
  }
}

/** Why a fetch got no answer at all. Throws what is no failure of a fetch. */
export function toFetchError(error: unknown, path: Path): PlanError {
  if (!(error instanceof TributaryError)) throw error
  return {
    message: error.message,
    path: clientPathOf(path),
    extensions: { code: error.code, isRetryable: error.isRetryable },
  }
}
