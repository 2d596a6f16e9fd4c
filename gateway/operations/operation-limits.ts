// Every operation passes here, over HTTP and WebSocket: its document when it is validated (once), and, with the variables, each time it is to run.
import {
  GraphQLError,
  Lexer,
  parse,
  TokenKind,
  type DocumentNode,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type Source,
  type ValidationContext,
  type ValidationRule,
} from 'graphql'
import { TributaryError, type ErrorCode } from '#shared/errors.ts'
import type { Identity } from '../../contracts/identity.ts'
import { measureDocument, type OperationMeasures } from './measure-document.ts'
import { actualCost, estimateCost } from './operation-cost.ts'
import type { OperationLimits, OperationPolicy } from './operation-policy.ts'

export interface RunningOperation {
  schema: GraphQLSchema
  document: DocumentNode
  operation: OperationDefinitionNode
  /** As the client sent them. */
  variables: Readonly<Record<string, unknown>>
}

export interface OperationCost {
  estimated: number
  /** Null before there is an answer, and where none was counted. */
  actual: number | null
  maximum: number
}

export interface OperationGate {
  policy: OperationPolicy
  /** As little as `parse` takes, for who parses by himself. */
  parseOptions: { maxTokens: number; maxComments: number }
  /** Limits on the document itself; beside the rules of the specification. */
  rule: ValidationRule
  /** A document within the limit of tokens. Throws GraphQLError, with TOKEN_LIMIT_EXCEEDED in it where there are more. */
  parse(text: string): DocumentNode
  /** Instead of a parse error that says that there are too many tokens; null for any other error. */
  tokenError(error: unknown): TributaryError | null
  /** The estimated cost of what is about to run. Throws FORBIDDEN and COST_LIMIT_EXCEEDED. */
  admit(operation: RunningOperation, identity: Identity | null): OperationCost
  /** What the answer did cost. */
  count(operation: RunningOperation, data: unknown): number
  mayReadCost(identity: Identity | null): boolean
}

/** Beyond so many times the limit tokens are no longer counted. */
const COUNTED_LIMITS = 10

export function createOperationGate(policy: OperationPolicy): OperationGate {
  const { limits } = policy
  // Documents are kept by who runs them often, and the measures for as long as they are. A document is measured against one schema only.
  const measured = new WeakMap<DocumentNode, ReadonlyMap<OperationDefinitionNode, OperationMeasures>>()
  const measuresOf = (schema: GraphQLSchema, document: DocumentNode) => {
    let measures = measured.get(document)
    if (!measures) {
      measures = measureDocument(schema, document)
      measured.set(document, measures)
    }
    return measures
  }
  const measuresOfOperation = ({ schema, document, operation }: RunningOperation): OperationMeasures => {
    const measures = measuresOf(schema, document).get(operation)
    if (!measures) throw new TributaryError('INTERNAL_SERVER_ERROR', 'An operation is not of its document.')
    return measures
  }

  // A comment is a token that the parser does not count, and keeps.
  const parseOptions = { maxTokens: limits.tokens, maxComments: limits.tokens }

  const gate: OperationGate = {
    policy,
    parseOptions,
    rule(context) {
      for (const [operation, measures] of measuresOf(context.getSchema(), context.getDocument()))
        reportExcesses(context, operation, measures, limits)
      return {}
    },
    parse(text) {
      try {
        return parse(text, parseOptions)
      } catch (error) {
        const excess = gate.tokenError(error)
        throw excess ? new GraphQLError(excess.message, { originalError: excess }) : error
      }
    },
    tokenError(error) {
      // The parser's error has no code of its own, and does not say how many there are.
      if (!(error instanceof GraphQLError) || !error.source || !error.message.includes('Parsing aborted')) return null
      if (error.message.includes('comments'))
        return exceeded('TOKEN_LIMIT_EXCEEDED', 'comments', limits.tokens, `more than ${limits.tokens}`)
      const { count, isAll } = countTokens(error.source, limits.tokens * COUNTED_LIMITS)
      return exceeded('TOKEN_LIMIT_EXCEEDED', 'tokens', limits.tokens, `${isAll ? '' : 'more than '}${count}`)
    },
    admit(running, identity) {
      const measures = measuresOfOperation(running)
      if (measures.isIntrospection) refuseIntrospection(policy, identity)
      const estimated = estimateCost({ ...running, measures, defaultListSize: limits.defaultListSize })
      if (!(estimated <= limits.cost))
        throw new TributaryError(
          'COST_LIMIT_EXCEEDED',
          `The operation is estimated to cost ${estimated}; ${limits.cost} is the most. Ask for fewer items, or for less of each.`,
        )
      return { estimated, actual: null, maximum: limits.cost }
    },
    count: (running, data) => actualCost({ ...running, measures: measuresOfOperation(running), data }),
    mayReadCost: (identity) =>
      policy.costReport === 'all' || (policy.costReport === 'admin' && (identity?.roles.includes('ADMIN') ?? false)),
  }
  return gate
}

function reportExcesses(
  context: ValidationContext,
  operation: OperationDefinitionNode,
  measures: OperationMeasures,
  limits: OperationLimits,
): void {
  const refuse = (error: TributaryError) =>
    context.reportError(new GraphQLError(error.message, { nodes: operation, originalError: error }))
  if (measures.depth > limits.depth)
    refuse(exceeded('DEPTH_LIMIT_EXCEEDED', 'levels of fields', limits.depth, measures.depth))
  if (measures.aliases > limits.aliases)
    refuse(exceeded('ALIAS_LIMIT_EXCEEDED', 'aliases', limits.aliases, measures.aliases))
  if (measures.rootFields > limits.rootFields)
    refuse(exceeded('ROOT_FIELD_LIMIT_EXCEEDED', 'root fields', limits.rootFields, measures.rootFields))
  if (measures.directives > limits.directives)
    refuse(exceeded('DIRECTIVE_LIMIT_EXCEEDED', 'directives', limits.directives, measures.directives))
  for (const { field, slicingArguments } of measures.unsliced)
    context.reportError(
      new GraphQLError(`Field "${field.name.value}" takes exactly one of: ${slicingArguments.join(', ')}.`, {
        nodes: field,
      }),
    )
}

const exceeded = (code: ErrorCode, what: string, limit: number, actual: number | string): TributaryError =>
  new TributaryError(code, `The operation has ${actual} ${what}; ${limit} are the most. Split it into smaller ones.`)

function refuseIntrospection({ introspectionRoles }: OperationPolicy, identity: Identity | null): void {
  if (introspectionRoles === 'any' || identity?.roles.some((role) => introspectionRoles.includes(role))) return
  throw new TributaryError(
    'FORBIDDEN',
    introspectionRoles.length === 0
      ? 'This endpoint does not tell its schema.'
      : `The schema is told to these roles only: ${introspectionRoles.join(', ')}.`,
  )
}

function countTokens(source: Source, most: number): { count: number; isAll: boolean } {
  const lexer = new Lexer(source)
  let count = 0
  try {
    while (lexer.advance().kind !== TokenKind.EOF) if (++count >= most) return { count, isAll: false }
    return { count, isAll: true }
  } catch {
    return { count, isAll: false }
  }
}
