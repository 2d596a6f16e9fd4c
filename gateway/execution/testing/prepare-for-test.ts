// Operations of tests, and how this engine answers them over an opened supergraph.
import { parse, validate, type DocumentNode, type OperationDefinitionNode } from 'graphql'
import type { PlannedRequest } from '../../planning/plan-operation.ts'
import { planHere } from '../../planning/testing/plan-here.ts'
import { executeRequest } from '../execute-request.ts'
import { noContext } from './no-context.ts'
import type { Answer, OpenedSupergraph, Thing } from './open-supergraph.ts'

export interface PreparedForTest {
  source: string
  variables: Thing
  document: DocumentNode
  operation: OperationDefinitionNode
  planned: PlannedRequest
}

/** Null where the operation is not valid: two generated fields may contradict each other. */
export function prepareForTest(
  { supergraph }: OpenedSupergraph,
  source: string,
  variables: Thing = {},
): PreparedForTest | null {
  const document = parse(source)
  if (validate(supergraph.apiSchema, document).length > 0) return null
  const operation = document.definitions.find((each): each is OperationDefinitionNode => 'operation' in each)!
  const planned = planHere(supergraph, document, operation, { variables })
  if (planned.kind !== 'request') throw new Error('A request was planned as a subscription.')
  return { source, variables, document, operation, planned }
}

export async function executeOurs(
  { supergraph, client, reset }: OpenedSupergraph,
  { planned, variables }: PreparedForTest,
): Promise<Answer> {
  reset()
  const result = await executeRequest({ schema: supergraph.apiSchema, planned, variables, context: noContext, client })
  return JSON.parse(JSON.stringify(result)) as Answer
}
