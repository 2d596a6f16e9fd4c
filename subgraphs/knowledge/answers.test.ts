// Answers on real parts: written by a scripted model, watched, cancelled, taken over, refused.
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createId } from '#shared/ids.ts'
import { testIdentity } from '../../test/harness/platform.ts'
import { EMBEDDER, WRITER } from './testing/scripted-models.ts'
import { startTestKnowledge, textContent, type TestKnowledge } from './testing/start-knowledge.ts'

let knowledge: TestKnowledge
let knowledgeBaseId: string

const GRACE_MS = 300
const HANDBOOK = textContent('Backup manual', [
  {
    heading: 'Retention',
    text: 'Backups are kept for 30 days and then deleted by the nightly job. The nightly job must not run before the export has finished.',
  },
  {
    heading: 'Restoring',
    text: 'A backup is restored with the command rewind. Restoring needs the role operator and takes about 20 minutes.',
  },
])
const QUESTION = 'How many days are backups kept?'

beforeAll(async () => {
  knowledge = await startTestKnowledge({ TRIBUTARY_ANSWER_GRACE_MS: String(GRACE_MS) })
  knowledgeBaseId = await knowledge.createKnowledgeBase('Backups')
  await knowledge.ingest(knowledgeBaseId, HANDBOOK)
})

beforeEach(() => {
  knowledge.models.available = [EMBEDDER, WRITER]
})

afterAll(() => knowledge.close())

const EVENT = `__typename cursor
  ... on AnswerStarted { answer { id mode sources { marker chunk { text } } } }
  ... on AnswerDelta { sequence text model { id } }
  ... on AnswerCited { citation { marker quote isVerified answerSpan { startOffset endOffset } document { title } } }
  ... on AnswerCompleted { answer { id status verdict text model { id } usage { promptTokens completionTokens totalTokens } timings { firstTokenMs totalMs } } }
  ... on AnswerFailed { code message isRetryable answer { id status text } }`
const STREAM = `subscription ($input: AnswerInput!) { answerStream(input: $input) { ${EVENT} } }`
const EVENTS = `subscription ($id: ID!, $after: String) { answerEvents(id: $id, after: $after) { ${EVENT} } }`
const START =
  'mutation ($input: AnswerInput!) { answerStart(input: $input) { answer { id status } userErrors { code path message } } }'
const READ =
  'query ($id: ID!) { answer(id: $id) { status verdict text mode citations { isVerified quote } finishedAt } }'

const input = (more: Record<string, unknown> = {}) => ({
  question: QUESTION,
  knowledgeBaseIds: [knowledgeBaseId],
  mode: 'GENERATIVE',
  ...more,
})

function says(...deltas: string[]) {
  knowledge.models.script = async function* () {
    yield* deltas
  }
}

/** Says the deltas, then nothing more until its caller leaves. */
function saysThenHangs(...deltas: string[]) {
  const said = Promise.withResolvers<void>()
  const left = Promise.withResolvers<void>()
  knowledge.models.script = async function* (_request, signal) {
    yield* deltas
    said.resolve()
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
    left.resolve()
  }
  return { said: said.promise, left: left.promise }
}

async function collect(results: AsyncGenerator<any>, field = 'answerStream') {
  const events: any[] = []
  for await (const { data, errors } of results) {
    expect(errors).toBeUndefined()
    events.push(data[field])
  }
  return events
}
/** All results, or what ended the stream. */
async function drain(results: AsyncGenerator): Promise<unknown> {
  const all: unknown[] = []
  try {
    for await (const result of results) all.push(result)
    return all
  } catch (error) {
    return error
  }
}
const ask = (more?: Record<string, unknown>) => collect(knowledge.subscribe(STREAM, { input: input(more) }))
const watch = (id: string, after?: string) => collect(knowledge.subscribe(EVENTS, { id, after }), 'answerEvents')
const start = async (more?: Record<string, unknown>): Promise<string> =>
  (await knowledge.request(START, { input: input(more) })).data.answerStart.answer.id
const textOf = (events: any[]) =>
  events.flatMap((event) => (event.__typename === 'AnswerDelta' ? event.text : [])).join('')
const citationsOf = (events: any[]) =>
  events.flatMap((event) => (event.__typename === 'AnswerCited' ? event.citation : []))

