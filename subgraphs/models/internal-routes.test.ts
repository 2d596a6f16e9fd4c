// What other subgraphs get over HTTP, by the client they use.
import { expect, test } from 'vitest'
import { createModelsClient } from '../../contracts/models-client.ts'
import { startModels } from './main.ts'
import { EMBEDDED_CHAT_MODEL, EMBEDDED_EMBEDDING_MODEL } from './model-files/manifest.ts'
import {
  describeRunningModels,
  environment,
  FRANCE,
  identity,
  LONG,
  never,
  READ,
  readAll,
  user,
} from './running-models.fixture.ts'

const passageOf = (sentence: string) => ({ context: '', sentences: [sentence] })

await describeRunningModels('internal API of models', (running) => {
  test('finds the default and the named model, and null for others', async () => {
    expect(await running().client.findModel(identity, 'CHAT', null, never())).toMatchObject({
      name: EMBEDDED_CHAT_MODEL.name,
      provider: 'EMBEDDED',
      parameterCount: 134_515_008,
    })
    expect(await running().client.findModel(identity, 'EMBEDDING', null, never())).toMatchObject({
      name: EMBEDDED_EMBEDDING_MODEL.name,
      embeddingDimensions: 384,
    })
    expect(await running().client.findModel(identity, 'CHAT', EMBEDDED_EMBEDDING_MODEL.name, never())).toBeNull()
    expect(await running().client.findModel(identity, 'CHAT', 'no-such-model', never())).toBeNull()
  })

  test('embeds in order, and counts repeated work once', async () => {
    const request = {
      modelName: EMBEDDED_EMBEDDING_MODEL.name,
      texts: ['a river', 'a violin'],
      purpose: 'document' as const,
      idempotencyKey: 'batch-1',
    }
    const first = await running().client.embed(identity, request, never())
    const again = await running().client.embed(identity, request, never())
    expect(first.map((vector) => vector.length)).toEqual([384, 384])
    expect(again).toEqual(first)
    await expect
      .poll(() => running().usages.filter(({ kind }) => kind === 'EMBEDDING').length, { timeout: 15_000 })
      .toBe(2)
    const ids = running()
      .usages.filter(({ kind }) => kind === 'EMBEDDING')
      .map(({ eventId }) => eventId)
    expect(new Set(ids).size).toBe(1)
    expect(await running().client.embed(identity, { ...request, texts: [], idempotencyKey: 'none' }, never())).toEqual(
      [],
    )
    await expect(
      running().client.embed(identity, { ...request, modelName: 'no-such-model' }, never()),
    ).rejects.toMatchObject({ code: 'MODEL_NOT_AVAILABLE' })
  })

  test('counts work without a key each time it is done, also what a process did last', async () => {
    const request = { modelName: EMBEDDED_EMBEDDING_MODEL.name, texts: ['a heron'], purpose: 'query' as const }
    const other = await startModels(running().platform, environment)
    const { signer } = running().platform
    const ofOther = createModelsClient({ origin: () => new URL(other.url).origin, signer })
    await running().usagesTold()
    const before = running().usages.length
    await running().client.embed(identity, { ...request, idempotencyKey: null }, never())
    await ofOther.embed(identity, { ...request, idempotencyKey: null }, never())
    for (const question of ['Is it a bird?', 'Is it a bird?'])
      await ofOther.embed(identity, { ...request, texts: [question], idempotencyKey: 'question-1' }, never())
    const readings = await ofOther.rerank(
      identity,
      { question: 'Is it a bird?', passages: [passageOf('A heron.'), passageOf('A')] },
      never(),
    )
    await other.close()
    // Reranking only where there is a model for it.
    const kinds = ['EMBEDDING', 'EMBEDDING', 'EMBEDDING', 'EMBEDDING', ...(readings === null ? [] : ['RERANK'])]
    await expect.poll(() => running().usages.length - before, { timeout: 15_000 }).toBe(kinds.length)
    const counted = running().usages.slice(before)
    expect(counted.map(({ kind }) => kind).toSorted()).toEqual(kinds)
    expect(new Set(counted.map(({ eventId }) => eventId)).size).toBe(kinds.length - 1)
    expect(counted.every(({ promptTokens, modelName }) => promptTokens > 0 && modelName !== null)).toBe(true)
  })

  test('reranks passages, or says that nothing can', async () => {
    const passages = ['Paris is the capital of France.', 'A violin has four strings.'].map(passageOf)
    const readings = await running().client.rerank(
      identity,
      { question: 'What is the capital of France?', passages },
      never(),
    )
    const { data } = await running().ask('{ models { nodes { capabilities } } }')
    const canRerank = data.models.nodes.some((model: { capabilities: string[] }) =>
      model.capabilities.includes('RERANK'),
    )
    if (canRerank) expect(readings?.[0]?.score).toBeGreaterThan(readings?.[1]?.score ?? Infinity)
    else expect(readings).toBeNull()
  })

  test('generates as a stream, and passes on why it failed', async () => {
    const lines = []
    for await (const line of running().client.generate(identity, { modelName: null, ...FRANCE }, never()))
      lines.push(line)
    expect(lines[0]).toMatchObject({
      type: 'started',
      generationId: expect.stringMatching(/^gen_/),
      model: { name: EMBEDDED_CHAT_MODEL.name },
    })
    expect(lines.at(-1)).toMatchObject({ type: 'completed', usage: { completionTokens: expect.any(Number) } })
    await expect(readAll(running().client, { messages: user('river '.repeat(9_000)) })).rejects.toMatchObject({
      code: 'CONTEXT_TOO_LONG',
    })
    await expect(readAll(running().client, { ...FRANCE, modelName: 'no-such-model' })).rejects.toMatchObject({
      code: 'MODEL_NOT_AVAILABLE',
    })
  })

  test('cancels when the caller closes the socket', async () => {
    const abort = new AbortController()
    let id = ''
    const reading = async (): Promise<void> => {
      for await (const line of running().client.generate(identity, { modelName: null, ...LONG }, abort.signal)) {
        if (line.type === 'started') id = line.generationId
        if (line.type === 'delta') abort.abort()
      }
    }
    await expect(reading()).rejects.toMatchObject({ code: 'CANCELLED' })
    await expect
      .poll(async () => (await running().ask(READ, { id })).data.generation.status, {
        timeout: 15_000,
        interval: 20,
      })
      .toBe('CANCELLED')
  })
})
