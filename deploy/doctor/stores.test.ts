// What the doctor says of stores, where no server is needed: which are looked at, how they are judged, and how their checks share one connection.
import { createServer } from 'node:http'
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net'
import { Neo4jError } from 'neo4j-driver'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { TributaryError } from '#shared/errors.ts'
import { failed, ok, type Check } from '../../contracts/doctor.ts'
import { judgeClockSkew, judgeStoreVersion } from '../../contracts/judge-store.ts'
import { deepestReason, failedBy, storeChecks } from '../../contracts/store-checks.ts'
import { NEWEST_MIGRATION } from '../../subgraphs/graph/adapters/neo4j-migrations.ts'
import { explain, explainRefusal, judgeMigrations } from '../../subgraphs/graph/doctor/neo4j.ts'
import { judgeDimensions } from '../../subgraphs/knowledge/doctor/dimensions.ts'
import { judgeMemory, judgePersistence, judgeRedisVersion } from './checks/redis.ts'
import { examine } from './doctor.fixture.ts'

vi.setConfig({ testTimeout: 120_000 })
const STORES = ['Redis', 'S3', 'Neo4j', 'Vector store', 'Qdrant', 'Weaviate', 'Chroma']

describe('which stores are looked at', () => {
  const subjectsOf = async (environment: NodeJS.ProcessEnv, ...flags: string[]) => {
    const { subjects } = await examine({ TRIBUTARY_PORT: '0', ...environment }, ...flags)
    return STORES.filter((store) => subjects.has(store))
  }
  const everywhere = {
    REDIS_URL: 'redis://127.0.0.1:1',
    S3_BUCKET: 'bucket',
    S3_ENDPOINT: 'http://127.0.0.1:1',
    AWS_ACCESS_KEY_ID: 'key',
    AWS_SECRET_ACCESS_KEY: 'secret',
    NEO4J_URI: 'bolt://127.0.0.1:1',
    CHROMA_URL: 'http://127.0.0.1:1',
  }

  test('those that are configured, and that the role uses', async () => {
    expect(await subjectsOf({})).toEqual([])
    // Standalone has its events in its own database.
    expect(await subjectsOf(everywhere)).toEqual(['S3', 'Neo4j', 'Chroma'])
    expect(await subjectsOf(everywhere, '--role', 'graph')).toEqual(['Redis', 'S3', 'Neo4j'])
    expect(await subjectsOf(everywhere, '--role', 'knowledge')).toEqual(['Redis', 'S3', 'Chroma'])
    expect(await subjectsOf(everywhere, '--role', 'gateway')).toEqual([])
  })

  test('two addresses without a choice, a choice without its address, half of the credentials', async () => {
    const two = await examine(
      { ...everywhere, QDRANT_URL: 'http://127.0.0.1:1', AWS_SECRET_ACCESS_KEY: '', TRIBUTARY_PORT: '0' },
      '--role',
      'knowledge',
    )
    expect(two.check('Vector store', 'choice')).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('QDRANT_URL and CHROMA_URL are set'),
      remedy: expect.stringContaining('TRIBUTARY_VECTOR_STORE'),
    })
    expect(two.check('S3', 'credentials').message).toContain('AWS_SECRET_ACCESS_KEY is not set')
    const none = await examine({ TRIBUTARY_VECTOR_STORE: 'weaviate' }, '--role', 'knowledge')
    expect(none.check('Vector store', 'choice').message).toContain('WEAVIATE_URL is not set')
  })
})