test('a generated answer passes on the deltas, cites each sentence and counts tokens', async () => {
  says('Backups are', ' kept for 30', ' days [1]. Then the nightly', ' job deletes them [1].')
  const events = await ask()
  expect(events[0]).toMatchObject({ __typename: 'AnswerStarted', answer: { mode: 'GENERATIVE' } })
  const text = 'Backups are kept for 30 days [1]. Then the nightly job deletes them [1].'
  expect(textOf(events)).toBe(text)
  expect(events.filter(({ __typename }) => __typename === 'AnswerDelta')[0]).toMatchObject({
    sequence: 0,
    model: { id: WRITER.id },
  })
  const citations = citationsOf(events)
  expect(citations).toHaveLength(2)
  expect(citations[0]).toMatchObject({ isVerified: true, document: { title: 'Backup manual' } })
  expect(text.slice(citations[0].answerSpan.startOffset, citations[0].answerSpan.endOffset)).toContain('30 days')
  expect(events.at(-1).answer).toMatchObject({
    status: 'COMPLETED',
    text,
    model: { id: WRITER.id },
    usage: { promptTokens: 100, completionTokens: 4, totalTokens: 104 },
    timings: { firstTokenMs: expect.any(Number), totalMs: expect.any(Number) },
  })
  const prompt = knowledge.models.generations.at(-1)!.messages
  expect(prompt.at(-1)!.content).toContain('Backups are kept for 30 days')
})

test.each([
  ['swaps a number', 'Backups are kept for 90 days [1].'],
  ['negates a claim', 'Backups are not kept for 30 days [1].'],
  ['drops a not', 'The nightly job must run before the export has finished [1].'],
  ['invents a marker', 'Backups are kept for 30 days [17].'],
  ['echoes a false quote', 'The manual says "backups are kept forever on the moon" [1].'],
  ['speaks of something else', 'Bananas grow well in greenhouses [1].'],
])('a model that %s has that sentence unverified and the true one beside it verified', async (_name, sentence) => {
  says(`${sentence} A backup is restored with the command rewind [2].`)
  const citations = citationsOf(await ask())
  expect(citations.map(({ isVerified }) => isVerified)).toEqual([false, true])
})

test('nothing is generated when the documents do not hold the answer', async () => {
  const before = knowledge.models.generations.length
  const events = await ask({ question: 'Who composed the opera about the volcano in Peru?' })
  expect(events.at(-1).answer).toMatchObject({ status: 'COMPLETED', verdict: 'NOT_IN_DOCUMENTS' })
  expect(textOf(events)).toContain('do not contain')
  expect(knowledge.models.generations).toHaveLength(before)
})

test('a model that finds no answer in the sources is believed', async () => {
  says('The documents do not contain the answer.')
  const events = await ask()
  expect(events.at(-1).answer.verdict).toBe('NOT_IN_DOCUMENTS')
  expect(citationsOf(events)).toEqual([])
})

test('AUTO lets a small model or none quote, and a large one write', async () => {
  says('Backups are kept for 30 days [1].')
  const modeOf = async () => (await ask({ mode: 'AUTO' }))[0].answer.mode
  expect(await modeOf()).toBe('GENERATIVE')
  knowledge.models.available = [EMBEDDER, { ...WRITER, parameterCount: 135_000_000 }]
  expect(await modeOf()).toBe('EXTRACTIVE')
  knowledge.models.available = [EMBEDDER]
  expect(await modeOf()).toBe('EXTRACTIVE')
})

test('a reranker decides where there is one', async () => {
  knowledge.models.rerank = (_question, passage) => (passage.includes('rewind') ? 9 : -9)
  const events = await ask({ question: 'What is used to restore a backup?', mode: 'EXTRACTIVE' })
  knowledge.models.rerank = () => -11
  const declined = await ask({ question: 'What is used to restore a backup?', mode: 'EXTRACTIVE' })
  knowledge.models.rerank = null
  expect(textOf(events)).toContain('rewind')
  expect(declined.at(-1).answer.verdict).toBe('NOT_IN_DOCUMENTS')
})

test('an answer is made by words where there is no embedding model any more', async () => {
  knowledge.models.available = []
  const events = await ask({ mode: 'EXTRACTIVE' })
  expect(events.at(-1)).toMatchObject({ __typename: 'AnswerCompleted' })
  expect(textOf(events)).toContain('30 days')
})

test('a model that fails ends the answer with its code, and what was written is kept', async () => {
  knowledge.models.script = async function* () {
    yield 'Backups are kept'
    throw new Error('out of memory')
  }
  const events = await ask()
  expect(events.at(-1)).toMatchObject({
    __typename: 'AnswerFailed',
    code: 'MODEL_FAILED',
    isRetryable: true,
    answer: { status: 'FAILED', text: 'Backups are kept' },
  })
})

test('events are replayed from the start or behind a cursor, after the end too', async () => {
  says('Backups are kept for 30 days [1].')
  const id = await start({ isDetached: true })
  const first = await watch(id)
  expect(first.map(({ __typename }) => __typename)).toEqual([
    'AnswerStarted',
    'AnswerDelta',
    'AnswerCited',
    'AnswerCompleted',
  ])
  expect(await watch(id)).toEqual(first)
  expect(await watch(id, first[1].cursor)).toEqual(first.slice(2))
  expect(await watch(id, first[3].cursor)).toEqual([])
})

