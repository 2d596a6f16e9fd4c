// Plans of operations, kept for as long as their documents are: one where the supergraph restricts nothing, else one for all callers who meet the same
// of what the operation requires.
import { OperationTypeNode, type DocumentNode, type GraphQLError, type OperationDefinitionNode } from 'graphql'
import { LRUCache } from 'lru-cache'
import type { Identity } from '../../contracts/identity.ts'
import { claimsOf } from '../authorization/claims.ts'
import { filterUnauthorised, type FilteredOperation } from '../authorization/filter-unauthorised.ts'
import type { AuthorizationRules } from '../authorization/read-authorization-rules.ts'
import { createRefusalError } from '../authorization/refusal.ts'
import { missingGrantOf, type Requirement } from '../authorization/requirement.ts'
import { selectedRequirements } from '../authorization/selected-requirements.ts'
import { responseNameOf } from '../execution/collect-fields.ts'
import type { LoadedSupergraph } from '../supergraph/load-supergraph.ts'
import { timePlanning, type OperationRecord } from '../telemetry/operation-record.ts'
import { planOperation, type PlannedRequest, type PlannedSubscription } from './plan-operation.ts'

/** A subscription whose field the caller may not read. */
export interface RefusedSubscription {
  kind: 'refused'
  errors: readonly GraphQLError[]
}

export type Planned = PlannedRequest | PlannedSubscription
/** The document must be valid, and have the operation. Identity null: a caller without credentials. The record is told whether a plan was kept. */
export type PlanForCaller = (
  document: DocumentNode,
  operation: OperationDefinitionNode,
  identity: Identity | null,
  record?: OperationRecord,
) => Planned | RefusedSubscription

type PlanForAll = (document: DocumentNode, operation: OperationDefinitionNode, record?: OperationRecord) => Planned

/** Callers of one operation seldom fall into more groups. One that falls out is planned again. */
const OUTCOMES_PER_OPERATION = 32

export function createPlanForCaller(supergraph: LoadedSupergraph): PlanForCaller {
  const planForAll = createPlanForAll(supergraph)
  return supergraph.authorization
    ? createPlanByOutcome(supergraph, supergraph.authorization, planForAll)
    : (document, operation, _identity, record) => planForAll(document, operation, record)
}

function createPlanForAll(supergraph: LoadedSupergraph): PlanForAll {
  const plans = new WeakMap<OperationDefinitionNode, Planned>()
  return (document, operation, record) => {
    let planned = plans.get(operation)
    record?.planAsked(planned !== undefined)
    if (!planned) {
      planned = timePlanning(record, () => planOperation(supergraph, document, operation))
      plans.set(operation, planned)
    }
    return planned
  }
}

interface KnownOperation {
  requirements: readonly Requirement[]
  /** By what is missing of each requirement. */
  outcomes: LRUCache<string, Planned | RefusedSubscription>
}

function createPlanByOutcome(
  supergraph: LoadedSupergraph,
  rules: AuthorizationRules,
  planForAll: PlanForAll,
): PlanForCaller {
  const schema = supergraph.apiSchema
  const operations = new WeakMap<OperationDefinitionNode, KnownOperation>()

  return (document, operation, identity, record) => {
    let known = operations.get(operation)
    if (!known) {
      const requirements = selectedRequirements({ schema, rules, document, operation })
      known = { requirements, outcomes: new LRUCache({ max: OUTCOMES_PER_OPERATION }) }
      operations.set(operation, known)
    }
    if (known.requirements.length === 0) return planForAll(document, operation, record)
    const claims = claimsOf(identity)
    const missing = known.requirements.map((requirement) => missingGrantOf(requirement, claims))
    if (missing.every((grant) => grant === null)) return planForAll(document, operation, record)
    const outcome = missing.join()
    let planned = known.outcomes.get(outcome)
    record?.planAsked(planned !== undefined)
    if (!planned) {
      planned = timePlanning(record, () => {
        const filtered = filterUnauthorised({ schema, rules, claims, document, operation })
        return refusedSubscription(operation, filtered) ?? planOperation(supergraph, document, operation, filtered)
      })
      known.outcomes.set(outcome, planned)
    }
    return planned
  }
}

/** There is nothing to wait for where the one field of a subscription may not be read. */
function refusedSubscription(
  { operation }: OperationDefinitionNode,
  filtered: FilteredOperation | null,
): RefusedSubscription | null {
  if (operation !== OperationTypeNode.SUBSCRIPTION || !filtered || filtered.refusedRootFields.length === 0) return null
  const errors = filtered.refusedRootFields.map((field) =>
    createRefusalError(filtered.refusals.get(field)!, [field])([responseNameOf(field)]),
  )
  return { kind: 'refused', errors }
}
