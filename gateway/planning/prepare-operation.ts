// From text to something executable, once per distinct operation: parsed and validated; for subscriptions planned too. What is kept is bounded in
// bytes, because a client decides how long its operations are; an invalid one is not kept.
import {
  getOperationAST,
  GraphQLError,
  OperationTypeNode,
  specifiedRules,
  validate,
  type DocumentNode,
  type OperationDefinitionNode,
} from 'graphql'
import { LRUCache } from 'lru-cache'
import { TributaryError } from '#shared/errors.ts'
import type { OperationGate } from '../operations/operation-limits.ts'
import type { LoadedSupergraph } from '../supergraph/load-supergraph.ts'
import type { OperationRecord } from '../telemetry/operation-record.ts'
import type { PlanCaller, PlanOutcome, PlansForCallers } from './plan-for-caller.ts'
import type { PlannedSubscription } from './plan-operation.ts'

export type PreparedOperation =
  | { kind: 'invalid'; errors: readonly GraphQLError[] }
  | { kind: 'request'; document: DocumentNode; operation: OperationDefinitionNode }
  | ({ document: DocumentNode } & PlannedSubscription)

/** At once, except for a subscription whose plan is not kept. The caller's record is told of each step. */
export type PrepareOperation = (
  query: string,
  operationName: string | null | undefined,
  caller: PlanCaller,
) => PreparedOperation | Promise<PreparedOperation>

export interface PrepareOperationOptions {
  supergraph: LoadedSupergraph
  gate: OperationGate
  plans: Pick<PlansForCallers, 'planFor'>
}

type ParsedOperation = Extract<PreparedOperation, { kind: 'invalid' | 'request' }>

const CACHE_BYTES = 32 * 1_048_576
/** A larger one is prepared each time, instead of pushing out many that are usual. */
const CACHED_OPERATION_BYTES = 2 * 1_048_576
/** Measured on the operations of schema/operations: 330 to 510, plan included. */
const BYTES_PER_TOKEN = 512
/** The text is in the key and in the document's locations, with two bytes per character at worst. */
const BYTES_PER_CHARACTER = 4

export function createPrepareOperation({ supergraph, gate, plans }: PrepareOperationOptions): PrepareOperation {
  const cache = new LRUCache<string, Exclude<ParsedOperation, { kind: 'invalid' }>>({
    maxSize: CACHE_BYTES,
    maxEntrySize: CACHED_OPERATION_BYTES,
    sizeCalculation: ({ document }, key) =>
      (document.tokenCount ?? key.length) * BYTES_PER_TOKEN + key.length * BYTES_PER_CHARACTER,
  })
  return (query, operationName, caller) => {
    const { record } = caller
    const key = `${operationName ?? ''}\n${query}`
    let parsed: ParsedOperation | undefined = cache.get(key)
    record?.documentAsked(parsed !== undefined)
    if (!parsed) {
      parsed = parseOperation(supergraph, gate, query, operationName, record)
      if (parsed.kind !== 'invalid') cache.set(key, parsed)
    }
    if (parsed.kind === 'invalid' || parsed.operation.operation !== OperationTypeNode.SUBSCRIPTION) return parsed
    const { document, operation } = parsed
    const planned = plans.planFor(document, operation, caller, {})
    return planned instanceof Promise
      ? planned.then((outcome) => preparedSubscription(document, outcome))
      : preparedSubscription(document, planned)
  }
}

function preparedSubscription(document: DocumentNode, planned: PlanOutcome): PreparedOperation {
  switch (planned.kind) {
    case 'subscription':
      return { document, ...planned }
    case 'refused':
      return { kind: 'invalid', errors: planned.errors }
    case 'request':
      throw new TributaryError('INTERNAL_SERVER_ERROR', 'A subscription was planned as a request.')
  }
}

function parseOperation(
  supergraph: LoadedSupergraph,
  gate: OperationGate,
  query: string,
  operationName: string | null | undefined,
  record: OperationRecord | undefined,
): ParsedOperation {
  let document: DocumentNode
  const endParsing = record?.begin('parse')
  try {
    document = gate.parse(query)
    endParsing?.()
  } catch (cause) {
    const error = withCode(cause as GraphQLError, 'GRAPHQL_PARSE_FAILED')
    endParsing?.(error)
    return invalid(error)
  }
  const endValidation = record?.begin('validate')
  const errors = validate(supergraph.apiSchema, document, [...specifiedRules, gate.rule]).map((error) =>
    withCode(error, 'GRAPHQL_VALIDATION_FAILED'),
  )
  endValidation?.(errors[0])
  if (errors.length > 0) return { kind: 'invalid', errors }
  const operation = getOperationAST(document, operationName)
  if (!operation) {
    const message = operationName
      ? `The document has no operation named "${operationName}".`
      : 'The document has several operations: say which one with operationName.'
    return invalid(new GraphQLError(message, { extensions: { code: 'OPERATION_RESOLUTION_FAILURE' } }))
  }
  return { kind: 'request', document, operation }
}

const invalid = (error: GraphQLError): ParsedOperation => ({ kind: 'invalid', errors: [error] })

/** What has a code of its own keeps it. */
const withCode = (error: GraphQLError, code: string): GraphQLError =>
  new GraphQLError(error.message, {
    ...(error.originalError ? { originalError: error.originalError } : {}),
    ...(error.nodes ? { nodes: error.nodes } : {}),
    ...(error.source ? { source: error.source } : {}),
    ...(error.positions ? { positions: error.positions } : {}),
    extensions: { code },
  })