test('a cancelled answer ends at once, stops the model and keeps what was written', async () => {
  const { said, left } = saysThenHangs('Backups are')
  const id = await start({ isDetached: true })
  await said
  const watching = watch(id)
  const { data } = await knowledge.request(
    'mutation ($id: ID!) { answerCancel(id: $id) { answer { status } userErrors { code } } }',
    { id },
  )
  expect(data.answerCancel).toEqual({ answer: { status: 'CANCELLED' }, userErrors: [] })
  await left
  expect((await watching).at(-1)).toMatchObject({ __typename: 'AnswerCompleted', answer: { status: 'CANCELLED' } })
  const again = await knowledge.request('mutation ($id: ID!) { answerCancel(id: $id) { answer { status } } }', { id })
  expect(again.data.answerCancel.answer.status).toBe('CANCELLED')
})

test('an answer whose last watcher left is cancelled after the grace time, a detached one is not', async () => {
  const watched = saysThenHangs('Backups are')
  for await (const { data } of knowledge.subscribe(STREAM, { input: input() })) {
    if (data.answerStream.__typename === 'AnswerDelta') break
  }
  await watched.left
  const detached = saysThenHangs('Backups')
  const id = await start({ isDetached: true })
  await detached.said
  for await (const { data } of knowledge.subscribe(EVENTS, { id })) {
    if (data.answerEvents.__typename === 'AnswerDelta') break
  }
  // A second answer goes through its whole grace time meanwhile.
  const other = saysThenHangs('Backups')
  await start()
  await other.left
  expect((await knowledge.request(READ, { id })).data.answer.status).toBe('RUNNING')
  await knowledge.request('mutation ($id: ID!) { answerCancel(id: $id) { answer { id } } }', { id })
})

test('the answer of a process that ends fails for its watchers as retryable, and another process says so', async () => {
  saysThenHangs('Backups are')
  const id = await start({ isDetached: true })
  for await (const { data } of knowledge.subscribe(EVENTS, { id })) {
    if (data.answerEvents.__typename === 'AnswerDelta') break
  }
  await knowledge.restartApi()
  expect((await watch(id)).at(-1)).toMatchObject({
    __typename: 'AnswerFailed',
    code: 'PROCESS_DIED',
    isRetryable: true,
    answer: { status: 'FAILED', text: 'Backups are' },
  })
})

test('an extract whose process died is made again, the same, and counts once', async () => {
  const id = await start({ mode: 'EXTRACTIVE', isDetached: true })
  const whole = await watch(id)
  const { database } = knowledge.platform
  for (const table of ['stream_event', 'stream'])
    await database.sql.execute(sql`delete from ${sql.raw(`knowledge.${table}`)} where stream_id = ${id}`)
  for (const table of ['answer_citation', 'answer_source'])
    await database.sql.execute(sql`delete from ${sql.raw(`knowledge.${table}`)} where answer_id = ${id}`)
  await database.sql
    .execute(sql`update knowledge.answer set status = 'RUNNING', text = '', verdict = null, finished_at = null,
    lease_owner = 'dead', lease_expires_at = now() - interval '1 second' where id = ${id}`)
  const shape = (events: any[]) =>
    events.map(({ cursor, __typename, text, citation }) => ({ cursor, __typename, text, citation }))
  expect(shape(await watch(id))).toEqual(shape(whole))
  const counted = () => knowledge.usages.filter(({ kind, eventId }) => kind === 'ANSWER' && eventId.includes(id))
  await knowledge.until(() => counted().length === 2)
  expect(new Set(counted().map(({ eventId }) => eventId)).size).toBe(1)
  expect((await knowledge.request(READ, { id })).data.answer).toMatchObject({
    status: 'COMPLETED',
    verdict: 'ANSWERED',
  })
})

