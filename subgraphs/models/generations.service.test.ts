// Generations over several processes on one PostgreSQL: one is killed, the others tell.
import { eq } from 'drizzle-orm'
import { createClient, type Client } from 'graphql-ws'
import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { openDatabase } from '#shared/database.ts'
import { createIdentitySigner } from '../../contracts/identity.ts'
import { startChild, type Child } from '../../test/harness/child.ts'
import { createTestPlatform, requestSubgraph, testIdentity } from '../../test/harness/platform.ts'
import { ensurePostgresql, startPostgresql, type RunningPostgresql } from '../../test/services/postgresql.ts'
import { describeWithService, freePorts } from '../../test/services/service.ts'
import { cachedModel } from './model-files/cached-model.fixture.ts'
import { EMBEDDED_CHAT_MODEL } from './model-files/manifest.ts'
import { generationTable } from './tables.ts'

const identity = testIdentity('ws_processes', 'VIEWER')
const LONG = {
  messages: [{ role: 'USER', content: 'Write a very long story about a river.' }],
  temperature: 0,
  maxTokens: 1_500,
}
const START =
  'mutation ($input: GenerationInput!) { generationStart(input: $input) { generation { id } userErrors { message } } }'
const EVENTS = `subscription ($id: ID!) { generationEvents(id: $id) { __typename cursor ... on GenerationDelta { text }
  ... on GenerationCompleted { generation { status text } } ... on GenerationFailed { code isRetryable generation { status text } } } }`

describeWithService('generations over processes', await ensurePostgresql(), (installation) => {
  const key = randomBytes(32).toString('hex')
  const signer = createIdentitySigner({ key })
  let postgresql: RunningPostgresql
  let databaseUrl: string
  const children: Child[] = []
  const sockets: Client[] = []

  const start = async (kind: 'main' | 'worker'): Promise<{ child: Child; url: string }> => {
    const [port] = await freePorts(1)
    const child = await startChild({
      name: `models ${kind}`,
      command: process.execPath,
      arguments: [fileURLToPath(new URL(`./${kind}.ts`, import.meta.url))],
      environment: {
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        DATABASE_URL: databaseUrl,
        TRIBUTARY_IDENTITY_KEY: key,
        TRIBUTARY_LISTEN_PORT: String(port),
        TRIBUTARY_MODELS_DOWNLOAD: 'false',
        TRIBUTARY_CACHE_DIR: process.env['TRIBUTARY_CACHE_DIR'],
        TRIBUTARY_GENERATION_GRACE_MS: '2000',
      },
      isReady: (line) => line.includes('"ready"'),
    })
    children.push(child)
    return { child, url: `http://127.0.0.1:${port}/graphql` }
  }
  const ask = (url: string, query: string, variables = {}) =>
    requestSubgraph({ signer }, url, identity, query, variables)
  const follow = (url: string, id: string) => {
    const client = createClient({
      url: url.replace('http', 'ws'),
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      connectionParams: async () => ({ 'tributary-identity': await signer.sign(identity) }),
    })
    sockets.push(client)
    return client.iterate<Record<string, any>>({ query: EVENTS, variables: { id } })
  }
  const startLong = async (url: string, isDetached: boolean): Promise<string> => {
    const { data } = await ask(url, START, { input: { ...LONG, isDetached } })
    expect(data.generationStart.userErrors).toEqual([])
    return data.generationStart.generation.id
  }

  beforeAll(async () => {
    const files = await cachedModel(EMBEDDED_CHAT_MODEL)
    if ('missing' in files) throw new Error(files.missing)
    postgresql = await startPostgresql(installation)
    databaseUrl = await postgresql.createDatabase()
  })
  afterAll(async () => {
    for (const socket of sockets) await socket.dispose()
    for (const child of children) if (!child.hasExited) await child.stop('SIGTERM')
    await postgresql?.close()
  })

  test('a killed process leaves no generation running: its watchers elsewhere are told within five seconds', async () => {
    const [doomed, survivor] = [await start('main'), await start('main')]
    const id = await startLong(doomed.url, true)
    let killedAt = 0
    let text = ''
    let last: any = null
    for await (const { data } of follow(survivor.url, id)) {
      last = data!['generationEvents']
      text += last.text ?? ''
      if (last.__typename !== 'GenerationDelta' || killedAt > 0) continue
      killedAt = performance.now()
      process.kill(doomed.child.pid, 'SIGKILL')
    }
    expect(performance.now() - killedAt).toBeLessThan(5_000)
    expect(last).toMatchObject({
      __typename: 'GenerationFailed',
      code: 'PROCESS_DIED',
      isRetryable: true,
      generation: { status: 'FAILED', text },
    })
    await survivor.child.stop('SIGTERM')
  })

  test('any process cancels what another runs, and a watcher anywhere keeps it alive', async () => {
    const [runner, other] = [await start('main'), await start('main')]
    const id = await startLong(runner.url, false)
    const followedAt = performance.now()
    let last: any = null
    let cancelledAt = 0
    for await (const { data } of follow(other.url, id)) {
      last = data!['generationEvents']
      // Longer than the grace time of two seconds: only the watcher in the other process can have kept it.
      if (cancelledAt > 0 || performance.now() - followedAt < 3_500) continue
      cancelledAt = performance.now()
      await ask(other.url, `mutation { generationCancel(id: "${id}") { generation { status } } }`)
    }
    expect(last).toMatchObject({ __typename: 'GenerationCompleted', generation: { status: 'CANCELLED' } })
    expect(cancelledAt).toBeGreaterThan(0)
    expect(performance.now() - cancelledAt).toBeLessThan(2_000)
    const unwatched = await startLong(runner.url, false)
    const query = `{ generation(id: "${unwatched}") { status } }`
    await expect
      .poll(async () => (await ask(other.url, query)).data.generation.status, { timeout: 10_000 })
      .toBe('CANCELLED')
    for (const { child } of [runner, other]) expect(await child.stop('SIGTERM')).toMatchObject({ code: 0 })
  })

  test('a worker alone ends what a dead process left', async () => {
    const doomed = await start('main')
    const id = await startLong(doomed.url, true)
    const database = await openDatabase({ location: { url: databaseUrl } })
    const platform = await createTestPlatform({ database })
    try {
      const statusOf = async () => {
        const [row] = await database.sql.select().from(generationTable).where(eq(generationTable.id, id))
        return row?.status
      }
      await expect.poll(statusOf, { timeout: 20_000 }).toBe('RUNNING')
      const worker = await start('worker')
      process.kill(doomed.child.pid, 'SIGKILL')
      await expect.poll(statusOf, { timeout: 5_000, interval: 50 }).toBe('FAILED')
      expect(await worker.child.stop('SIGTERM')).toMatchObject({ code: 0 })
    } finally {
      await platform.close()
    }
  })
})
