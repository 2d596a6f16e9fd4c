// models as a running subgraph on a real database, with the embedded models behind it.
import { createClient, type Client } from 'graphql-ws'
import { WebSocket } from 'ws'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestPlatform, requestSubgraph, testIdentity, type TestPlatform } from '../../test/harness/platform.ts'
import { usageRecorded } from '../../contracts/messages.ts'
import { createModelsClient, type ModelsClient } from '../../contracts/models-client.ts'
import { inArray } from 'drizzle-orm'
import { ACTIVE_STATUSES } from './domain/generation.ts'
import { cachedModel } from './model-files/cached-model.fixture.ts'
import { EMBEDDED_CHAT_MODEL, EMBEDDED_EMBEDDING_MODEL } from './model-files/manifest.ts'
import { startModels, type RunningModels } from './main.ts'
import { generationTable } from './tables.ts'

const files = await Promise.all([EMBEDDED_CHAT_MODEL, EMBEDDED_EMBEDDING_MODEL].map(cachedModel))
const missing = files.flatMap((found) => ('missing' in found ? [found.missing] : []))

const workspaceId = 'ws_models_test'
const identity = testIdentity(workspaceId, 'VIEWER')
const foreign = testIdentity('ws_other', 'ADMIN')
const never = (): AbortSignal => new AbortController().signal
const user = (content: string) => [{ role: 'USER' as const, content }]
const FRANCE = {
  messages: [
    { role: 'SYSTEM' as const, content: 'You are a helpful assistant.' },
    ...user('What is the capital of France?'),
  ],
  temperature: 0,
  maxTokens: 30,
}
const LONG = { messages: user('Write a very long story about a river.'), temperature: 0, maxTokens: 900 }
const EVENT = `__typename cursor occurredAt
  ... on GenerationStarted { generation { id status } }
  ... on GenerationDelta { sequence text model { name } }
  ... on GenerationCompleted { generation { id status text usage { promptTokens completionTokens totalTokens } timeToFirstTokenMs durationMs finishedAt model { id name } } }
  ... on GenerationFailed { code message isRetryable generation { id status text } }`
const STREAM = `subscription ($input: GenerationInput!) { generationStream(input: $input) { ${EVENT} } }`
const EVENTS = `subscription ($id: ID!, $after: String) { generationEvents(id: $id, after: $after) { ${EVENT} } }`
const START =
  'mutation ($input: GenerationInput!) { generationStart(input: $input) { generation { id status } userErrors { code message path } } }'
const READ = '{ generation(id: "ID") { id status text usage { totalTokens } model { name } finishedAt } }'