const BAD_INPUT: [string, Record<string, unknown>, string, string][] = [
  ['an empty question', { question: ' \n ' }, 'INVALID', 'input.question'],
  ['a question longer than the context', { question: 'why '.repeat(10_000) }, 'CONTEXT_TOO_LONG', 'input.question'],
  ['… in a script of a token a character', { question: '为'.repeat(9000) }, 'CONTEXT_TOO_LONG', 'input.question'],
  [
    'a conversation longer than the context',
    { conversation: [{ role: 'USER', content: 'so '.repeat(10_000) }] },
    'CONTEXT_TOO_LONG',
    'input.conversation',
  ],
  ['no knowledge base', { knowledgeBaseIds: [] }, 'INVALID', 'input.knowledgeBaseIds'],
  ['a malformed id', { knowledgeBaseIds: ["kb_'; drop"] }, 'NOT_FOUND', 'input.knowledgeBaseIds.0'],
  ['an unknown id', { knowledgeBaseIds: [createId('kb')] }, 'NOT_FOUND', 'input.knowledgeBaseIds.0'],
  ['too many sources', { maxSources: 21 }, 'INVALID', 'input.maxSources'],
  ['no sources', { maxSources: 0 }, 'INVALID', 'input.maxSources'],
  ['an unknown model', { modelName: 'nobody' }, 'MODEL_NOT_AVAILABLE', 'input.modelName'],
  ['a model of another kind', { modelName: EMBEDDER.name }, 'MODEL_NOT_AVAILABLE', 'input.modelName'],
]

test.each(BAD_INPUT)(
  '%s is a user error of answerStart and an error of answerStream',
  async (_name, bad, code, path) => {
    const { data } = await knowledge.request(START, { input: input(bad) })
    expect(data.answerStart.answer).toBeNull()
    expect(data.answerStart.userErrors).toMatchObject([{ code, path: path.split('.') }])
    const results = await drain(knowledge.subscribe(STREAM, { input: input(bad) }))
    expect(JSON.stringify(results)).toContain('BAD_USER_INPUT')
    expect(JSON.stringify(results)).toContain(JSON.stringify(path.split('.')))
  },
)

test('GENERATIVE without any chat model is refused at its start', async () => {
  knowledge.models.available = [EMBEDDER]
  const { data } = await knowledge.request(START, { input: input() })
  expect(data.answerStart.userErrors).toMatchObject([{ code: 'MODEL_NOT_AVAILABLE', path: ['input', 'mode'] }])
})

test('a foreign, unknown or malformed answer is null, not found, and not followed', async () => {
  says('Backups are kept for 30 days [1].')
  const id = await start({ isDetached: true })
  await watch(id)
  const foreign = testIdentity(createId('ws'), 'ADMIN')
  for (const [wanted, as] of [[id, foreign], [createId('ans')], ['ans_bad']] as const) {
    expect((await knowledge.request(READ, { id: wanted }, as)).data.answer).toBeNull()
    const cancel = 'mutation ($id: ID!) { answerCancel(id: $id) { answer { id } userErrors { code path } } }'
    expect((await knowledge.request(cancel, { id: wanted }, as)).data.answerCancel).toEqual({
      answer: null,
      userErrors: [{ code: 'NOT_FOUND', path: ['id'] }],
    })
    const results = await drain(knowledge.subscribe(EVENTS, { id: wanted }, as))
    expect(JSON.stringify(results)).toContain('NOT_FOUND')
  }
})

test.each(['nonsense', 's9999', ''])(
  'a cursor that the stream never gave (%j) is refused as CURSOR_INVALID',
  async (after) => {
    says('Backups are kept for 30 days [1].')
    const id = await start({ isDetached: true })
    await watch(id)
    const results = await drain(knowledge.subscribe(EVENTS, { id, after }))
    expect(JSON.stringify(results)).toContain('CURSOR_INVALID')
  },
)

test('an ended answer whose events are no longer kept says so instead of staying silent', async () => {
  says('Backups are kept for 30 days [1].')
  const id = await start({ isDetached: true })
  await watch(id)
  await knowledge.platform.database.sql.execute(sql`delete from knowledge.stream where stream_id = ${id}`)
  expect(JSON.stringify(await drain(knowledge.subscribe(EVENTS, { id })))).toContain('NOT_FOUND')
})

test('a knowledge base of another workspace cannot be asked', async () => {
  const { data } = await knowledge.request(START, { input: input() }, testIdentity(createId('ws'), 'ADMIN'))
  expect(data.answerStart.userErrors).toMatchObject([{ code: 'NOT_FOUND' }])
})

test('an answer keeps its quotes when its document is deleted', async () => {
  const own = await knowledge.createKnowledgeBase('Deleted later')
  const documentId = await knowledge.ingest(own, HANDBOOK)
  const id = await start({ knowledgeBaseIds: [own], mode: 'EXTRACTIVE', isDetached: true })
  await watch(id)
  await knowledge.request('mutation ($id: ID!) { documentDelete(id: $id) { documentId } }', { id: documentId })
  const { data } = await knowledge.request(
    'query ($id: ID!) { answer(id: $id) { sources { chunk { id } } citations { quote document { id } chunk { id } } } }',
    { id },
  )
  expect(data.answer.citations[0]).toMatchObject({
    quote: expect.stringContaining('30 days'),
    document: null,
    chunk: null,
  })
  expect(data.answer.sources[0].chunk).toBeNull()
})
