// What gateway/operations decides, at the places of Apollo Server: which document is meant before it is read, whether it may run when it is known,
// and what it did cost when it has.
import type { ApolloServerPlugin, GraphQLRequest } from '@apollo/server'
import { GraphQLError } from 'graphql'
import { assertNever, TributaryError } from '#shared/errors.ts'
import type { OperationCost, OperationGate, RunningOperation } from '../operations/operation-limits.ts'
import { resolveDocument, toClientError } from '../operations/resolve-document.ts'
import type { TrustedDocuments } from '../operations/trusted-documents.ts'
import type { RequestContext } from '../request-context.ts'

/** Told of each operation that ran. */
export type OnCost = (cost: OperationCost, operationName: string | null) => void

export interface CostObserver {
  onCost: OnCost
  /** Asked once for each operation that ran: whether its actual cost is to be counted though its client did not ask. */
  countsActual(): boolean
}

export const COST_HEADER = 'tributary-cost'

/** In place of a document that is refused: its text is not even read. */
const NOTHING = '{ __typename }'

export function operationsPlugin(options: {
  gate: OperationGate
  trusted: TrustedDocuments
  costs: CostObserver
}): ApolloServerPlugin<RequestContext> {
  const { gate, trusted, costs } = options
  return {
    async requestDidStart({ request, contextValue: { identity } }) {
      const refusal = replaceDocument(request, trusted)
      let admitted: { running: RunningOperation; cost: OperationCost } | undefined
      return {
        async didResolveOperation({ schema, document, operation }) {
          if (refusal) throw refusal
          if (!operation) throw unknownOperation(request.operationName)
          const running = { schema, document, operation, variables: request.variables ?? {} }
          try {
            admitted = { running, cost: gate.admit(running, identity) }
          } catch (error) {
            throw error instanceof TributaryError ? toClientError(error) : error
          }
        },
        async willSendResponse({ response: { body }, operationName }) {
          if (!admitted || body.kind !== 'single') return
          const isReported = asksForCost(request) && gate.mayReadCost(identity)
          const isCounted = costs.countsActual() || isReported
          const { data } = body.singleResult
          const cost = { ...admitted.cost, actual: isCounted && data ? gate.count(admitted.running, data) : null }
          costs.onCost(cost, operationName ?? null)
          if (isReported) body.singleResult.extensions = { ...body.singleResult.extensions, cost }
        },
      }
    },
  }
}

/** Without it the executor would be asked to run nothing. */
const unknownOperation = (operationName: string | undefined): GraphQLError =>
  new GraphQLError(
    operationName
      ? `The document has no operation named "${operationName}".`
      : 'The document has no operation, or several: say which one with operationName.',
    { extensions: { code: 'OPERATION_RESOLUTION_FAILURE', http: { status: 400 } } },
  )

/** Puts the text that is meant into the request. The error of a request whose document is not to be run. */
function replaceDocument(request: GraphQLRequest, trusted: TrustedDocuments): GraphQLError | null {
  const resolved = resolveDocument(
    {
      query: request.query,
      documentId: documentIdOf(request),
      persistedQuery: request.extensions?.['persistedQuery'],
      operationName: request.operationName,
    },
    trusted,
  )
  switch (resolved.kind) {
    case 'text':
      request.query = resolved.text
      request.extensions = withoutPersistedQuery(request.extensions)
      return null
    case 'refused':
      request.query = NOTHING
      delete request.operationName
      delete request.variables
      request.extensions = withoutPersistedQuery(request.extensions)
      return resolved.error
    case 'text-to-persist':
    case 'hash':
    case 'missing':
      // Apollo Server's own ways.
      return null
    default:
      return assertNever(resolved)
  }
}

function documentIdOf({ http }: GraphQLRequest): unknown {
  if (!http) return undefined
  if (http.method === 'GET') return new URLSearchParams(http.search).get('documentId') ?? undefined
  const { body } = http
  return typeof body === 'object' && body !== null && Object.hasOwn(body, 'documentId')
    ? (body as { documentId: unknown }).documentId
    : undefined
}

function withoutPersistedQuery(extensions: GraphQLRequest['extensions']): Record<string, unknown> {
  const { persistedQuery: _, ...rest } = extensions ?? {}
  return rest
}

/** By header, as tools can send it, or in the request itself, as sockets can. */
const asksForCost = ({ http, extensions }: GraphQLRequest): boolean =>
  extensions?.['cost'] === true || ['1', 'true'].includes(http?.headers.get(COST_HEADER) ?? '')
