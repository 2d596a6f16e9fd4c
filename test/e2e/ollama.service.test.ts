// A real Ollama behind the platform: its models are chosen before the embedded ones, an answer is written by it, and the server holds every
// sentence of that answer against the sources, however fluent it is.
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { readHandbook } from '../fixtures/handbook/handbook.ts'
import type { TestClient } from '../harness/client.ts'
import { STORY_TIMEOUTS } from '../harness/platform-under-test.ts'
import { startStandalone, type RunningStandalone } from '../harness/standalone.ts'
import { ensureOllama, startOllama, type RunningOllama } from '../services/ollama.ts'
import { describeWithService } from '../services/service.ts'

const QUESTIONS = [
  'Who changes the password for visitors?',
  'What does the handbook say about visitors?',
  'What should people know about the building?',
]

vi.setConfig(STORY_TIMEOUTS)

describeWithService('a generated answer on Ollama', await ensureOllama(), (installation) => {
  let ollama: RunningOllama
  let platform: RunningStandalone
  let client: TestClient
  let knowledgeBaseId: string

  beforeAll(async () => {
    ollama = await startOllama(installation)
    platform = await startStandalone({ environment: { OLLAMA_HOST: ollama.url } })
    client = platform.client()
    knowledgeBaseId = await client.createKnowledgeBase('Handbook')
    const job = await client.ingest({ knowledgeBaseId, files: readHandbook() })
    expect(job.status).toBe('SUCCEEDED')
  })
  afterAll(async () => {
    await platform?.close()
    await ollama?.close()
  })

  test('the host and both its models are listed, and the knowledge base took its embedding model', async () => {
    const data = await client.query(
      `query ($id: ID!) { modelHosts { provider isReachable models { name capabilities } } knowledgeBase(id: $id) { embeddingModel { name provider embeddingDimensions } } }`,
      { id: knowledgeBaseId },
    )
    const host = data.modelHosts.find(({ provider }: any) => provider === 'OLLAMA')
    expect(host.isReachable).toBe(true)
    expect(host.models.map(({ name }: any) => name)).toEqual(
      expect.arrayContaining([ollama.chatModelName, ollama.embeddingModelName]),
    )
    expect(data.knowledgeBase.embeddingModel).toMatchObject({
      provider: 'OLLAMA',
      embeddingDimensions: ollama.embeddingDimensions,
    })
  })

  test('answers stream in several deltas, cost tokens, and cite what stands in the documents', async () => {
    let deltaCount = 0
    let citationCount = 0
    for (const question of QUESTIONS) {
      const outcome = await client.ask({ question, knowledgeBaseIds: [knowledgeBaseId], mode: 'GENERATIVE' })
      expect(outcome.answer.status).toBe('COMPLETED')
      expect(outcome.answer.text).toBe(outcome.text)
      if (outcome.answer.verdict === 'NOT_IN_DOCUMENTS') continue
      deltaCount = Math.max(deltaCount, outcome.events.filter(({ __typename }) => __typename === 'AnswerDelta').length)
      expect(outcome.answer.usage.promptTokens).toBeGreaterThan(0)
      expect(outcome.answer.usage.completionTokens).toBeGreaterThan(0)
      for (const { quote, span, document, isVerified, answerSpan } of outcome.citations) {
        citationCount += 1
        expect(document.text.slice(span.startOffset, span.endOffset)).toBe(quote)
        if (!isVerified) continue
        // What a verified sentence says in numbers, its quote says too.
        const sentence = outcome.text.slice(answerSpan.startOffset, answerSpan.endOffset).replaceAll(/\[\d+\]/g, '')
        for (const [number] of sentence.matchAll(/\d+(?:[.,]\d+)*/g)) expect(quote).toContain(number)
      }
    }
    expect(deltaCount).toBeGreaterThan(3)
    expect(citationCount).toBeGreaterThan(0)
  })

  test('a generation stopped by its only watcher leaving is cancelled', async () => {
    const input = { messages: [{ role: 'USER', content: 'Count from one to five hundred in words.' }], maxTokens: 1000 }
    let id = ''
    for await (const { data } of client.subscribe(
      'subscription ($input: GenerationInput!) { generationStream(input: $input) { __typename ... on GenerationStarted { generation { id } } } }',
      { input },
    )) {
      if (data.generationStream.__typename === 'GenerationStarted') id = data.generationStream.generation.id
      else break
    }
    const { generationCancel } = await client.query(
      'mutation ($id: ID!) { generationCancel(id: $id) { generation { status } userErrors { message } } }',
      { id },
    )
    expect(generationCancel).toEqual({ generation: { status: 'CANCELLED' }, userErrors: [] })
  })
})
