// The graph of models: what it lists, whom it answers, and what it refuses.
import { inArray } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { requestSubgraph } from '../../test/harness/platform.ts'
import { ACTIVE_STATUSES } from './domain/generation.ts'
import { EMBEDDED_CHAT_MODEL, EMBEDDED_EMBEDDING_MODEL } from './model-files/manifest.ts'
import {
  describeRunningModels,
  EVENTS,
  firstOf,
  foreign,
  FRANCE,
  identity,
  READ,
  START,
  STREAM,
  user,
  workspaceId,
} from './running-models.fixture.ts'
import { generationTable } from './tables.ts'

await describeRunningModels('models subgraph', (running) => {
  test('lists models and hosts, and finds one by the name people type', async () => {
    const { data } = await running().ask(`{
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
      const { data } = await running().ask(
        'query ($after: String) { models(first: 1, after: $after) { nodes { name } pageInfo { hasNextPage endCursor } } }',
        { after },
      )
      names.push(...data.models.nodes.map(({ name }: { name: string }) => name))
      after = data.models.pageInfo.hasNextPage ? data.models.pageInfo.endCursor : null
    } while (after !== null)
    const all = await running().ask('{ models { nodes { name } } }')
    expect(names).toEqual(all.data.models.nodes.map(({ name }: { name: string }) => name))
    const cursorOf = (...order: (string | number)[]) => Buffer.from(JSON.stringify(order)).toString('base64url')
    // The others are of lists in another order.
    for (const cursor of ['nonsense', cursorOf(5), cursorOf('a'), cursorOf('a', 1), cursorOf('a', 'b', 'c')]) {
      const refused = await running().ask('query ($after: String) { models(after: $after) { nodes { name } } }', {
        after: cursor,
      })
      expect(refused.errors?.[0]?.extensions).toMatchObject({ code: 'CURSOR_INVALID', argumentPath: ['after'] })
    }
  })

  test('entity references to models and hosts cost no statement, and those of another workspace do not exist', async () => {
    const { data } = await running().ask('{ models { nodes { id } } modelHosts { id } }')
    const representations = [
      ...data.models.nodes.map(({ id }: { id: string }) => ({ __typename: 'Model', id })),
      { __typename: 'ModelHost', id: data.modelHosts[0].id },
      { __typename: 'Model', id: 'nonsense' },
    ]
    const query =
      'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Model { name isLoaded } ... on ModelHost { isReachable } } }'
    const before = running().platform.statements.length
    const own = await running().ask(query, { r: representations })
    expect(running().platform.statements.length - before).toBe(0)
    expect(own.data._entities.map((entity: object | null) => entity !== null)).toEqual([
      ...representations.slice(0, -1).map(() => true),
      false,
    ])
    expect((await running().ask(query, { r: representations }, foreign)).data._entities).toEqual(
      representations.map(() => null),
    )
  })

  test('bad input is a user error that names the field; in a subscription an error with its path', async () => {
    const bad = await running().ask(START, { input: { messages: [], temperature: 9, modelName: 'no-such-model' } })
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
    const embedding = await running().ask(START, { input: { ...FRANCE, modelName: EMBEDDED_EMBEDDING_MODEL.name } })
    expect(embedding.data.generationStart.userErrors).toMatchObject([{ code: 'MODEL_NOT_AVAILABLE' }])
    await expect(firstOf(running().subscribe(STREAM, { input: { messages: user(' ') } }))).rejects.toMatchObject([
      { extensions: { code: 'BAD_USER_INPUT', argumentPath: ['input', 'messages'] } },
    ])
  })

  test.for(['nonsense', 'gen_01h2xcejqtf2nbrexx3vqjhp41', 'model_01h2xcejqtf2nbrexx3vqjhp41', 'gen_\0', ''])(
    'the id %j is unknown everywhere',
    async (id) => {
      expect(await running().ask(READ, { id })).toEqual({ data: { generation: null } })
      const r = ['Generation', 'Model', 'ModelHost'].map((__typename) => ({ __typename, id }))
      expect(
        await running().ask('query ($r: [_Any!]!) { _entities(representations: $r) { __typename } }', { r }),
      ).toEqual({ data: { _entities: [null, null, null] } })
      const cancel = await running().ask(
        'mutation ($id: ID!) { generationCancel(id: $id) { generation { id } userErrors { code path } } }',
        { id },
      )
      expect(cancel.data.generationCancel).toEqual({
        generation: null,
        userErrors: [{ code: 'NOT_FOUND', path: ['id'] }],
      })
      await expect(firstOf(running().subscribe(EVENTS, { id }))).rejects.toMatchObject([
        { extensions: { code: 'NOT_FOUND', argumentPath: ['id'] } },
      ])
    },
  )

  test('a generation of another workspace does not exist', async () => {
    const { id } = (await running().ask(START, { input: { ...FRANCE, isDetached: true } }, foreign)).data
      .generationStart.generation
    expect((await running().ask(READ, { id })).data.generation).toBeNull()
    const entities = await running().ask('query ($r: [_Any!]!) { _entities(representations: $r) { __typename } }', {
      r: [{ __typename: 'Generation', id }],
    })
    expect(entities.data._entities).toEqual([null])
    await expect(firstOf(running().subscribe(EVENTS, { id }))).rejects.toMatchObject([
      { extensions: { code: 'NOT_FOUND' } },
    ])
  })

  test('nothing is answered without the signed identity or without a role', async () => {
    expect(
      (await requestSubgraph(running().platform, running().models.url, null, '{ models { nodes { id } } }')).errors?.[0]
        ?.extensions.code,
    ).toBe('UNAUTHENTICATED')
    const roleless = { ...identity, roles: [] }
    expect((await running().ask('{ modelHosts { id } }', {}, roleless)).errors?.[0]?.extensions.code).toBe('FORBIDDEN')
    expect((await running().ask(START, { input: FRANCE }, roleless)).errors?.[0]?.extensions.code).toBe('FORBIDDEN')
    const response = await fetch(`${running().platform.originOf('models')}/internal/model`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    })
    expect(response.status).toBe(401)
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
    await running().platform.database.sql.insert(generationTable).values(rows)
    // What earlier tests left running beats, and beats are statements too.
    const isActive = inArray(generationTable.status, [...ACTIVE_STATUSES])
    await expect
      .poll(() => running().platform.database.sql.select().from(generationTable).where(isActive), { timeout: 15_000 })
      .toEqual([])
    const r = rows.map(({ id }) => ({ __typename: 'Generation', id }))
    const before = running().platform.statements.length
    const { data } = await running().ask(
      'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Generation { status text model { name hosts { name } } } } }',
      { r },
    )
    expect(data._entities).toHaveLength(50)
    expect(running().platform.statements.slice(before)).toHaveLength(1)
  })
})
