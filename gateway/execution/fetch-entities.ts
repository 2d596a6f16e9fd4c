// Entity fetches: what is known of the objects goes to the subgraph as representations, and what it answers is joined into them. Several fetches may
// be one request; whenever its answer does not say of which of them something is true, each is sent alone, and gets what it would have got.
import type { FetchNode } from '@apollo/query-planner'
import type { GraphQLSchema } from 'graphql'
import { TributaryError } from '#shared/errors.ts'
import type { FetchInParts } from '../planning/required-fields.ts'
import type { SubgraphError, SubgraphOperation } from '../subgraphs/subgraph-client.ts'
import { applyRewrites } from './data-rewrites.ts'
import { entitiesOfPart, representationsOfPart } from './entity-operation.ts'
import { operationOf, variablesOf, withRepresentations } from './fetch-request.ts'
import { copyOf, mergeResults } from './merge-results.ts'
import { pathOf, toFetchError, toPlanError, type Path, type Place, type PlanExecution } from './plan-execution.ts'
import type { JoinedFetches } from './plan-steps.ts'
import { readResponse } from './read-response.ts'
import { isJsonObject, isOfType, representationOf, type JsonObject } from './representation.ts'

/** What one fetch asks for. */
interface Question {
  fetch: FetchNode
  /** Equal representations are sent once; the answer fans out to every place that asked. */
  representations: readonly string[]
  asking: readonly (readonly Place[])[]
  /** Where it is told that a fetch went wrong as a whole: for each fetch that was joined into this one, if it had anything to ask. */
  fallbacks: readonly Place[]
}

export async function fetchEntities(
  fetch: FetchInParts,
  places: readonly Place[],
  execution: PlanExecution,
): Promise<void> {
  const { question, lacking } = questionOf(fetch, [places], execution)
  await Promise.all([question && askAlone(question, execution), fetchParts(fetch, lacking, execution)])
}

/** `places`: of each fetch, under each of its paths. */
export async function fetchJoined(
  joined: JoinedFetches,
  places: readonly (readonly (readonly Place[])[])[],
  execution: PlanExecution,
): Promise<void> {
  const all = joined.fetches.map(({ fetch }, index) => questionOf(fetch, places[index]!, execution))
  await Promise.all([
    askJoined(
      joined,
      places,
      all.map(({ question }) => question),
      execution,
    ),
    ...all.map(({ lacking }, index) => fetchParts(joined.fetches[index]!.fetch, lacking, execution)),
  ])
}

async function askJoined(
  joined: JoinedFetches,
  places: readonly (readonly (readonly Place[])[])[],
  questions: readonly (Question | null)[],
  execution: PlanExecution,
): Promise<void> {
  const asked = questions.flatMap((question) => question ?? [])
  const isJoined = asked.length > 1 || (asked[0]?.fallbacks.length ?? 0) > 1
  if (!isJoined) {
    if (asked[0]) await askAlone(asked[0], execution)
    return
  }
  const operation =
    asked.length === 1
      ? operationOf(asked[0]!.fetch)
      : joined.operationFor(questions.flatMap((question, index) => (question ? [index] : [])))
  if (await askTogether(asked, operation, execution)) return
  const alone = joined.fetches.flatMap(({ fetch }, index) =>
    places[index]!.flatMap((ofPath) => questionOf(fetch, [ofPath], execution).question ?? []),
  )
  await Promise.all(alone.map((question) => askAlone(question, execution)))
}

/** Those who lack what only some of the fields require are asked for the others. */
async function fetchParts(
  { parts = [] }: FetchInParts,
  lacking: readonly Place[],
  execution: PlanExecution,
): Promise<void> {
  if (lacking.length > 0) await Promise.all(parts.map((part) => fetchEntities(part, lacking, execution)))
}

/** The question is null where there is nothing to ask. `lacking`: places of which not everything is known that the fetch requires. */
function questionOf(
  fetch: FetchNode,
  placesByPath: readonly (readonly Place[])[],
  { schema }: PlanExecution,
): { question: Question | null; lacking: readonly Place[] } {
  const lacking: Place[] = []
  const byRepresentation = new Map<string, Place[]>()
  const fallbacks: Place[] = []
  for (const places of placesByPath) {
    let first: Place | undefined
    for (const place of places) {
      const representation = representationOf(schema, place.value, fetch.requires ?? [])
      if (!representation) {
        lacking.push(place)
        continue
      }
      applyRewrites(schema, fetch.inputRewrites, representation)
      if (isUnknownToInterfaceObject(fetch, representation, schema)) continue
      first ??= place
      const key = JSON.stringify(representation)
      const equals = byRepresentation.get(key)
      if (equals) equals.push(place)
      else byRepresentation.set(key, [place])
    }
    if (first) fallbacks.push(first)
  }
  if (byRepresentation.size === 0) return { question: null, lacking }
  const [representations, asking] = [[...byRepresentation.keys()], [...byRepresentation.values()]]
  return { question: { fetch, representations, asking, fallbacks }, lacking }
}