describe.skipIf(missing.length > 0)(
  `models subgraph${missing.length > 0 ? ` (skipped: ${missing.join(' ')})` : ''}`,
  () => {
    let platform: TestPlatform
    let models: RunningModels
    let client: ModelsClient
    let sockets: Client
    const usages: {
      eventId: string
      kind: string
      promptTokens: number
      completionTokens: number
      modelName: string | null
    }[] = []
    const ask = (query: string, variables = {}, as = identity) =>
      requestSubgraph(platform, models.url, as, query, variables)
    const subscribe = (query: string, variables: Record<string, unknown>) =>
      sockets.iterate<Record<string, any>>({ query, variables })
    const usageOf = (eventId: string) => usages.filter((usage) => usage.eventId === eventId)

    beforeAll(async () => {
      platform = await createTestPlatform()
      models = await startModels(platform, { ...process.env, OLLAMA_HOST: '', TRIBUTARY_GENERATION_GRACE_MS: '1200' })
      platform.origins.set('models', new URL(models.url).origin)
      client = createModelsClient({ origin: () => platform.originOf('models'), signer: platform.signer })
      sockets = createClient({
        url: models.url.replace('http', 'ws'),
        webSocketImpl: WebSocket,
        retryAttempts: 0,
        connectionParams: async () => ({ 'tributary-identity': await platform.signer.sign(identity) }),
      })
      await platform.queue.work(usageRecorded, {}, async ({ data }) => void usages.push(data))
    })
    afterAll(async () => {
      await sockets?.dispose()
      await models?.close()
      await platform?.close()
    })

    test('lists models and hosts, and finds one by the name people type', async () => {
      const { data } = await ask(`{
      models { nodes { id name provider capabilities contextLength embeddingDimensions parameterCount sizeBytes hosts { name } } pageInfo { hasNextPage } }
      modelHosts { id name provider isReachable models { name } loadedModels { name } }
      model(name: "${EMBEDDED_EMBEDDING_MODEL.name}") { id embeddingDimensions }
      nothing: model(name: "no-such-model") { id }
    }`)
      expect(data.models.nodes.map(({ name }: { name: string }) => name)).toEqual(
        expect.arrayContaining([EMBEDDED_CHAT_MODEL.name, EMBEDDED_EMBEDDING_MODEL.name]),
      )
      expect(
        data.models.nodes.toSorted((a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1)),
      ).toEqual(data.models.nodes)
      expect(data.modelHosts).toMatchObject([{ name: 'embedded', provider: 'EMBEDDED', isReachable: true }])
      expect(data.model).toMatchObject({ id: expect.stringMatching(/^model_/), embeddingDimensions: 384 })
      expect(data.nothing).toBeNull()
    })

    test('pages through models', async () => {
      const names: string[] = []
      let after: string | null = null
      do {
        const { data } = await ask(
          'query ($after: String) { models(first: 1, after: $after) { nodes { name } pageInfo { hasNextPage endCursor } } }',
          { after },
        )
        names.push(...data.models.nodes.map(({ name }: { name: string }) => name))
        after = data.models.pageInfo.hasNextPage ? data.models.pageInfo.endCursor : null
      } while (after !== null)
      const all = await ask('{ models { nodes { name } } }')
      expect(names).toEqual(all.data.models.nodes.map(({ name }: { name: string }) => name))
      expect((await ask('{ models(after: "nonsense") { nodes { name } } }')).errors?.[0]?.extensions.code).toBe(
        'CURSOR_INVALID',
      )
    })

    test('entity references to models and hosts cost no statement, and those of another workspace do not exist', async () => {
      const { data } = await ask('{ models { nodes { id } } modelHosts { id } }')
      const representations = [
        ...data.models.nodes.map(({ id }: { id: string }) => ({ __typename: 'Model', id })),
        { __typename: 'ModelHost', id: data.modelHosts[0].id },
        { __typename: 'Model', id: 'nonsense' },
      ]
      const query =
        'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Model { name isLoaded } ... on ModelHost { isReachable } } }'
      const before = platform.statements.length
      const own = await ask(query, { r: representations })
      expect(platform.statements.length - before).toBe(0)
      expect(own.data._entities.map((entity: object | null) => entity !== null)).toEqual([
        ...representations.slice(0, -1).map(() => true),
        false,
      ])
      expect((await ask(query, { r: representations }, foreign)).data._entities).toEqual(
        representations.map(() => null),
      )
    })

    test('streams a generation: started, deltas in order, completed with usage; its usage is counted once', async () => {
      const events: any[] = []
      for await (const { data } of subscribe(STREAM, { input: FRANCE })) events.push(data!['generationStream'])
      expect(events[0].__typename).toBe('GenerationStarted')
      const deltas = events.filter(({ __typename }) => __typename === 'GenerationDelta')
      expect(deltas.length).toBeGreaterThan(1)
      expect(deltas[0].model).toEqual({ name: EMBEDDED_CHAT_MODEL.name })
      const sequences = deltas.map(({ sequence }) => sequence)
      expect(sequences.toSorted((a, b) => a - b)).toEqual(sequences)
      const last = events.at(-1)
      expect(last).toMatchObject({
        __typename: 'GenerationCompleted',
        generation: { status: 'COMPLETED', finishedAt: expect.any(String) },
      })
      expect(last.generation.text).toBe(deltas.map(({ text }) => text).join(''))
      expect(last.generation.text).toContain('Paris')
      expect(last.generation.usage.totalTokens).toBe(
        last.generation.usage.promptTokens + last.generation.usage.completionTokens,
      )
      expect(last.generation.timeToFirstTokenMs).toBeLessThanOrEqual(last.generation.durationMs)
      const { data } = await ask(READ.replace('ID', events[0].generation.id))
      expect(data.generation).toMatchObject({
        status: 'COMPLETED',
        text: last.generation.text,
        model: { name: EMBEDDED_CHAT_MODEL.name },
      })
      await expect
        .poll(() => usageOf(events[0].generation.id))
        .toMatchObject([
          { kind: 'GENERATION', modelName: EMBEDDED_CHAT_MODEL.name, promptTokens: last.generation.usage.promptTokens },
        ])
    })

    test('a started generation can be followed, left and resumed behind a cursor without a gap', async () => {
      const { data } = await ask(START, { input: { ...FRANCE, isDetached: true } })
      expect(data.generationStart.userErrors).toEqual([])
      const { id } = data.generationStart.generation
      const first: any[] = []
      for await (const { data: event } of subscribe(EVENTS, { id })) {
        first.push(event!['generationEvents'])
        if (first.length === 3) break
      }
      const rest: any[] = []
      for await (const { data: event } of subscribe(EVENTS, { id, after: first[2].cursor }))
        rest.push(event!['generationEvents'])
      const text = [...first, ...rest].map((event) => event.text ?? '').join('')
      expect(rest.at(-1)).toMatchObject({ __typename: 'GenerationCompleted', generation: { text } })
    })

    test('cancelling ends it at once, keeps its text, tells its watchers and stops the model', async () => {
      let id = ''
      let cancelled: any = null
      const events: any[] = []
      let cancelledAt = 0
      for await (const { data } of subscribe(STREAM, { input: LONG })) {
        const event = data!['generationStream']
        events.push(event)
        id ||= event.generation.id
        if (event.__typename !== 'GenerationDelta' || cancelledAt > 0) continue
        cancelledAt = performance.now()
        cancelled = await ask(
          'mutation ($id: ID!) { generationCancel(id: $id) { generation { status text } userErrors { code } } }',
          { id },
        )
      }
      expect(performance.now() - cancelledAt).toBeLessThan(2_000)
      expect(cancelled.data.generationCancel).toMatchObject({ generation: { status: 'CANCELLED' }, userErrors: [] })
      expect(events.at(-1)).toMatchObject({
        __typename: 'GenerationCompleted',
        generation: { status: 'CANCELLED', usage: null },
      })
      expect(events.at(-1).generation.text).toBe(events.map((event) => event.text ?? '').join(''))
      const again = await ask(
        'mutation ($id: ID!) { generationCancel(id: $id) { generation { status } userErrors { code } } }',
        { id },
      )
      expect(again.data.generationCancel).toEqual({ generation: { status: 'CANCELLED' }, userErrors: [] })
      await expect.poll(() => usageOf(id)).toMatchObject([{ completionTokens: expect.any(Number) }])
      const startedAt = performance.now()
      await expect(readAll(client, FRANCE)).resolves.toContain('Paris')
      expect(performance.now() - startedAt, 'the engine was free').toBeLessThan(5_000)
    })

    test('a generation that its last watcher left is cancelled after the grace time, a detached one is not', async () => {
      const detached = (await ask(START, { input: { ...FRANCE, isDetached: true } })).data.generationStart.generation.id
      let id = ''
      for await (const { data } of subscribe(STREAM, { input: LONG })) {
        const event = data!['generationStream']
        id ||= event.generation.id
        if (event.__typename === 'GenerationDelta') break
      }
      const leftAt = performance.now()
      await expect
        .poll(async () => (await ask(READ.replace('ID', id))).data.generation.status, { timeout: 5_000, interval: 100 })
        .toBe('CANCELLED')
      expect(performance.now() - leftAt).toBeGreaterThan(1_000)
      await expect
        .poll(async () => (await ask(READ.replace('ID', detached))).data.generation.status, { timeout: 5_000 })
        .toBe('COMPLETED')
    })

    test('a watcher that comes back within the grace time keeps it alive', async () => {
      let id = ''
      let cursor = ''
      for await (const { data } of subscribe(STREAM, { input: LONG })) {
        const event = data!['generationStream']
        id ||= event.generation.id
        cursor = event.cursor
        if (event.__typename === 'GenerationDelta') break
      }
      const followedAt = performance.now()
      for await (const { data } of subscribe(EVENTS, { id, after: cursor })) {
        expect(data!['generationEvents'].__typename).toBe('GenerationDelta')
        if (performance.now() - followedAt > 2_500) break
      }
      expect((await ask(READ.replace('ID', id))).data.generation.status).toBe('RUNNING')
      await ask(`mutation { generationCancel(id: "${id}") { generation { id } } }`)
    })

    test('a running generation shows the text so far', async () => {
      const { id } = (await ask(START, { input: LONG })).data.generationStart.generation
      await expect
        .poll(async () => (await ask(READ.replace('ID', id))).data.generation.text.length, { interval: 50 })
        .toBeGreaterThan(20)
      await ask(`mutation { generationCancel(id: "${id}") { generation { id } } }`)
    })

    test('bad input is a user error that names the field; in a subscription an error with its path', async () => {
      const bad = await ask(START, { input: { messages: [], temperature: 9, modelName: 'no-such-model' } })
      expect(bad.data.generationStart.generation).toBeNull()
      expect(
        bad.data.generationStart.userErrors.map(({ code, path }: { code: string; path: string[] }) => [
          code,
          path.join('.'),
        ]),
      ).toEqual([
        ['INVALID', 'input.messages'],
        ['INVALID', 'input.temperature'],
        ['MODEL_NOT_AVAILABLE', 'input.modelName'],
      ])
      const embedding = await ask(START, { input: { ...FRANCE, modelName: EMBEDDED_EMBEDDING_MODEL.name } })
      expect(embedding.data.generationStart.userErrors).toMatchObject([{ code: 'MODEL_NOT_AVAILABLE' }])
      await expect(firstOf(subscribe(STREAM, { input: { messages: user(' ') } }))).rejects.toMatchObject([
        { extensions: { code: 'BAD_USER_INPUT', argumentPath: ['input', 'messages'] } },
      ])
    })

    test('a prompt longer than the context ends as failed and not retryable, without any text', async () => {
      const events: any[] = []
      for await (const { data } of subscribe(STREAM, { input: { messages: user('river '.repeat(9_000)) } }))
        events.push(data!['generationStream'])
      expect(events.map(({ __typename }) => __typename)).toEqual(['GenerationStarted', 'GenerationFailed'])
      expect(events[1]).toMatchObject({
        code: 'CONTEXT_TOO_LONG',
        isRetryable: false,
        message: expect.stringMatching(/8192/),
        generation: { status: 'FAILED', text: '' },
      })
    })

    test.for(['nonsense', 'gen_01h2xcejqtf2nbrexx3vqjhp41', 'model_01h2xcejqtf2nbrexx3vqjhp41'])(
      'the id %s is unknown everywhere',
      async (id) => {
        expect((await ask(READ.replace('ID', id))).data.generation).toBeNull()
        const cancel = await ask(
          `mutation { generationCancel(id: "${id}") { generation { id } userErrors { code path } } }`,
        )
        expect(cancel.data.generationCancel).toEqual({
          generation: null,
          userErrors: [{ code: 'NOT_FOUND', path: ['id'] }],
        })
        await expect(firstOf(subscribe(EVENTS, { id }))).rejects.toMatchObject([
          { extensions: { code: 'NOT_FOUND', argumentPath: ['id'] } },
        ])
      },
    )

    test('a generation of another workspace does not exist', async () => {
      const { id } = (await ask(START, { input: { ...FRANCE, isDetached: true } }, foreign)).data.generationStart
        .generation
      expect((await ask(READ.replace('ID', id))).data.generation).toBeNull()
      const entities = await ask('query ($r: [_Any!]!) { _entities(representations: $r) { __typename } }', {
        r: [{ __typename: 'Generation', id }],
      })
      expect(entities.data._entities).toEqual([null])
      await expect(firstOf(subscribe(EVENTS, { id }))).rejects.toMatchObject([{ extensions: { code: 'NOT_FOUND' } }])
    })

    test('nothing is answered without the signed identity or without a role', async () => {
      expect(
        (await requestSubgraph(platform, models.url, null, '{ models { nodes { id } } }')).errors?.[0]?.extensions.code,
      ).toBe('UNAUTHENTICATED')
      const roleless = { ...identity, roles: [] }
      expect((await ask('{ modelHosts { id } }', {}, roleless)).errors?.[0]?.extensions.code).toBe('FORBIDDEN')
      expect((await ask(START, { input: FRANCE }, roleless)).errors?.[0]?.extensions.code).toBe('FORBIDDEN')
      const response = await fetch(`${platform.originOf('models')}/internal/model`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{}',
      })
      expect(response.status).toBe(401)
    })

    describe('internal API', () => {
      test('finds the default and the named model, and null for others', async () => {
        expect(await client.findModel(identity, 'CHAT', null, never())).toMatchObject({
          name: EMBEDDED_CHAT_MODEL.name,
          provider: 'EMBEDDED',
          parameterCount: 134_515_008,
        })
        expect(await client.findModel(identity, 'EMBEDDING', null, never())).toMatchObject({
          name: EMBEDDED_EMBEDDING_MODEL.name,
          embeddingDimensions: 384,
        })
        expect(await client.findModel(identity, 'CHAT', EMBEDDED_EMBEDDING_MODEL.name, never())).toBeNull()
        expect(await client.findModel(identity, 'CHAT', 'no-such-model', never())).toBeNull()
      })

      test('embeds in order, and counts repeated work once', async () => {
        const request = {
          modelName: EMBEDDED_EMBEDDING_MODEL.name,
          texts: ['a river', 'a violin'],
          purpose: 'document' as const,
          idempotencyKey: 'batch-1',
        }
        const first = await client.embed(identity, request, never())
        const again = await client.embed(identity, request, never())
        expect(first.map((vector) => vector.length)).toEqual([384, 384])
        expect(again).toEqual(first)
        await expect.poll(() => usages.filter(({ kind }) => kind === 'EMBEDDING').length).toBe(2)
        const ids = usages.filter(({ kind }) => kind === 'EMBEDDING').map(({ eventId }) => eventId)
        expect(new Set(ids).size).toBe(1)
        expect(await client.embed(identity, { ...request, texts: [], idempotencyKey: 'none' }, never())).toEqual([])
        await expect(client.embed(identity, { ...request, modelName: 'no-such-model' }, never())).rejects.toMatchObject(
          { code: 'MODEL_NOT_AVAILABLE' },
        )
      })

      test('reranks passages, or says that nothing can', async () => {
        const passages = ['Paris is the capital of France.', 'A violin has four strings.']
        const scores = await client.rerank(identity, { question: 'What is the capital of France?', passages }, never())
        const { data } = await ask('{ models { nodes { capabilities } } }')
        const canRerank = data.models.nodes.some((model: { capabilities: string[] }) =>
          model.capabilities.includes('RERANK'),
        )
        if (canRerank) expect(scores?.[0]).toBeGreaterThan(scores?.[1] ?? Infinity)
        else expect(scores).toBeNull()
      })

      test('generates as a stream, and passes on why it failed', async () => {
        const lines = []
        for await (const line of client.generate(identity, { modelName: null, ...FRANCE }, never())) lines.push(line)
        expect(lines[0]).toMatchObject({
          type: 'started',
          generationId: expect.stringMatching(/^gen_/),
          model: { name: EMBEDDED_CHAT_MODEL.name },
        })
        expect(lines.at(-1)).toMatchObject({ type: 'completed', usage: { completionTokens: expect.any(Number) } })
        await expect(readAll(client, { messages: user('river '.repeat(9_000)) })).rejects.toMatchObject({
          code: 'CONTEXT_TOO_LONG',
        })
        await expect(readAll(client, { ...FRANCE, modelName: 'no-such-model' })).rejects.toMatchObject({
          code: 'MODEL_NOT_AVAILABLE',
        })
      })

      test('cancels when the caller closes the socket', async () => {
        const abort = new AbortController()
        let id = ''
        const reading = async (): Promise<void> => {
          for await (const line of client.generate(identity, { modelName: null, ...LONG }, abort.signal)) {
            if (line.type === 'started') id = line.generationId
            if (line.type === 'delta') abort.abort()
          }
        }
        await expect(reading()).rejects.toMatchObject({ code: 'CANCELLED' })
        await expect
          .poll(async () => (await ask(READ.replace('ID', id))).data.generation.status, {
            timeout: 1_000,
            interval: 20,
          })
          .toBe('CANCELLED')
      })
    })

    test('fifty generations are read with a constant number of statements', async () => {
      const rows = Array.from({ length: 50 }, (_, index) => ({
        id: `gen_${'0'.repeat(24)}${String(index).padStart(2, '0')}`,
        workspaceId,
        status: 'COMPLETED' as const,
        modelProvider: 'EMBEDDED' as const,
        modelName: EMBEDDED_CHAT_MODEL.name,
        isDetached: true,
        leaseExpiresAt: new Date(),
        watchedUntil: new Date(),
      }))
      await platform.database.sql.insert(generationTable).values(rows)
      // What earlier tests left running beats, and beats are statements too.
      const isActive = inArray(generationTable.status, [...ACTIVE_STATUSES])
      await expect
        .poll(() => platform.database.sql.select().from(generationTable).where(isActive), { timeout: 10_000 })
        .toEqual([])
      const r = rows.map(({ id }) => ({ __typename: 'Generation', id }))
      const before = platform.statements.length
      const { data } = await ask(
        'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Generation { status text model { name hosts { name } } } } }',
        { r },
      )
      expect(data._entities).toHaveLength(50)
      expect(platform.statements.slice(before)).toHaveLength(1)
    })

    test('a restart ends what the dead process left running, and tells who follows', async () => {
      const now = new Date()
      const id = 'gen_01h2xcejqtf2nbrexx3vqjhp42'
      await platform.database.sql.insert(generationTable).values({
        ...{
          id,
          workspaceId,
          status: 'RUNNING',
          modelProvider: 'EMBEDDED',
          modelName: EMBEDDED_CHAT_MODEL.name,
          isDetached: true,
        },
        leaseExpiresAt: new Date(now.getTime() + 60_000),
        watchedUntil: now,
      })
      const restarted = await startModels(platform, { ...process.env, OLLAMA_HOST: '' })
      try {
        const event = await firstOf(subscribe(EVENTS, { id }))
        expect(event!['generationEvents']).toMatchObject({
          __typename: 'GenerationFailed',
          code: 'PROCESS_DIED',
          isRetryable: true,
          generation: { status: 'FAILED' },
        })
      } finally {
        await restarted.close()
      }
    })

    test('closing the process ends what runs as failed and retryable, before its watchers are cut off', async () => {
      const other = await startModels(platform, { ...process.env, OLLAMA_HOST: '' })
      const { data } = await requestSubgraph(platform, other.url, identity, START, {
        input: { ...LONG, isDetached: true },
      })
      const { id } = data.generationStart.generation
      await other.close()
      const event = (await lastOf(subscribe(EVENTS, { id })))!['generationEvents']
      expect(event).toMatchObject({ __typename: 'GenerationFailed', code: 'PROCESS_DIED', isRetryable: true })
    })
  },
)

/** The first event; what the subscription was refused with is thrown. */
async function firstOf<Value>(
  events: AsyncIterable<{ data?: Value | null; errors?: unknown }>,
): Promise<Value | null | undefined> {
  for await (const { data, errors } of events) {
    if (errors !== undefined) throw errors
    return data
  }
  return null
}

async function lastOf<Value>(events: AsyncIterable<{ data?: Value | null }>): Promise<Value | null | undefined> {
  let last: Value | null | undefined = null
  for await (const { data } of events) last = data
  return last
}

async function readAll(
  client: ModelsClient,
  request: { messages: { role: 'SYSTEM' | 'USER'; content: string }[]; modelName?: string | null },
): Promise<string> {
  let text = ''
  for await (const line of client.generate(identity, { modelName: null, ...request }, never()))
    text += line.type === 'delta' ? line.text : ''
  return text
}
