// A document from a caller to the answer, as the gateway makes it.
import { Kind, type DocumentNode, type GraphQLFormattedError, type OperationDefinitionNode } from 'graphql'
import type { Identity, Role } from '../../../contracts/identity.ts'
import { executeRequest } from '../../execution/execute-request.ts'
import { createPlansHere } from '../../planning/testing/plan-here.ts'
import { createRequestContext } from '../../request-context.ts'
import type { Staff } from './staff.ts'

export const nobody = null
export const caller = (roles: Role[] = [], scopes: string[] = []): Identity => ({
  workspaceId: 'w',
  subject: 'key_1',
  roles,
  scopes,
})

export interface Answer {
  data?: unknown
  errors?: GraphQLFormattedError[]
}

export async function ask(
  { supergraph, client }: Staff,
  document: DocumentNode,
  identity: Identity | null,
  variables: Record<string, unknown> = {},
  plans = createPlansHere(supergraph),
): Promise<Answer> {
  const context = contextOf(identity)
  const planned = await plans.planFor(document, operationOf(document), context, variables)
  if (planned.kind !== 'request') throw new Error('A request was planned as a subscription.')
  const result = await executeRequest({ schema: supergraph.apiSchema, planned, variables, context, client })
  return JSON.parse(JSON.stringify(result)) as Answer
}

export const contextOf = (identity: Identity | null) =>
  createRequestContext({
    identity,
    signal: new AbortController().signal,
    requestId: 'test',
    headers: {},
    timeoutMs: Infinity,
  })

/** Of a document that has one. */
export const operationOf = (document: DocumentNode) =>
  document.definitions.find(({ kind }) => kind === Kind.OPERATION_DEFINITION) as OperationDefinitionNode

/** Path and code of each error, in order. */
export const refusalsOf = ({ errors = [] }: Answer) =>
  errors.map(({ path = [], extensions }) => `${path.join('.')} ${String(extensions?.['code'])}`)