async function askAlone(question: Question, execution: PlanExecution): Promise<void> {
  const { fetch, representations, asking, fallbacks } = question
  const { serviceName } = fetch
  const fallback = fallbacks[0]!
  try {
    const response = await execution.client.request(
      serviceName,
      {
        operation: operationOf(fetch),
        variables: withRepresentations(variablesOf([fetch], execution.variables), [
          ['representations', representations],
        ]),
      },
      execution.context,
    )
    const { data, errors } = readResponse(response, representations.length)
    for (const error of errors) {
      const [field, index, ...rest] = error.path ?? []
      const asked = field === '_entities' && typeof index === 'number' ? asking[index] : undefined
      if (asked) tellEach(error, asked, rest, serviceName, execution)
      else execution.errors.push(toPlanError(error, serviceName, pathOf(fallback)))
    }
    const entities = data?.['_entities']
    if (Array.isArray(entities)) fill(question, entities, execution.schema)
  } catch (error) {
    execution.errors.push(toFetchError(error, pathOf(fallback)))
  }
}

/** False where each must be asked alone; nothing has happened then. */
async function askTogether(
  questions: readonly Question[],
  operation: SubgraphOperation,
  execution: PlanExecution,
): Promise<boolean> {
  const { serviceName } = questions[0]!.fetch
  const isOne = questions.length === 1
  const variables = variablesOf(
    questions.map(({ fetch }) => fetch),
    execution.variables,
  )
  let response
  try {
    response = await execution.client.request(
      serviceName,
      {
        operation,
        variables: withRepresentations(
          variables,
          questions.map(({ representations }, index) => [
            isOne ? 'representations' : representationsOfPart(index),
            representations,
          ]),
        ),
      },
      execution.context,
    )
  } catch (error) {
    // What is wrong with all together, such as its size, need not be wrong with each.
    if (error instanceof TributaryError && !error.isRetryable && error.code !== 'CANCELLED') return false
    for (const place of questions.flatMap(({ fallbacks }) => fallbacks))
      execution.errors.push(toFetchError(error, pathOf(place)))
    return true
  }
  const { data, errors } = readResponse(response, undefined)
  const names = questions.map((_, index) => (isOne ? '_entities' : entitiesOfPart(index)))
  const answers = names.map((name) => data?.[name])
  const isWhole = answers.every(
    (entities, index) => Array.isArray(entities) && entities.length === questions[index]!.representations.length,
  )
  const placed = errors.map((error) => {
    const [name, index, ...rest] = error.path ?? []
    return { error, asked: questions[names.indexOf(name as string)]?.asking[index as number], rest }
  })
  if (!isWhole || placed.some(({ asked }) => !asked)) return false
  for (const { error, asked, rest } of placed) tellEach(error, asked!, rest, serviceName, execution)
  for (const [index, question] of questions.entries())
    fill(question, answers[index] as readonly unknown[], execution.schema)
  return true
}

/** What went wrong with an entity went wrong at each place that asked for it. */
function tellEach(
  error: SubgraphError,
  places: readonly Place[],
  below: Path,
  serviceName: string,
  { errors }: PlanExecution,
): void {
  for (const place of places) errors.push(toPlanError(error, serviceName, [...pathOf(place), ...below]))
}

function fill({ fetch, asking }: Question, entities: readonly unknown[], schema: GraphQLSchema): void {
  for (const [index, entity] of entities.entries()) {
    if (!isJsonObject(entity)) continue
    applyRewrites(schema, fetch.outputRewrites, entity)
    // The last takes it, the others a copy.
    const asked = asking[index] ?? []
    for (const [at, { value }] of asked.entries())
      mergeResults(schema, value, at < asked.length - 1 ? copyOf(entity) : entity)
  }
}

/**
 * Whether a subgraph that has an interface as an object gets one of its types under the type's own name: the plan has no key for it, because it asks
 * nothing of it.
 */
function isUnknownToInterfaceObject(
  { inputRewrites }: FetchNode,
  { __typename: typeName }: JsonObject,
  schema: GraphQLSchema,
): boolean {
  return (inputRewrites ?? []).some(
    (rewrite) =>
      rewrite.kind === 'ValueSetter' &&
      rewrite.path.at(-1) === '__typename' &&
      rewrite.setValueTo !== typeName &&
      isOfType(schema, typeName, String(rewrite.setValueTo)),
  )
}