test('another program at their addresses is not taken for any of them', async () => {
  const server = createServer((_, response) => response.setHeader('content-type', 'application/json').end('{}'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const [address, stores] = [`127.0.0.1:${port}`, ['Qdrant', 'Weaviate', 'Chroma']]
  for (const store of stores) {
    const found = await examine(
      { [`${store.toUpperCase()}_URL`]: `http://${address}`, REDIS_URL: `redis://${address}`, TRIBUTARY_PORT: '0' },
      '--role',
      'knowledge',
    )
    for (const name of [store, 'Redis'])
      expect(found.check(name, 'reachable'), name).toMatchObject({
        status: 'failed',
        remedy: expect.stringContaining(`${name.toUpperCase()}_URL`),
      })
  }
  const graph = await examine({ NEO4J_URI: `bolt://${address}`, TRIBUTARY_PORT: '0' }, '--role', 'graph')
  expect(graph.check('Neo4j', 'reachable').status).toBe('failed')
})

/** Accepts connections, and never answers. */
async function silentPort(): Promise<number> {
  const sockets: Socket[] = []
  const server = createTcpServer((socket) => void sockets.push(socket.on('error', () => undefined)))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

test.each([
  ['Qdrant', 'knowledge', (address: string) => ({ QDRANT_URL: `http://${address}` })],
  ['Weaviate', 'knowledge', (address: string) => ({ WEAVIATE_URL: `http://${address}` })],
  ['Chroma', 'knowledge', (address: string) => ({ CHROMA_URL: `http://${address}` })],
  ['Redis', 'knowledge', (address: string) => ({ REDIS_URL: `redis://${address}` })],
  ['Neo4j', 'graph', (address: string) => ({ NEO4J_URI: `bolt://${address}` })],
  [
    'S3',
    'knowledge',
    (address: string) => ({
      S3_BUCKET: 'bucket',
      S3_ENDPOINT: `http://${address}`,
      AWS_ACCESS_KEY_ID: 'key',
      AWS_SECRET_ACCESS_KEY: 'secret',
    }),
  ],
])('%s that accepts connections and never answers is told from one that is away', async (store, role, at) => {
  const address = `127.0.0.1:${await silentPort()}`
  const found = await examine({ ...at(address), TRIBUTARY_PORT: '0' }, '--role', role)
  expect(found.check(store, 'reachable')).toMatchObject({
    status: 'failed',
    // No more than all have; some drivers give up before.
    message: expect.stringMatching(
      new RegExp(`${address}: it accepted the connection but did not answer within [1-5] s$`),
    ),
    remedy: expect.stringContaining(store === 'S3' ? 'S3_ENDPOINT' : store.toUpperCase()),
  })
})

describe('judging', () => {
  const oldest = { oldest: '6.2', why: 'which is too old' }
  const house = { name: 'c1', space: { modelName: 'house', dimensions: 3 }, dimensions: 3 }
  const memory = { used_memory: '100', maxmemory: '1000', maxmemory_policy: 'noeviction' }
  test.each([
    ['an older version', judgeStoreVersion('6.0.16', oldest), 'failed'],
    ['the oldest version', judgeStoreVersion('6.2.0', oldest), 'ok'],
    ['a newer version', judgeStoreVersion('7.0.15', oldest), 'ok'],
    ['a version named by the year', judgeStoreVersion('2025.01.0-community', { ...oldest, oldest: '5.23' }), 'ok'],
    ['a two-digit minor version', judgeStoreVersion('1.9.7', { ...oldest, oldest: '1.11' }), 'failed'],
    ['no version', judgeStoreVersion('', oldest), 'skipped'],
    ['a clock that is right', judgeClockSkew(-400, { warnFromMs: 1_000, why: 'of it' }), 'ok'],
    ['a clock that is wrong', judgeClockSkew(-1_500, { warnFromMs: 1_000, why: 'of it' }), 'warning'],
    ['a clock too far', judgeClockSkew(31_000, { warnFromMs: 1_000, failFromMs: 30_000, why: 'of it' }), 'failed'],
    ['a Valkey', judgeRedisVersion({ redis_version: '7.2.4', valkey_version: '8.0.1' }), 'ok'],
    ['an old Redis', judgeRedisVersion({ redis_version: '5.0.7' }), 'failed'],
    ['a cluster', judgeRedisVersion({ redis_version: '7.0.0', redis_mode: 'cluster' }), 'failed'],
    ['room', judgeMemory(memory), 'ok'],
    ['hardly room', judgeMemory({ ...memory, used_memory: '950' }), 'warning'],
    ['eviction', judgeMemory({ ...memory, maxmemory_policy: 'allkeys-lru' }), 'warning'],
    ['no limit', judgeMemory({ ...memory, maxmemory: '0', total_system_memory: '105' }), 'warning'],
    ['an append-only file', judgePersistence({ aof_enabled: '1', aof_last_write_status: 'ok' }), 'ok'],
    ['none', judgePersistence({ aof_enabled: '0' }), 'warning'],
    ['one on a full disk', judgePersistence({ aof_enabled: '1', aof_last_write_status: 'err' }), 'failed'],
    ['no migrations', judgeMigrations({ version: 0, present: [], missing: ['a'] }), 'warning'],
    ['half of one', judgeMigrations({ version: 0, present: ['a'], missing: ['b'] }), 'warning'],
    ['all', judgeMigrations({ version: NEWEST_MIGRATION, present: ['a'], missing: [] }), 'ok'],
    ['all but one', judgeMigrations({ version: NEWEST_MIGRATION, present: [], missing: ['a'] }), 'failed'],
    ['one more', judgeMigrations({ version: NEWEST_MIGRATION + 1, present: ['a'], missing: [] }), 'failed'],
    ['no vectors', judgeDimensions([], []), 'skipped'],
    ['vectors that fit', judgeDimensions([house], [{ name: 'house', dimensions: 3 }]), 'ok'],
    ['vectors of old and new', judgeDimensions([house], [{ name: 'other', dimensions: 4 }]), 'ok'],
    ['vectors of another model', judgeDimensions([house], [{ name: 'house', dimensions: 4 }]), 'warning'],
    ['vectors that cannot be', judgeDimensions([{ ...house, dimensions: 4 }], []), 'failed'],
  ])('%s: %j is %s', (_, finding, status) => {
    expect(finding.status).toBe(status)
    expect(finding.remedy !== undefined).toBe(status === 'warning' || status === 'failed')
  })

  // Rights are a thing of the enterprise edition, which tests do not have.
  test('a user of Neo4j that may not make constraints, and one that has to change its password', () => {
    const errorOf = (code: string, message: string) =>
      new TributaryError('CONFIGURATION_INVALID', 'Refused.', {
        cause: new Neo4jError(message, `Neo.ClientError.Security.${code}`, '', ''),
      })
    expect(explainRefusal(errorOf('Forbidden', 'Schema operation is not allowed'))).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('Schema operation is not allowed'),
      remedy: expect.stringContaining('NEO4J_USERNAME'),
    })
    const expired = explain(errorOf('CredentialsExpired', 'Change it.'), 'bolt://127.0.0.1:7687')
    expect(expired).toMatchObject({
      stage: 'credentials',
      finding: { status: 'failed', remedy: expect.stringContaining('NEO4J_PASSWORD') },
    })
  })

  test('what is at the bottom of an error, and the remedy in what an adapter says', () => {
    const refused = new Error('fetch failed', { cause: new AggregateError([new Error('ECONNREFUSED')]) })
    expect(deepestReason(new TributaryError('UPSTREAM_UNAVAILABLE', 'Away.', { cause: refused }))).toBe('ECONNREFUSED')
    expect(failedBy(new Error('It is so. Mend it so.'), 'See.')).toEqual(failed('It is so', 'Mend it so.'))
    expect(failedBy(new Error('It is version 1.2.'), 'See.')).toEqual(failed('It is version 1.2', 'See.'))
  })
})

describe('the checks of one store', () => {
  const { signal } = new AbortController()
  const findingsOf = (checks: Check[]) =>
    Promise.all(checks.map(async (check) => `${check.name}: ${(await check.run(signal)).status}`))
  const checksOf = (open: () => Promise<string>, events: string[]) =>
    storeChecks({
      subject: 'Store',
      listener: null,
      stages: { reachable: 'there', credentials: 'accepted', database: 'found' },
      looks: ['version', 'broken'],
      load: async () => ({
        open: () => {
          events.push('opened')
          return open()
        },
        explain: (error) => ({ stage: (error as Error).message, finding: failed('no', 'Mend it.') }),
        close: (store: string) => void events.push(`closed ${store}`),
        looks: {
          version: () => ok('1'),
          broken: () => Promise.reject(new Error('broken')),
        },
      }),
    })

  test('open it once, and close it behind the last of them, whatever they throw', async () => {
    const events: string[] = []
    const checks = checksOf(async () => 'it', events)
    await Promise.all(checks.slice(0, -1).map((check) => check.run(signal)))
    expect(events).toEqual(['opened'])
    await expect(checks.at(-1)!.run(signal)).rejects.toThrow('broken')
    expect(events).toEqual(['opened', 'closed it'])
  })

  const never = () => new Promise<never>(() => undefined)
  const silentChecks = (port: number, open: () => Promise<string>) =>
    storeChecks({
      subject: 'Store',
      listener: { url: `http://127.0.0.1:${port}` },
      answerTimeoutMs: 2_000,
      stages: { reachable: 'there' },
      looks: ['version', 'forgotten'],
      load: async () => ({
        open,
        explain: (error) => ({ stage: 'reachable', finding: failed(deepestReason(error), 'Mend it.') }),
        close: never,
        looks: {
          version: () => ok('1'),
          forgotten: (_, limit) =>
            new Promise<never>((_resolve, reject) => limit.addEventListener('abort', () => reject(limit.reason))),
        },
      }),
    })

  test('end at one deadline, also where a driver knows no signal', async () => {
    const [check, ...others] = silentChecks(await silentPort(), never)
    expect(await check!.run(signal)).toEqual(
      failed('there: it accepted the connection but did not answer within 2 s', 'Mend it.'),
    )
    for (const other of others) expect((await other.run(signal)).status).toBe('skipped')
    const [away] = silentChecks(1, never)
    expect(await away!.run(signal)).toEqual(failed('no answer in time', 'Mend it.'))
  })

  test('end at the same deadline in one that falls silent when it is open, and cannot be closed', async () => {
    const checks = silentChecks(await silentPort(), async () => 'it')
    const [reachable, version, forgotten] = await Promise.all(checks.map((check) => check.run(signal)))
    expect([reachable!.status, version!.status]).toEqual(['ok', 'ok'])
    expect(forgotten).toMatchObject({
      status: 'failed',
      message: 'it was opened, and then did not answer within 2 s',
      remedy: expect.stringContaining('Store'),
    })
  })

  test.each([
    ['reachable', ['reachable: failed', 'credentials: skipped', 'database: skipped']],
    ['credentials', ['reachable: ok', 'credentials: failed', 'database: skipped']],
    ['database', ['reachable: ok', 'credentials: ok', 'database: failed']],
  ])('that fails as it is opened (%s) say so once', async (stage, expected) => {
    const checks = checksOf(() => Promise.reject(new Error(stage)), [])
    expect(await findingsOf(checks)).toEqual([...expected, 'version: skipped', 'broken: skipped'])
  })
})
