// Runs a part of a query plan from a given start value: for subscriptions, the rest of the plan with an event as its start. A fetch that
// fails leaves its fields out and adds an error at their client path; everything else goes on.
import type { FetchNode, PlanNode } from '@apollo/query-planner'
import { assertNever } from '#shared/errors.ts'
import { applyRewrites } from './data-rewrites.ts'
import { fetchEntities, fetchJoined } from './fetch-entities.ts'
import { operationOf, variablesOf } from './fetch-request.ts'
import { createKnownAnswers } from './known-answers.ts'
import { mergeResults } from './merge-results.ts'
import { toFetchError, toPlanError, type Located, type Path, type Place, type PlanExecution } from './plan-execution.ts'
import { stepsOf, type PlanStep } from './plan-steps.ts'
import { readResponse } from './read-response.ts'
import { isJsonObject, type JsonObject } from './representation.ts'
import type { SharedValues } from './shared-values.ts'

/** Fills `data` in place; errors are collected in `execution.errors`. */
export async function executePlan(plan: PlanNode, data: JsonObject, execution: PlanExecution): Promise<void> {
  const known = createKnownAnswers(plan)
  await executeStep(stepsOf(plan), [{ value: data, above: null, key: '', twins: null }], { ...execution, known })
}

async function executeStep(step: PlanStep, places: readonly Place[], execution: PlanExecution): Promise<void> {
  switch (step.kind) {
    case 'Sequence':
      for (const child of step.steps) await executeStep(child, places, execution)
      return
    case 'Parallel':
      await Promise.all(step.steps.map((child) => executeStep(child, places, execution)))
      return
    case 'Flatten':
      return executeStep(step.step, placesUnder(places, step.path, execution.shared), execution)
    case 'Condition': {
      const clause = execution.coercedVariables[step.condition] === true ? step.ifClause : step.elseClause
      if (clause) await executeStep(clause, places, execution)
      return
    }
    case 'Joined':
      return fetchJoined(
        step,
        step.fetches.map(({ paths }) => paths.map((path) => placesUnder(places, path, execution.shared))),
        execution,
      )
    case 'Fetch':
      return step.requires ? fetchEntities(step, [places], execution) : fetchRoot(step, places, execution)
    default:
      assertNever(step)
  }
}

/** A value that stands at several places is one place, with twins. */
function placesUnder(places: readonly Place[], path: Path, shared: SharedValues): Place[] {
  let current: readonly Located[] = places
  for (const step of path) {
    const next: Located[] = []
    let seen: Map<unknown, Located> | undefined
    for (const above of current) {
      const { value } = above
      if (step === '@') {
        if (Array.isArray(value))
          for (const [key, item] of value.entries()) next.push({ value: item, above, key, twins: null })
        continue
      }
      if (!isJsonObject(value)) continue
      const found: Located = { value: value[step], above, key: step, twins: null }
      if (shared.has(found.value)) {
        const first = (seen ??= new Map()).get(found.value)
        if (first) {
          ;(first.twins ??= []).push(found)
          continue
        }
        seen.set(found.value, found)
      }
      next.push(found)
    }
    current = next
  }
  return current.filter((found): found is Place => isJsonObject(found.value))
}

async function fetchRoot(fetch: FetchNode, places: readonly Place[], execution: PlanExecution): Promise<void> {
  const { schema, client, context } = execution
  try {
    const variables = JSON.stringify(variablesOf([fetch], execution.variables))
    const response = await client.request(fetch.serviceName, { operation: operationOf(fetch), variables }, context)
    const { data, errors } = readResponse(response, undefined)
    for (const error of errors) execution.errors.push(toPlanError(error, fetch.serviceName, error.path ?? []))
    if (!data) return
    applyRewrites(schema, fetch.outputRewrites, data)
    for (const { value } of places) mergeResults(schema, value, data, execution.shared)
  } catch (error) {
    execution.errors.push(toFetchError(error, []))
  }
}
