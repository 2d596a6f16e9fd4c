// From text to something executable, once per distinct operation: parsed and validated; for subscriptions planned too. What is kept is bounded
// in bytes, because a client decides how long its operations are; an invalid one is not kept.
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
import { timePlanning, type OperationRecord } from '../telemetry/operation-record.ts'
import { planOperation, type PlannedSubscription } from './plan-operation.ts'

export type PreparedOperation =
  | { kind: 'invalid'; errors: readonly GraphQLError[] }
  | { kind: 'request'; document: DocumentNode; operation: OperationDefinitionNode }
  | ({ document: DocumentNode } & PlannedSubscription)

export type PrepareOperation = (
  query: string,
  operationName: string | null | undefined,
  record?: OperationRecord,
) => PreparedOperation

const CACHE_BYTES = 32 * 1_048_576
/** A larger one is prepared each time, instead of pushing out many that are usual. */
const CACHED_OPERATION_BYTES = 2 * 1_048_576
/** Measured on the operations of schema/operations: 330 to 510, plan included. */
const BYTES_PER_TOKEN = 512
/** The text is in the key and in the document's locations, with two bytes per character at worst. */
const BYTES_PER_CHARACTER = 4

export function createPrepareOperation(supergraph: LoadedSupergraph): PrepareOperation {
  const cache = new LRUCache<string, Exclude<PreparedOperation, { kind: 'invalid' }>>({
    maxSize: CACHE_BYTES,
    maxEntrySize: CACHED_OPERATION_BYTES,
    sizeCalculation: ({ document }, key) =>
      (document.tokenCount ?? key.length) * BYTES_PER_TOKEN + key.length * BYTES_PER_CHARACTER,
  })
  return (query, operationName, record) => {
    const key = `${operationName ?? ''}\n${query}`
    const known = cache.get(key)
    record?.documentAsked(known !== undefined)
    if (known?.kind === 'subscription') record?.planAsked(true)
    if (known) return known
    const prepared = prepare(supergraph, query, operationName, record)
    if (prepared.kind !== 'invalid') cache.set(key, prepared)
    return prepared
  }
}

function prepare(
  supergraph: LoadedSupergraph,
  query: string,
  operationName: string | null | undefined,
  record: OperationRecord | undefined,
): PreparedOperation {
  let document: DocumentNode
  const endParsing = record?.begin('parse')
  try {
    document = parse(query, { maxTokens: 10_000 })
    endParsing?.()
  } catch (cause) {
    const error = withCode(cause as GraphQLError, 'GRAPHQL_PARSE_FAILED')
    endParsing?.(error)
    return invalid(error)
  }
  const endValidation = record?.begin('validate')
  const errors = validate(supergraph.apiSchema, document).map((error) => withCode(error, 'GRAPHQL_VALIDATION_FAILED'))
  endValidation?.(errors[0])
  if (errors.length > 0) return { kind: 'invalid', errors }
  const operation = getOperationAST(document, operationName)
  if (!operation) {
    const message = operationName
      ? `The document has no operation named "${operationName}".`
      : 'The document has several operations: say which one with operationName.'
    return invalid(new GraphQLError(message, { extensions: { code: 'OPERATION_RESOLUTION_FAILURE' } }))
  }
  if (operation.operation !== OperationTypeNode.SUBSCRIPTION) return { kind: 'request', document, operation }
  record?.planAsked(false)
  const planned = timePlanning(record, () => planOperation(supergraph, document, operation))
  if (planned.kind !== 'subscription')
    throw new TributaryError('INTERNAL_SERVER_ERROR', 'A subscription was planned as a request.')
  return { document, ...planned }
}

const invalid = (error: GraphQLError): PreparedOperation => ({ kind: 'invalid', errors: [error] })

const withCode = (error: GraphQLError, code: string): GraphQLError =>
  new GraphQLError(error.message, {
    ...(error.nodes ? { nodes: error.nodes } : {}),
    ...(error.source ? { source: error.source } : {}),
    ...(error.positions ? { positions: error.positions } : {}),
    extensions: { code },
  })
