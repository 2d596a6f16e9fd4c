// Answers that are planned while models does not answer just now: waited for, given up, cancelled, left to the next process, and never
// decided by less than the platform has.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { EMBEDDER, WRITER } from './testing/scripted-models.ts'
import { startTestKnowledge, textContent, type TestKnowledge } from './testing/start-knowledge.ts'

const PATIENCE_MS = 2500
const HANDBOOK = textContent('Cable manual', [
  {
    heading: 'Fibres',
    text: 'Light travels 410 metres through glass on its way to the people at the desks. The glass was laid in a trench under the lawn.',
  },
])
/** Shares no word with the sentence that answers it: decided by words alone the documents do not hold it. */
const QUESTION = 'What distance does the fiber-optic link span?'

let knowledge: TestKnowledge
let knowledgeBaseId: string

beforeAll(async () => {
  knowledge = await startTestKnowledge({ TRIBUTARY_ANSWER_PATIENCE_MS: String(PATIENCE_MS) })
  knowledgeBaseId = await knowledge.createKnowledgeBase('Cables')
  await knowledge.ingest(knowledgeBaseId, HANDBOOK)
})
beforeEach(() => {
  knowledge.models.available = [EMBEDDER, WRITER]
  knowledge.models.isAway = false
  knowledge.models.onRefusal = () => undefined
  knowledge.models.rerank = (_question, passage) => (passage.includes('410') ? 9 : -9)
})
afterAll(() => knowledge.close())

const EVENT = `__typename
  ... on AnswerDelta { text }
  ... on AnswerStarted { answer { mode } }
  ... on AnswerCompleted { answer { status verdict text } }
  ... on AnswerFailed { code message isRetryable answer { status verdict text } }`
const EVENTS = `subscription ($id: ID!) { answerEvents(id: $id) { ${EVENT} } }`
const START = `mutation ($input: AnswerInput!) {
  answerStart(input: $input) { answer { id } userErrors { code message } } }`
const CANCEL = 'mutation ($id: ID!) { answerCancel(id: $id) { answer { status } } }'

async function start(more: Record<string, unknown> = {}): Promise<string> {
  const input = {
    question: QUESTION,
    knowledgeBaseIds: [knowledgeBaseId],
    mode: 'EXTRACTIVE',
    isDetached: true,
    ...more,
  }
  const { data } = await knowledge.request(START, { input })
  expect(data.answerStart.userErrors).toEqual([])
  return data.answerStart.answer.id
}
async function watch(id: string): Promise<any[]> {
  const events: any[] = []
  for await (const { data } of knowledge.subscribe(EVENTS, { id })) events.push(data.answerEvents)
  return events
}
/** From now on models is away; resolves when it has refused so many requests. */
function goesAway(refusals: number): Promise<void> {
  const refused = Promise.withResolvers<void>()
  let count = 0
  knowledge.models.isAway = true
  knowledge.models.onRefusal = () => {
    count += 1
    if (count === refusals) refused.resolve()
  }
  return refused.promise
}
const comesBack = () => {
  knowledge.models.isAway = false
}

test('an answer waits for models, and is then decided as if they had never been away', async () => {
  const undisturbed = await watch(await start())
  expect(undisturbed.at(-1)).toMatchObject({ answer: { verdict: 'ANSWERED', text: expect.stringContaining('410') } })
  const refused = goesAway(4)
  const id = await start()
  await refused
  comesBack()
  expect(await watch(id)).toEqual(undisturbed)
})

test('models that go away between the search and the decision are waited for as well', async () => {
  const undisturbed = await watch(await start())
  let refused = Promise.resolve()
  knowledge.models.beforeEmbedding = () => {
    refused = goesAway(2)
  }
  const id = await start()
  const watching = watch(id)
  await expect.poll(() => knowledge.models.isAway).toBe(true)
  knowledge.models.beforeEmbedding = () => undefined
  await refused
  comesBack()
  expect(await watching).toEqual(undisturbed)
})

test('an answer whose models stay away fails as retryable instead of saying that the documents do not hold it', async () => {
  void goesAway(1)
  const id = await start()
  const events = await watch(id)
  expect(events.map(({ __typename }) => __typename)).toEqual(['AnswerStarted', 'AnswerFailed'])
  expect(events.at(-1)).toMatchObject({
    code: 'UPSTREAM_UNAVAILABLE',
    isRetryable: true,
    answer: { status: 'FAILED', verdict: null, text: '' },
  })
})

test('without a model that this platform does not have the next best decides, at once', async () => {
  knowledge.models.rerank = null
  const question = 'How many metres does light travel through glass?'
  const bySimilarity = await watch(await start({ question }))
  expect(bySimilarity.at(-1)).toMatchObject({ answer: { status: 'COMPLETED', verdict: 'ANSWERED' } })
  knowledge.models.available = []
  const byWords = await watch(await start({ question }))
  expect(byWords.at(-1)).toMatchObject({ answer: { status: 'COMPLETED', verdict: 'ANSWERED' } })
})

test('an answer that waits for models is cancelled at once', async () => {
  const refused = goesAway(3)
  const id = await start()
  await refused
  const { data } = await knowledge.request(CANCEL, { id })
  expect(data.answerCancel.answer.status).toBe('CANCELLED')
})

test('an answer that waits for models when its process ends is made by the next one', async () => {
  const refused = goesAway(3)
  const id = await start()
  await refused
  await knowledge.restartApi()
  comesBack()
  expect((await watch(id)).at(-1)).toMatchObject({ answer: { status: 'COMPLETED', verdict: 'ANSWERED' } })
})

test('a generated answer begins while models is away, and is written by the model that is there afterwards', async () => {
  knowledge.models.script = async function* () {
    yield 'Light travels 410 metres through glass [1].'
  }
  const refused = goesAway(3)
  const id = await start({ mode: 'GENERATIVE' })
  await refused
  comesBack()
  const events = await watch(id)
  expect(events[0]).toMatchObject({ answer: { mode: 'GENERATIVE' } })
  expect(events.at(-1)).toMatchObject({ answer: { status: 'COMPLETED', text: expect.stringContaining('410') } })
})

test('a model that turns out not to exist fails the answer that was taken while models was away', async () => {
  const refused = goesAway(3)
  const id = await start({ modelName: 'nobody' })
  await refused
  comesBack()
  expect((await watch(id)).at(-1)).toMatchObject({ code: 'MODEL_NOT_AVAILABLE', answer: { status: 'FAILED' } })
})

test('a generation that is cut off in the middle ends the answer at once as one whose process died', async () => {
  const text = 'The way of light through glass is 410 metres long [1]. The glass'
  knowledge.models.script = async function* (_request, signal) {
    yield text
    // As when the process is gone: nobody judges the first sentence, and then the connection ends without a last line.
    await goesAway(1)
    knowledge.models.hangUp()
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
  }
  const events = await watch(await start({ mode: 'GENERATIVE' }))
  expect(events.at(-1)).toMatchObject({ code: 'PROCESS_DIED', isRetryable: true, answer: { status: 'FAILED', text } })
})

test('a search goes on by words, and says so', async () => {
  const search = async () =>
    (
      await knowledge.request(
        'query ($id: ID!) { knowledgeBase(id: $id) { search(query: "glass", first: 1) { mode hits { denseRank lexicalRank } } } }',
        { id: knowledgeBaseId },
      )
    ).data.knowledgeBase.search
  expect((await search()).mode).toBe('HYBRID')
  void goesAway(1)
  expect(await search()).toEqual({ mode: 'LEXICAL', hits: [{ denseRank: null, lexicalRank: 1 }] })
})
