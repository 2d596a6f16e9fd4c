// The life of a generation: streamed, left, resumed, cancelled, forgotten, and ended when its process is.
import { expect, test } from 'vitest'
import { requestSubgraph } from '../../test/harness/platform.ts'
import { startModels } from './main.ts'
import { EMBEDDED_CHAT_MODEL } from './model-files/manifest.ts'
import {
  describeRunningModels,
  environment,
  EVENTS,
  firstOf,
  FRANCE,
  identity,
  lastOf,
  LONG,
  READ,
  readAll,
  START,
  STREAM,
  user,
  workspaceId,
} from './running-models.fixture.ts'
import { generationTable } from './tables.ts'

await describeRunningModels('generations', (running) => {
  test('streams a generation: started, deltas in order, completed with usage; its usage is counted once', async () => {
    const events: any[] = []
    for await (const { data } of running().subscribe(STREAM, { input: FRANCE })) events.push(data!['generationStream'])
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
    const { data } = await running().ask(READ, { id: events[0].generation.id })
    expect(data.generation).toMatchObject({
      status: 'COMPLETED',
      text: last.generation.text,
      model: { name: EMBEDDED_CHAT_MODEL.name },
    })
    await expect
      .poll(() => running().usages.filter(({ eventId }) => eventId === events[0].generation.id), { timeout: 15_000 })
      .toMatchObject([
        { kind: 'GENERATION', modelName: EMBEDDED_CHAT_MODEL.name, promptTokens: last.generation.usage.promptTokens },
      ])
  })

  test('a started generation can be followed, left and resumed behind a cursor without a gap', async () => {
    const { data } = await running().ask(START, { input: { ...FRANCE, isDetached: true } })
    expect(data.generationStart.userErrors).toEqual([])
    const { id } = data.generationStart.generation
    const first: any[] = []
    for await (const { data: event } of running().subscribe(EVENTS, { id })) {
      first.push(event!['generationEvents'])
      if (first.length === 3) break
    }
    const rest: any[] = []
    for await (const { data: event } of running().subscribe(EVENTS, { id, after: first[2].cursor }))
      rest.push(event!['generationEvents'])
    const text = [...first, ...rest].map((event) => event.text ?? '').join('')
    expect(rest.at(-1)).toMatchObject({ __typename: 'GenerationCompleted', generation: { text } })
  })

  test('following a generation whose events have expired is an error, and its text stays', async () => {
    const { id } = (await running().ask(START, { input: { ...FRANCE, isDetached: true } })).data.generationStart
      .generation
    const last = (await lastOf(running().subscribe(EVENTS, { id })))!['generationEvents']
    await running().log.expire(0)
    for (const after of [null, last.cursor]) {
      await expect(firstOf(running().subscribe(EVENTS, { id, after }))).rejects.toMatchObject([
        { extensions: { code: 'NOT_FOUND', argumentPath: ['id'] }, message: expect.stringContaining('no longer kept') },
      ])
    }
    expect((await running().ask(READ, { id })).data.generation.text).toContain('Paris')
  })

  test('cancelling ends it at once, keeps its text, tells its watchers and stops the model', async () => {
    let id = ''
    let cancelled: any = null
    const events: any[] = []
    let cancelledAt = 0
    for await (const { data } of running().subscribe(STREAM, { input: LONG })) {
      const event = data!['generationStream']
      events.push(event)
      id ||= event.generation.id
      if (event.__typename !== 'GenerationDelta' || cancelledAt > 0) continue
      cancelledAt = performance.now()
      cancelled = await running().ask(
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
    const again = await running().ask(
      'mutation ($id: ID!) { generationCancel(id: $id) { generation { status } userErrors { code } } }',
      { id },
    )
    expect(again.data.generationCancel).toEqual({ generation: { status: 'CANCELLED' }, userErrors: [] })
    await expect
      .poll(() => running().usages.filter(({ eventId }) => eventId === id), { timeout: 15_000 })
      .toMatchObject([{ completionTokens: expect.any(Number) }])
    const startedAt = performance.now()
    await expect(readAll(running().client, FRANCE)).resolves.toContain('Paris')
    expect(performance.now() - startedAt, 'the engine was free').toBeLessThan(5_000)
  })

  test('a generation that its last watcher left is cancelled after the grace time, a detached one is not', async () => {
    const detached = (await running().ask(START, { input: { ...FRANCE, isDetached: true } })).data.generationStart
      .generation.id
    let id = ''
    for await (const { data } of running().subscribe(STREAM, { input: LONG })) {
      const event = data!['generationStream']
      id ||= event.generation.id
      if (event.__typename === 'GenerationDelta') break
    }
    const leftAt = performance.now()
    await expect
      .poll(async () => (await running().ask(READ, { id })).data.generation.status, {
        timeout: 15_000,
        interval: 100,
      })
      .toBe('CANCELLED')
    expect(performance.now() - leftAt).toBeGreaterThan(1_000)
    await expect
      .poll(async () => (await running().ask(READ, { id: detached })).data.generation.status, { timeout: 15_000 })
      .toBe('COMPLETED')
  })

  test('a watcher that comes back within the grace time keeps it alive', async () => {
    let id = ''
    let cursor = ''
    for await (const { data } of running().subscribe(STREAM, { input: LONG })) {
      const event = data!['generationStream']
      id ||= event.generation.id
      cursor = event.cursor
      if (event.__typename === 'GenerationDelta') break
    }
    const followedAt = performance.now()
    for await (const { data } of running().subscribe(EVENTS, { id, after: cursor })) {
      expect(data!['generationEvents'].__typename).toBe('GenerationDelta')
      if (performance.now() - followedAt > 2_500) break
    }
    expect((await running().ask(READ, { id })).data.generation.status).toBe('RUNNING')
    await running().ask(`mutation { generationCancel(id: "${id}") { generation { id } } }`)
  })

  test('a running generation shows the text so far', async () => {
    const { id } = (await running().ask(START, { input: { ...LONG, isDetached: true } })).data.generationStart
      .generation
    await expect
      .poll(async () => (await running().ask(READ, { id })).data.generation.text.length, {
        interval: 50,
        timeout: 15_000,
      })
      .toBeGreaterThan(20)
    await running().ask(`mutation { generationCancel(id: "${id}") { generation { id } } }`)
  })

  test('a prompt longer than the context ends as failed and not retryable, without any text', async () => {
    const events: any[] = []
    for await (const { data } of running().subscribe(STREAM, { input: { messages: user('river '.repeat(9_000)) } }))
      events.push(data!['generationStream'])
    expect(events.map(({ __typename }) => __typename)).toEqual(['GenerationStarted', 'GenerationFailed'])
    expect(events[1]).toMatchObject({
      code: 'CONTEXT_TOO_LONG',
      isRetryable: false,
      message: expect.stringMatching(/8192/),
      generation: { status: 'FAILED', text: '' },
    })
  })

  test('a restart ends what the dead process left running, and tells who follows', async () => {
    const now = new Date()
    const id = 'gen_01h2xcejqtf2nbrexx3vqjhp42'
    await running()
      .platform.database.sql.insert(generationTable)
      .values({
        id,
        workspaceId,
        status: 'RUNNING',
        modelProvider: 'EMBEDDED',
        modelName: EMBEDDED_CHAT_MODEL.name,
        isDetached: true,
        leaseExpiresAt: new Date(now.getTime() + 60_000),
        watchedUntil: now,
      })
    const restarted = await startModels(running().platform, environment)
    try {
      const event = await firstOf(running().subscribe(EVENTS, { id }))
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
    const other = await startModels(running().platform, environment)
    const { data } = await requestSubgraph(running().platform, other.url, identity, START, {
      input: { ...LONG, isDetached: true },
    })
    const { id } = data.generationStart.generation
    await other.close()
    const event = (await lastOf(running().subscribe(EVENTS, { id })))!['generationEvents']
    expect(event).toMatchObject({ __typename: 'GenerationFailed', code: 'PROCESS_DIED', isRetryable: true })
  })

  test('the workspace is part of every change, also where an id alone would do', () => {
    const { statements } = running().platform
    const changes = statements.filter((statement) => statement.startsWith('update "models"."generation"'))
    expect(changes.length).toBeGreaterThan(10)
    expect([...new Set(changes.filter((statement) => !/where .*"workspace_id" (=|in) /s.test(statement)))]).toEqual([])
  })
})
