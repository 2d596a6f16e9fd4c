// Runs a part of a query plan from a given start value: for subscriptions, the rest of the plan with an event as its start. A fetch that
// fails leaves its fields out and adds an error at their client path; everything else goes on.
import type { FetchNode, PlanNode } from '@apollo/query-planner'
import { assertNever } from '#shared/errors.ts'
import { applyRewrites } from './data-rewrites.ts'
import { askedBelow, uniteEquals } from './equal-objects.ts'
import { fetchEntities, fetchJoined } from './fetch-entities.ts'
import { operationOf, variablesOf } from './fetch-request.ts'
import { createKnownAnswers } from './known-answers.ts'
import { mergeResults } from './merge-results.ts'
import { placesUnder } from './places.ts'
import { toFetchError, toPlanError, type Places, type PlanExecution, type PlanRun } from './plan-execution.ts'
import { stepsOf, type PlanStep } from './plan-steps.ts'
import { readResponse } from './read-response.ts'
import type { JsonObject } from './representation.ts'

/** Fills `data` in place; errors are collected in `execution.errors`. */
export async function executePlan(plan: PlanNode, data: JsonObject, execution: PlanExecution): Promise<void> {
  const run: PlanRun = {
    ...execution,
    data,
    known: execution.known ?? createKnownAnswers(plan),
    asked: askedBelow(plan),
  }
  await executeStep(stepsOf(plan), { path: [], objects: [data] }, run)
}

async function executeStep(step: PlanStep, places: Places, run: PlanRun): Promise<void> {
  switch (step.kind) {
    case 'Sequence':
      for (const child of step.steps) await executeStep(child, places, run)
      return
    case 'Parallel':
      await Promise.all(step.steps.map((child) => executeStep(child, places, run)))
      return
    case 'Flatten':
      return executeStep(step.step, placesUnder(places, step.path, run.shared), run)
    case 'Condition': {
      const clause = run.coercedVariables[step.condition] === true ? step.ifClause : step.elseClause
      if (clause) await executeStep(clause, places, run)
      return
    }
    case 'Joined':
      return fetchJoined(
        step,
        step.fetches.map(({ paths }) => paths.map((path) => placesUnder(places, path, run.shared))),
        run,
      )
    case 'Fetch':
      return step.requires ? fetchEntities(step, [places], run) : fetchRoot(step, places, run)
    default:
      assertNever(step)
  }
}

async function fetchRoot(fetch: FetchNode, { objects }: Places, run: PlanRun): Promise<void> {
  const { schema, client, context, shared } = run
  try {
    const variables = JSON.stringify(variablesOf([fetch], run.variables))
    const response = await client.request(fetch.serviceName, { operation: operationOf(fetch), variables }, context)
    const { data, errors } = readResponse(response, undefined)
    for (const error of errors) run.errors.push(toPlanError(error, fetch.serviceName, error.path ?? []))
    if (!data) return
    applyRewrites(schema, fetch.outputRewrites, data)
    uniteEquals([data], run.asked.get(fetch), shared)
    for (const object of objects) mergeResults(schema, object, data, shared)
  } catch (error) {
    run.errors.push(toFetchError(error, []))
  }
}
