// Entity fetches: what is known of the objects goes to the subgraph as representations, and what it answers is joined into them. Several fetches may
// be one request; whenever its answer does not say of which of them something is true, each is sent alone, and gets what it would have got.
import type { FetchNode } from '@apollo/query-planner'
import { TributaryError } from '#shared/errors.ts'
import type { FetchInParts } from '../planning/required-fields.ts'
import type { SubgraphError, SubgraphOperation } from '../subgraphs/subgraph-client.ts'
import { applyRewrites } from './data-rewrites.ts'
import { askersOf, type Askers, type Equals } from './entity-askers.ts'
import { entitiesOfPart, representationsOfPart } from './entity-operation.ts'
import { uniteEquals } from './equal-objects.ts'
import { operationOf, variablesOf, withRepresentations } from './fetch-request.ts'
import type { EntityAnswers } from './known-answers.ts'
import { mergeResults } from './merge-results.ts'
import { errorPathsOf, type ErrorPaths } from './places.ts'
import { toFetchError, toPlanError, type Path, type Places, type PlanRun } from './plan-execution.ts'
import type { JoinedFetches } from './plan-steps.ts'
import { readResponse } from './read-response.ts'
import { isJsonObject, type JsonObject } from './representation.ts'
import { copyOf } from './shared-values.ts'

/** What one fetch asks for. */
interface Question {
  fetch: FetchNode
  /** Equal representations are sent once; the answer fans out to every object that asked. */
  representations: readonly string[]
  /** Of each representation, by path. */
  asking: readonly (readonly Equals[])[]
  /** Where it is told that a fetch went wrong as a whole: for each fetch that was joined into this one, if it had anything to ask. */
  fallbacks: readonly Equals[]
  /** For equal fetches elsewhere in the plan: called once, with what was answered. */
  tell: ((answers: EntityAnswers) => void) | null
}

/** What a fetch found at its places. */
interface Found {
  /** Null where there is nothing to ask. */
  question: Question | null
  /** Of which not everything is known that the fetch requires. */
  lacking: readonly Places[]
  /** Of which an equal fetch has asked. */
  asked: readonly { equals: Equals; text: string; answers: Promise<EntityAnswers> }[]
}

/** `places`: under each of its paths. */
export async function fetchEntities(fetch: FetchInParts, places: readonly Places[], run: PlanRun): Promise<void> {
  const found = questionOf(fetch, places, run)
  await Promise.all([found.question && askAlone(found.question, run), fillOthers(fetch, found, run)])
}

/** `places`: of each fetch, under each of its paths. */
export async function fetchJoined(
  joined: JoinedFetches,
  places: readonly (readonly Places[])[],
  run: PlanRun,
): Promise<void> {
  const all = joined.fetches.map(({ fetch }, index) => questionOf(fetch, places[index]!, run))
  await Promise.all([
    askJoined(
      joined,
      places,
      all.map(({ question }) => question),
      run,
    ),
    ...all.map((found, index) => fillOthers(joined.fetches[index]!.fetch, found, run)),
  ])
}

async function askJoined(
  joined: JoinedFetches,
  places: readonly (readonly Places[])[],
  questions: readonly (Question | null)[],
  run: PlanRun,
): Promise<void> {
  const asked = questions.flatMap((question) => question ?? [])
  const isJoined = asked.length > 1 || (asked[0]?.fallbacks.length ?? 0) > 1
  if (!isJoined) {
    if (asked[0]) await askAlone(asked[0], run)
    return
  }
  const operation =
    asked.length === 1
      ? operationOf(asked[0]!.fetch)
      : joined.operationFor(questions.flatMap((question, index) => (question ? [index] : [])))
  const isAnswered = await askTogether(asked, operation, run)
  for (const { tell } of asked) tell?.(null)
  if (isAnswered) return
  const alone = joined.fetches.flatMap(({ fetch }, index) =>
    places[index]!.flatMap((ofPath) => questionOf(fetch, [ofPath], { ...run, known: null }).question ?? []),
  )
  await Promise.all(alone.map((question) => askAlone(question, run)))
}

/** Those who lack what only some of the fields require are asked for the others; what an equal fetch has asked is taken from its answer. */
async function fillOthers(fetch: FetchInParts, { lacking, asked }: Found, run: PlanRun): Promise<void> {
  const { parts = [] } = fetch
  await Promise.all([
    ...(lacking.length > 0 ? parts.map((part) => fetchEntities(part, lacking, run)) : []),
    asked.length > 0 && fillFromAsked(fetch, asked, run),
  ])
}

async function fillFromAsked(fetch: FetchInParts, asked: Found['asked'], run: PlanRun): Promise<void> {
  const left: Places[] = []
  for (const { equals, text, answers } of asked) {
    const entity = (await answers)?.get(text)
    if (entity) fillEquals(fetch, equals, copyOf(entity), run)
    else if (entity === undefined) left.push(equals)
  }
  // Whatever was wrong there may not be so here.
  const { question } = questionOf(fetch, left, { ...run, known: null })
  if (question) await askAlone(question, run)
}

