// Entity fetches: what is known of the objects goes to the subgraph as representations, and what it answers is joined into them. Several fetches may
// be one request; whenever its answer does not say of which of them something is true, each is sent alone, and gets what it would have got.
import type { FetchNode } from '@apollo/query-planner'
import { TributaryError } from '#shared/errors.ts'
import type { FetchInParts } from '../planning/required-fields.ts'
import type { SubgraphError, SubgraphOperation } from '../subgraphs/subgraph-client.ts'
import { applyRewrites } from './data-rewrites.ts'
import { entitiesOfPart, representationsOfPart } from './entity-operation.ts'
import { operationOf, variablesOf, withRepresentations } from './fetch-request.ts'
import type { EntityAnswers } from './known-answers.ts'
import { copyOf, mergeResults } from './merge-results.ts'
import {
  pathOf,
  pathsOf,
  toFetchError,
  toPlanError,
  type Path,
  type Place,
  type PlanExecution,
} from './plan-execution.ts'
import type { JoinedFetches } from './plan-steps.ts'
import { readResponse } from './read-response.ts'
import { textReaderOf } from './representation-text.ts'
import { isJsonObject, type JsonObject } from './representation.ts'

/** Places that asked for the same entity, by the path of the fetch that they are under. */
type Equals = readonly (readonly Place[])[]

/** What one fetch asks for. */
interface Question {
  fetch: FetchNode
  /** Equal representations are sent once; the answer fans out to every place that asked. */
  representations: readonly string[]
  asking: readonly Equals[]
  /** Where it is told that a fetch went wrong as a whole: for each fetch that was joined into this one, if it had anything to ask. */
  fallbacks: readonly Place[]
  /** For equal fetches elsewhere in the plan: called once, with what was answered. */
  tell: ((answers: EntityAnswers) => void) | null
}

interface Asked {
  places: Place[]
  text: string
  answers: Promise<EntityAnswers>
}

/** What a fetch found at its places. */
interface Found {
  /** Null where there is nothing to ask. */
  question: Question | null
  /** Of which not everything is known that the fetch requires, by path. */
  lacking: readonly (readonly Place[])[]
  /** Of which an equal fetch has asked, by path and representation. */
  asked: readonly Asked[]
}

export async function fetchEntities(
  fetch: FetchInParts,
  placesByPath: readonly (readonly Place[])[],
  execution: PlanExecution,
): Promise<void> {
  const found = questionOf(fetch, placesByPath, execution)
  await Promise.all([found.question && askAlone(found.question, execution), fillOthers(fetch, found, execution)])
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
    ...all.map((found, index) => fillOthers(joined.fetches[index]!.fetch, found, execution)),
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
  const isAnswered = await askTogether(asked, operation, execution)
  for (const { tell } of asked) tell?.(null)
  if (isAnswered) return
  const alone = joined.fetches.flatMap(({ fetch }, index) =>
    places[index]!.flatMap((ofPath) => questionOf(fetch, [ofPath], { ...execution, known: null }).question ?? []),
  )
  await Promise.all(alone.map((question) => askAlone(question, execution)))
}

/** Those who lack what only some of the fields require are asked for the others; what an equal fetch has asked is taken from its answer. */
async function fillOthers(fetch: FetchInParts, { lacking, asked }: Found, execution: PlanExecution): Promise<void> {
  const { parts = [] } = fetch
  await Promise.all([
    ...(lacking.length > 0 ? parts.map((part) => fetchEntities(part, lacking, execution)) : []),
    asked.length > 0 && fillFromAsked(fetch, asked, execution),
  ])
}

async function fillFromAsked(fetch: FetchInParts, asked: Found['asked'], execution: PlanExecution): Promise<void> {
  const left: Place[][] = []
  for (const { places, text, answers } of asked) {
    const entity = (await answers)?.get(text)
    if (entity) fillPlaces(fetch, places, copyOf(entity), execution)
    else if (entity === undefined) left.push(places)
  }
  // Whatever was wrong there may not be so here.
  const { question } = questionOf(fetch, left, { ...execution, known: null })
  if (question) await askAlone(question, execution)
}

