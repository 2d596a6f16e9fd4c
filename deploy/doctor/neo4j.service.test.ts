// `tributary doctor` on a real Neo4j: one that is well, and each way in which one is not.
import neo4j from 'neo4j-driver'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openGraphStore } from '../../subgraphs/graph/adapters/open-graph-store.ts'
import { ensureNeo4j, startNeo4j, type RunningNeo4j } from '../../test/services/neo4j.ts'
import { describeWithService } from '../../test/services/service.ts'
import { examine } from './doctor.fixture.ts'

describeWithService('the doctor on neo4j', await ensureNeo4j(), (installation) => {
  let server: RunningNeo4j
  beforeAll(async () => {
    server = await startNeo4j(installation)
  })
  afterAll(() => server?.close())
  const examineNeo4j = (environment: NodeJS.ProcessEnv = {}) =>
    examine({ ...server.environment, TRIBUTARY_IDENTITY_KEY: 'k'.repeat(32), ...environment }, '--role', 'graph-worker')

  async function run(...statements: string[]) {
    const { NEO4J_URI, NEO4J_USERNAME, NEO4J_PASSWORD } = server.environment
    const driver = neo4j.driver(NEO4J_URI!, neo4j.auth.basic(NEO4J_USERNAME!, NEO4J_PASSWORD!))
    const rows: unknown[] = []
    for (const statement of statements) rows.push(...(await driver.executeQuery(statement)).records)
    await driver.close()
    return rows
  }
  const whatIsThere = () => run('MATCH (n) RETURN n', 'SHOW INDEXES YIELD name', 'CALL db.labels()')
  const migrate = async () => {
    const { NEO4J_URI: uri, NEO4J_USERNAME: username, NEO4J_PASSWORD: password } = server.environment
    const options = { uri: uri!, username: username!, password: password! }
    await (await openGraphStore({ database: undefined as never, neo4j: options })).close()
  }

  test('that is new: all is ok, its migrations are still to come, and nothing stays behind', async () => {
    const before = await whatIsThere()
    const found = await examineNeo4j()
    for (const name of ['reachable', 'credentials', 'database', 'version', 'writable', 'clock'])
      expect(found.check('Neo4j', name), name).toMatchObject({ status: 'ok' })
    expect(found.check('Neo4j', 'migrations')).toMatchObject({
      status: 'warning',
      message: 'none applied yet',
      remedy: expect.stringContaining('role graph'),
    })
    expect((await whatIsThere()).length).toBe(before.length)
  })

  test('that is migrated, half migrated, damaged, or newer', async () => {
    const migrations = async () => (await examineNeo4j()).check('Neo4j', 'migrations')
    await migrate()
    expect(await migrations()).toMatchObject({ status: 'ok', message: expect.stringContaining('up to date') })
    await run('CREATE (:TributaryMigration {version: 1000})')
    expect(await migrations()).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('has had 1000'),
      remedy: expect.stringContaining('NEO4J_DATABASE'),
    })
    await run('MATCH (n:TributaryMigration {version: 1000}) DELETE n', 'DROP CONSTRAINT relationship_key')
    expect(await migrations()).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('dropped relationship_key'),
    })
    await run('MATCH (n:TributaryMigration) DELETE n')
    expect(await migrations()).toMatchObject({
      status: 'warning',
      message: expect.stringContaining('half done: relationship_key'),
    })
    await migrate()
    expect((await migrations()).status, 'after the remedy').toBe('ok')
  })

  test('that refuses: a wrong password, and a database that there is not', async () => {
    const wrong = await examineNeo4j({ NEO4J_PASSWORD: 'falsch' })
    expect(wrong.check('Neo4j', 'reachable').status).toBe('ok')
    expect(wrong.check('Neo4j', 'credentials')).toMatchObject({
      status: 'failed',
      remedy: expect.stringContaining('NEO4J_PASSWORD'),
    })
    expect(wrong.check('Neo4j', 'migrations').status).toBe('skipped')
    expect(wrong.output).not.toContain('falsch')
    const nowhere = await examineNeo4j({ NEO4J_DATABASE: 'nowhere' })
    expect(nowhere.check('Neo4j', 'credentials').status).toBe('ok')
    expect(nowhere.check('Neo4j', 'database')).toMatchObject({
      status: 'failed',
      remedy: expect.stringContaining('NEO4J_DATABASE'),
    })
  })

  test('that is silent ends the doctor within seconds', async () => {
    server.pause()
    try {
      const found = await examineNeo4j()
      expect(found.check('Neo4j', 'reachable').message).toMatch(/did not answer within [1-5] s$/)
    } finally {
      server.resume()
    }
  })

  test('that may only be read, and that is away', async () => {
    await server.setReadOnly(true)
    const found = await examineNeo4j()
    expect(found.check('Neo4j', 'writable')).toMatchObject({
      status: 'failed',
      message: 'the database can only be read',
      remedy: expect.stringContaining('default_to_read_only'),
    })
    expect(found.check('Neo4j', 'migrations').status).toBe('ok')
    await server.stop()
    expect((await examineNeo4j()).check('Neo4j', 'reachable')).toMatchObject({
      status: 'failed',
      remedy: expect.stringContaining('NEO4J_URI'),
    })
  })
})