function questionOf(fetch: FetchNode, places: readonly Places[], { schema, known }: PlanRun): Found {
  const { askers, lacking } = askersOf(schema, fetch, places)
  const answers = known?.answersTo(fetch)
  if (!answers) return { question: toQuestion(fetch, askers, null), lacking, asked: [] }
  const asked: Found['asked'][number][] = []
  const fresh: Askers[] = []
  for (const each of askers) {
    const told = answers.get(each.text)
    if (told) asked.push(...each.byPath.map((equals) => ({ equals, text: each.text, answers: told })))
    else fresh.push(each)
  }
  if (fresh.length === 0) return { question: null, lacking, asked }
  const { promise, resolve } = Promise.withResolvers<EntityAnswers>()
  for (const { text } of fresh) answers.set(text, promise)
  return { question: toQuestion(fetch, fresh, resolve), lacking, asked }
}

function toQuestion(fetch: FetchNode, askers: readonly Askers[], tell: Question['tell']): Question | null {
  if (askers.length === 0) return null
  const firsts = new Map<Path, Equals>()
  for (const equals of askers.flatMap(({ byPath }) => byPath)) {
    const known = firsts.get(equals.path)
    if (!known || equals.position < known.position) firsts.set(equals.path, equals)
  }
  return {
    fetch,
    representations: askers.map(({ text }) => text),
    asking: askers.map(({ byPath }) => byPath),
    fallbacks: [...firsts.values()],
    tell,
  }
}

const pathOfFallback = ({ path, objects }: Equals, run: PlanRun): Path => errorPathsOf(path, run).first(objects[0]!)

async function askAlone(question: Question, run: PlanRun): Promise<void> {
  const { fetch, representations, asking, fallbacks } = question
  const { serviceName } = fetch
  const fallback = fallbacks[0]!
  try {
    const response = await run.client.request(
      serviceName,
      {
        operation: operationOf(fetch),
        variables: withRepresentations(variablesOf([fetch], run.variables), [['representations', representations]]),
      },
      run.context,
    )
    const { data, errors } = readResponse(response, representations.length)
    const tellEach = createTellEach(serviceName, run)
    for (const error of errors) {
      const [field, index, ...rest] = error.path ?? []
      const asked = field === '_entities' && typeof index === 'number' ? asking[index] : undefined
      if (asked) tellEach(error, asked, rest)
      else run.errors.push(toPlanError(error, serviceName, pathOfFallback(fallback, run)))
    }
    const entities = data?.['_entities']
    if (Array.isArray(entities)) {
      if (errors.length === 0) tellOthers(question, entities)
      fill(question, entities, run)
    }
  } catch (error) {
    run.errors.push(toFetchError(error, pathOfFallback(fallback, run)))
  } finally {
    question.tell?.(null)
  }
}

/** False where each must be asked alone; nothing has happened then. */
async function askTogether(
  questions: readonly Question[],
  operation: SubgraphOperation,
  run: PlanRun,
): Promise<boolean> {
  const { serviceName } = questions[0]!.fetch
  const isOne = questions.length === 1
  const variables = variablesOf(
    questions.map(({ fetch }) => fetch),
    run.variables,
  )
  let response
  try {
    response = await run.client.request(
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
      run.context,
    )
  } catch (error) {
    // What is wrong with all together, such as its size, need not be wrong with each.
    if (error instanceof TributaryError && !error.isRetryable && error.code !== 'CANCELLED') return false
    for (const fallback of questions.flatMap(({ fallbacks }) => fallbacks))
      run.errors.push(toFetchError(error, pathOfFallback(fallback, run)))
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
  const tellEach = createTellEach(serviceName, run)
  for (const { error, asked, rest } of placed) tellEach(error, asked!, rest)
  for (const [index, question] of questions.entries()) {
    const entities = answers[index] as readonly unknown[]
    if (errors.length === 0) tellOthers(question, entities)
    fill(question, entities, run)
  }
  return true
}

/** What went wrong with an entity went wrong at each place that asked for it. */
function createTellEach(serviceName: string, run: PlanRun) {
  const paths = new Map<Path, ErrorPaths>()
  return (error: SubgraphError, asked: readonly Equals[], below: Path): void => {
    for (const { path, objects } of asked) {
      let ofPath = paths.get(path)
      if (!ofPath) paths.set(path, (ofPath = errorPathsOf(path, run)))
      for (const object of objects)
        for (const above of ofPath.all(object)) run.errors.push(toPlanError(error, serviceName, [...above, ...below]))
    }
  }
}

/** Only the first telling counts. Before the objects take what was answered. */
function tellOthers({ representations, tell }: Question, entities: readonly unknown[]): void {
  tell?.(
    new Map(
      entities.map((entity, index) => [representations[index]!, isJsonObject(entity) ? copyOf(entity) : null] as const),
    ),
  )
}

function fill({ fetch, asking }: Question, entities: readonly unknown[], run: PlanRun): void {
  // Rewrites come later, and change each object that they meet.
  if (!fetch.outputRewrites?.length) uniteEquals(entities, run.asked.get(fetch), run.shared)
  for (const [index, entity] of entities.entries()) {
    if (!isJsonObject(entity)) continue
    const asked = asking[index] ?? []
    // The last path takes it, the others a copy: under each, something else may be asked of what it holds.
    for (const [at, equals] of asked.entries())
      fillEquals(fetch, equals, at < asked.length - 1 ? copyOf(entity) : entity, run)
  }
}

/** Whatever is asked below one path is asked of all its objects. */
function fillEquals({ outputRewrites }: FetchNode, { objects }: Equals, entity: JsonObject, run: PlanRun): void {
  const { schema, shared } = run
  applyRewrites(schema, outputRewrites, entity)
  const targets = shared.withCopies(objects)
  if (targets.length > 1) shared.addValuesOf(entity)
  for (const target of targets) mergeResults(schema, target, entity, shared)
}
