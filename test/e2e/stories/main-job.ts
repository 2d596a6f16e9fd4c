// The main job: documents of four formats go in by upload, an answer streams out through the gateway, and each of its citations stands word
// for word in the document it names.
import { EventSource } from 'eventsource'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { ABSENT_QUESTION, HANDBOOK_QUESTIONS, readHandbook } from '../../fixtures/handbook/handbook.ts'
import { startBreakingProxy } from '../../harness/breaking-proxy.ts'
import type { AnswerOutcome, TestClient } from '../../harness/client.ts'
import { needModel, waitForModels, type NeededCapability } from '../../harness/models.ts'
import { STORY_TIMEOUTS, type PlatformUnderTest } from '../../harness/platform-under-test.ts'

const EVENT =
  '__typename cursor ... on AnswerStarted { answer { id } } ... on AnswerDelta { sequence text model { name } }'
const ANSWERS = '{ answers(first: 100) { nodes { id } } }'
const STEPS = ['FETCH', 'EXTRACT', 'CLEAN', 'CHUNK', 'EMBED', 'INDEX', 'LINK', 'CHECK']

export function mainJobStory(profile: string, start: () => Promise<PlatformUnderTest>): void {
  vi.setConfig(STORY_TIMEOUTS)
  describe(`main job, ${profile}`, () => {
    let platform: PlatformUnderTest
    let client: TestClient
    let models: Map<NeededCapability, string>
    let knowledgeBaseId: string
    let job: any

    beforeAll(async () => {
      platform = await start()
      client = platform.client()
      models = await waitForModels(client)
      knowledgeBaseId = await client.createKnowledgeBase('Handbook')
      job = await client.ingest({ knowledgeBaseId, files: readHandbook() })
    })
    afterAll(() => platform?.close())

    test('TXT, Markdown, HTML and PDF are ingested in eight steps each', () => {
      expect(job).toMatchObject({ status: 'SUCCEEDED', itemCount: 4, completedItemCount: 4, failedItemCount: 0 })
      for (const item of job.items.nodes) {
        expect(item.document, item.name).toMatchObject({ status: 'READY' })
        expect(item.steps.map((step: any) => [step.name, step.status, step.attemptCount])).toEqual(
          STEPS.map((name) => [name, 'SUCCEEDED', 1]),
        )
      }
    })

    test.each(HANDBOOK_QUESTIONS)(
      '"$question" is answered from $fileName, with a verified citation',
      async (wanted) => {
        const outcome = await client.ask({
          question: wanted.question,
          knowledgeBaseIds: [knowledgeBaseId],
          mode: 'EXTRACTIVE',
        })
        expectWellFormed(outcome)
        expect(outcome.answer).toMatchObject({ status: 'COMPLETED', verdict: 'ANSWERED', mode: 'EXTRACTIVE' })
        expect(outcome.text).toContain(wanted.expected)
        const documentId = job.items.nodes.find((item: any) => item.name === wanted.fileName).document.id
        const supporting = outcome.citations.filter(
          ({ isVerified, quote, document }) =>
            isVerified && document.id === documentId && quote.includes(wanted.expected),
        )
        expect(supporting).not.toEqual([])
      },
    )

    test('a question that the documents do not answer ends as NOT_IN_DOCUMENTS', async () => {
      const outcome = await client.ask({
        question: ABSENT_QUESTION,
        knowledgeBaseIds: [knowledgeBaseId],
        mode: 'EXTRACTIVE',
      })
      expect(outcome.answer).toMatchObject({ status: 'COMPLETED', verdict: 'NOT_IN_DOCUMENTS', citations: [] })
    })

    test('a model writes an answer in several deltas, each naming it, and every citation stands in its document', async ({
      skip,
    }) => {
      const modelName = needModel(models, 'CHAT', skip)
      const outcome = await client.ask({
        question: HANDBOOK_QUESTIONS[2].question,
        knowledgeBaseIds: [knowledgeBaseId],
        mode: 'GENERATIVE',
        modelName,
      })
      expectWellFormed(outcome)
      const deltas = outcome.events.filter(({ __typename }) => __typename === 'AnswerDelta')
      expect(deltas.length).toBeGreaterThan(1)
      expect(deltas.map(({ model }) => model?.name)).toEqual(deltas.map(() => modelName))
      expect(outcome.answer).toMatchObject({ status: 'COMPLETED', mode: 'GENERATIVE', model: { name: modelName } })
      expect(outcome.answer.usage.promptTokens).toBeGreaterThan(0)
      expect(outcome.answer.usage.completionTokens).toBeGreaterThan(0)
    })

    test('a client whose connection breaks again and again gets every event of its answer once, and has asked once', async () => {
      const proxy = await startBreakingProxy(platform.url, { cuts: 2 })
      const before = (await client.query(ANSWERS)).answers.nodes
      const parameters = new URLSearchParams({
        query: `subscription ($input: AnswerInput!) { answerStream(input: $input) { ${EVENT} } }`,
        variables: JSON.stringify({
          input: {
            question: HANDBOOK_QUESTIONS[1].question,
            knowledgeBaseIds: [knowledgeBaseId],
            mode: 'EXTRACTIVE',
          },
        }),
      })
      const source = new EventSource(`${proxy.url}?${parameters}`, {
        fetch: (url, init) =>
          fetch(url, { ...init, headers: { ...init.headers, authorization: `Bearer ${platform.adminApiKey}` } }),
      })
      const seen: any[] = []
      source.addEventListener('next', ({ data }) => seen.push(JSON.parse(data)))
      await once(source, 'complete')
      source.close()
      await proxy.close()
      expect(proxy.cutCount).toBe(2)
      const after = (await client.query(ANSWERS)).answers.nodes
      expect(after).toHaveLength(before.length + 1)
      const { id } = seen[0].data.answerStream.answer
      const whole: any[] = []
      for await (const result of client.subscribe(`subscription ($id: ID!) { answerEvents(id: $id) { ${EVENT} } }`, {
        id,
      }))
        whole.push(result.data.answerEvents)
      expect(seen.map(({ data }) => data.answerStream)).toEqual(whole)
      expect(whole.length).toBeGreaterThan(2)
    })

    test('search finds by meaning and by words, each hit at its exact place', async ({ skip }) => {
      needModel(models, 'EMBEDDING', skip)
      const { knowledgeBase } = await client.query(
        `query ($id: ID!) { knowledgeBase(id: $id) { search(query: "who changes the password for visitors", first: 3) {
          mode hits { score denseRank lexicalRank chunk { text span { startOffset endOffset } document { title text } } } } } }`,
        { id: knowledgeBaseId },
      )
      expect(knowledgeBase.search.mode).toBe('HYBRID')
      for (const { chunk } of knowledgeBase.search.hits)
        expect(chunk.document.text.slice(chunk.span.startOffset, chunk.span.endOffset)).toBe(chunk.text)
      expect(knowledgeBase.search.hits[0].chunk.text).toContain('Tomasz Wieczorek')
    })
  })
}

/** What holds for every answer, whatever it says. */
function expectWellFormed({ events, text, citations, answer }: AnswerOutcome): void {
  const types = events.map(({ __typename }) => __typename)
  expect(types[0]).toBe('AnswerStarted')
  expect(types.at(-1)).toBe('AnswerCompleted')
  expect(new Set(events.map(({ cursor }) => cursor)).size).toBe(events.length)
  const sequences = events.flatMap((event) => (event.__typename === 'AnswerDelta' ? [event.sequence] : []))
  expect(sequences).toEqual(sequences.toSorted((a, b) => a - b))
  expect(answer.text).toBe(text)
  expect(answer.citations).toEqual(citations)
  expect(answer.timings.retrievalMs).toBeGreaterThanOrEqual(0)
  for (const { quote, span, document, answerSpan } of citations) {
    expect(document.text.slice(span.startOffset, span.endOffset)).toBe(quote)
    expect(text.slice(answerSpan.startOffset, answerSpan.endOffset).trim()).not.toBe('')
  }
}