function questionOf(
  fetch: FetchNode,
  placesByPath: readonly (readonly Place[])[],
  { schema, known }: PlanExecution,
): Found {
  const lacking: Place[][] = []
  const asked: Asked[] = []
  const byRepresentation = new Map<string, Place[][]>()
  const fallbacks: Place[] = []
  const textOf = textReaderOf(schema, fetch)
  const answers = known?.answersTo(fetch)
  for (const places of placesByPath) {
    const ofPath = new Map<string, Place[]>()
    const lackingOfPath: Place[] = []
    let askedOfPath: Map<string, Asked> | undefined
    let first: Place | undefined
    for (const place of places) {
      const text = textOf(place.value)
      if (text === null) {
        lackingOfPath.push(place)
        continue
      }
      if (text === undefined) continue
      const told = answers?.get(text)
      if (told) {
        const equals = (askedOfPath ??= new Map()).get(text)
        if (equals) equals.places.push(place)
        else askedOfPath.set(text, { places: [place], text, answers: told })
        continue
      }
      first ??= place
      const equals = ofPath.get(text)
      if (equals) equals.push(place)
      else ofPath.set(text, [place])
    }
    for (const [text, equals] of ofPath) {
      const ofPaths = byRepresentation.get(text)
      if (ofPaths) ofPaths.push(equals)
      else byRepresentation.set(text, [equals])
    }
    if (first) fallbacks.push(first)
    if (lackingOfPath.length > 0) lacking.push(lackingOfPath)
    if (askedOfPath) asked.push(...askedOfPath.values())
  }
  if (byRepresentation.size === 0) return { question: null, lacking, asked }
  const [representations, asking] = [[...byRepresentation.keys()], [...byRepresentation.values()]]
  let tell: Question['tell'] = null
  if (answers) {
    const { promise, resolve } = Promise.withResolvers<EntityAnswers>()
    for (const text of representations) answers.set(text, promise)
    tell = resolve
  }
  return { question: { fetch, representations, asking, fallbacks, tell }, lacking, asked }
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
    if (Array.isArray(entities)) {
      if (errors.length === 0) tellOthers(question, entities)
      fill(question, entities, execution)
    }
  } catch (error) {
    execution.errors.push(toFetchError(error, pathOf(fallback)))
  } finally {
    question.tell?.(null)
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
  for (const [index, question] of questions.entries()) {
    const entities = answers[index] as readonly unknown[]
    if (errors.length === 0) tellOthers(question, entities)
    fill(question, entities, execution)
  }
  return true
}

/** What went wrong with an entity went wrong at each place that asked for it. */
function tellEach(
  error: SubgraphError,
  asked: Equals,
  below: Path,
  serviceName: string,
  { errors }: PlanExecution,
): void {
  for (const path of asked.flat().flatMap(pathsOf)) errors.push(toPlanError(error, serviceName, [...path, ...below]))
}

/** Only the first telling counts. Before the places take what was answered. */
function tellOthers({ representations, tell }: Question, entities: readonly unknown[]): void {
  tell?.(
    new Map(
      entities.map((entity, index) => [representations[index]!, isJsonObject(entity) ? copyOf(entity) : null] as const),
    ),
  )
}

function fill({ fetch, asking }: Question, entities: readonly unknown[], execution: PlanExecution): void {
  for (const [index, entity] of entities.entries()) {
    if (!isJsonObject(entity)) continue
    const asked = asking[index] ?? []
    // The last path takes it, the others a copy: under each, something else may be asked of what it holds.
    for (const [at, places] of asked.entries())
      fillPlaces(fetch, places, at < asked.length - 1 ? copyOf(entity) : entity, execution)
  }
}

/** `places`: of one path, so that whatever is asked below it is asked of all. */
function fillPlaces(
  { outputRewrites }: FetchNode,
  places: readonly Place[],
  entity: JsonObject,
  { schema, shared }: PlanExecution,
): void {
  applyRewrites(schema, outputRewrites, entity)
  if (places.length > 1) shared.addValuesOf(entity)
  for (const { value } of places) mergeResults(schema, value, entity, shared)
}
