// From text to something executable, once per distinct operation: parsed and validated; for subscriptions planned too. Bounded.
import federationInternals from '@apollo/federation-internals'
import type { SubscriptionNode } from '@apollo/query-planner'
import {
  getOperationAST,
  GraphQLError,
  OperationTypeNode,
  parse,
  validate,
  type DocumentNode,
  type OperationDefinitionNode,
} from 'graphql'
import { LRUCache } from 'lru-cache'
import { TributaryError } from '#shared/errors.ts'
import type { LoadedSupergraph } from '../supergraph/load-supergraph.ts'

export type PreparedOperation =
  | { kind: 'invalid'; errors: readonly GraphQLError[] }
  | { kind: 'request'; document: DocumentNode; operation: OperationDefinitionNode }
  | { kind: 'subscription'; document: DocumentNode; operation: OperationDefinitionNode; plan: SubscriptionNode }

export type PrepareOperation = (query: string, operationName: string | null | undefined) => PreparedOperation

const CACHED_OPERATIONS = 1000

export function createPrepareOperation(supergraph: LoadedSupergraph): PrepareOperation {
  const cache = new LRUCache<string, PreparedOperation>({ max: CACHED_OPERATIONS })
  return (query, operationName) => {
    const key = `${operationName ?? ''}\n${query}`
    let prepared = cache.get(key)
    if (!prepared) {
      prepared = prepare(supergraph, query, operationName)
      cache.set(key, prepared)
    }
    return prepared
  }
}

function prepare(
  supergraph: LoadedSupergraph,
  query: string,
  operationName: string | null | undefined,
): PreparedOperation {
  let document: DocumentNode
  try {
    document = parse(query, { maxTokens: 10_000 })
  } catch (error) {
    return invalid(withCode(error as GraphQLError, 'GRAPHQL_PARSE_FAILED'))
  }
  const errors = validate(supergraph.apiSchema, document)
  if (errors.length > 0)
    return { kind: 'invalid', errors: errors.map((error) => withCode(error, 'GRAPHQL_VALIDATION_FAILED')) }
  const operation = getOperationAST(document, operationName)
  if (!operation) {
    const message = operationName
      ? `The document has no operation named "${operationName}".`
      : 'The document has several operations: say which one with operationName.'
    return invalid(new GraphQLError(message, { extensions: { code: 'OPERATION_RESOLUTION_FAILURE' } }))
  }
  if (operation.operation !== OperationTypeNode.SUBSCRIPTION) return { kind: 'request', document, operation }
  const federated = federationInternals.operationFromDocument(
    supergraph.supergraph.apiSchema(),
    document,
    operationName ? { operationName } : {},
  )
  const { node } = supergraph.planner.buildQueryPlan(federated)
  if (node?.kind !== 'Subscription')
    throw new TributaryError('INTERNAL_SERVER_ERROR', 'The planner made no subscription plan for a subscription.')
  return { kind: 'subscription', document, operation, plan: node }
}

const invalid = (error: GraphQLError): PreparedOperation => ({ kind: 'invalid', errors: [error] })

const withCode = (error: GraphQLError, code: string): GraphQLError =>
  new GraphQLError(error.message, {
    ...(error.nodes ? { nodes: error.nodes } : {}),
    ...(error.source ? { source: error.source } : {}),
    ...(error.positions ? { positions: error.positions } : {}),
    extensions: { code },
  })
