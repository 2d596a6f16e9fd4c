// Plans of operations for their callers: one where the supergraph restricts nothing, else one for all callers who meet the same of what the
// operation requires; and one for each share of fields that are moving between subgraphs, and for each choice of fields that a mutation runs.
import { OperationTypeNode, print, type DocumentNode, type GraphQLError, type OperationDefinitionNode } from 'graphql'
import { createHash } from 'node:crypto'
import type { Identity } from '../../contracts/identity.ts'
import { claimsOf } from '../authorization/claims.ts'
import { filterUnauthorised, type FilteredOperation } from '../authorization/filter-unauthorised.ts'
import { createRefusalError } from '../authorization/refusal.ts'
import { missingGrantOf, type Requirement } from '../authorization/requirement.ts'
import { selectedRequirements } from '../authorization/selected-requirements.ts'
import { responseNameOf } from '../execution/collect-fields.ts'
import type { LoadedSupergraph } from '../supergraph/load-supergraph.ts'
import type { OperationRecord } from '../telemetry/operation-record.ts'
import type { Plan } from './build-plan.ts'
import { decide, variablesAtRoot, type Decided } from './conditions-at-root.ts'
import { createDrawMoved } from './override-labels.ts'
import { createPlanCache, type MadePlan } from './plan-cache.ts'
import { operationToPlan, type PlannedRequest, type PlannedSubscription } from './plan-operation.ts'
import type { Planner } from './planning-threads.ts'

/** A subscription whose field the caller may not read. */
export interface RefusedSubscription {
  kind: 'refused'
  errors: readonly GraphQLError[]
}

export type PlanOutcome = PlannedRequest | PlannedSubscription | RefusedSubscription

export interface PlanCaller {
  /** Null: without credentials. */
  identity: Identity | null
  /** Aborted when the caller leaves. */
  signal: AbortSignal
  /** When the caller's time is over, by `performance.now()`, in milliseconds; Infinity where nothing limits it. */
  deadline: number
  /** Told whether a plan was kept, and how long it took to make one. */
  record?: OperationRecord | undefined
  /** Labels of @override whose fields have moved. Default: drawn. */
  moved?: readonly string[] | undefined
}

type Variables = Readonly<Record<string, unknown>>

/** An operation that was planned before. */
export interface UsedOperation {
  text: string
  operationName: string | null
  caller: Pick<PlanCaller, 'identity' | 'moved'>
  /** As far as its plan depends on them. */
  variables: Variables
}

export interface PlansForCallers {
  /**
   * The document must be valid, and have the operation; `variables` are those of the request. At once where a plan is kept. Throws what PlanCache and
   * Planner throw.
   */
  planFor(
    document: DocumentNode,
    operation: OperationDefinitionNode,
    caller: PlanCaller,
    variables: Variables,
  ): PlanOutcome | Promise<PlanOutcome>
  /** The most used first. */
  mostUsed(count: number): UsedOperation[]
}

export interface PlansForCallersOptions {
  supergraph: LoadedSupergraph
  planner: Pick<Planner, 'plan'>
  /** Labels of @override whose fields have moved for all. Default: none. */
  movedLabels?: ReadonlySet<string> | undefined
  /** From 0 to 1. Default: `Math.random`. */
  random?: () => number
}

interface Asked {
  caller: PlanCaller
  moved: readonly string[]
  decided: Decided
  isFiltered: boolean
}

interface KnownOperation {
  key: string
  requirements: readonly Requirement[]
  /** Variables that its plan depends on. */
  conditions: readonly string[]
}

export function createPlansForCallers(options: PlansForCallersOptions): PlansForCallers {
  const { supergraph, planner } = options
  const { apiSchema: schema, authorization: rules } = supergraph
  const plans = createPlanCache()
  const drawMoved = createDrawMoved(supergraph.sdl, options.movedLabels ?? new Set(), options.random)
  const known = new WeakMap<OperationDefinitionNode, KnownOperation>()

  function knownOf(document: DocumentNode, operation: OperationDefinitionNode): KnownOperation {
    const requirements = rules ? selectedRequirements({ schema, rules, document, operation }) : []
    return { key: keyOf(document, operation), requirements, conditions: variablesAtRoot(document, operation) }
  }

  async function make(
    document: DocumentNode,
    operation: OperationDefinitionNode,
    { caller, moved, decided, isFiltered }: Asked,
    isWanted: () => boolean,
  ): Promise<MadePlan> {
    const { identity } = caller
    const filtered =
      rules && isFiltered
        ? filterUnauthorised({ schema, rules, claims: claimsOf(identity), document, operation })
        : null
    const about = {
      tokenCount: document.tokenCount ?? 0,
      source: {
        text: textOf(document),
        operationName: operation.name?.value ?? null,
        caller: { identity, moved },
        variables: decided,
      },
    }
    const refused = refusedSubscription(operation, filtered)
    if (refused) return { ...about, outcome: refused, characterCount: 0 }
    const { request, complete } = operationToPlan(supergraph, document, operation, { filtered, moved, decided })
    const plan = await planner.plan(request, isWanted)
    return { ...about, outcome: complete(JSON.parse(plan) as Plan), characterCount: plan.length }
  }

  return {
    planFor(document, operation, caller, variables) {
      let asked = known.get(operation)
      if (!asked) known.set(operation, (asked = knownOf(document, operation)))
      const moved = caller.moved ?? drawMoved()
      const claims = asked.requirements.length > 0 ? claimsOf(caller.identity) : null
      const missing = claims && asked.requirements.map((requirement) => missingGrantOf(requirement, claims))
      const lacking = missing?.some((grant) => grant !== null) ? missing.join() : ''
      const decided = decide(asked.conditions, operation, variables)
      const conditions = asked.conditions.map((name) => decided[name]).join()
      const key =
        lacking || conditions || moved.length > 0 ? [asked.key, lacking, conditions, ...moved].join('\n') : asked.key
      return plans.get(key, caller, (isWanted) =>
        make(document, operation, { caller, moved, decided, isFiltered: lacking !== '' }, isWanted),
      )
    },
    mostUsed: plans.mostUsed,
  }
}

const textOf = (document: DocumentNode): string => document.loc?.source.body ?? print(document)

/** Short, whatever the length of the text: one is looked up for each request. */
const keyOf = (document: DocumentNode, { name }: OperationDefinitionNode): string =>
  createHash('sha256')
    .update(`${name?.value ?? ''}\n${textOf(document)}`)
    .digest('base64url')

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
