// `tributary doctor` on a real PostgreSQL: a database that is well, one that was never started on, and each way in which one is not well.
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDatabase } from '#shared/database.ts'
import { SUBGRAPH_NAMES } from '../../contracts/node-types.ts'
import { ensurePostgresql, startPostgresql } from '../../test/services/postgresql.ts'
import { describeWithService } from '../../test/services/service.ts'
import { examine } from './doctor.fixture.ts'

describeWithService('the doctor on postgresql', await ensurePostgresql(), (installation) => {
  let server: Awaited<ReturnType<typeof startPostgresql>>
  let scratch: string
  const environment = (url: string): NodeJS.ProcessEnv => ({
    DATABASE_URL: url,
    TRIBUTARY_IDENTITY_KEY: 'k'.repeat(32),
    TRIBUTARY_DATA_DIR: path.join(scratch, 'data'),
  })
  const migrationsOf = (schema: string) => path.join(import.meta.dirname, `../../subgraphs/${schema}/migrations`)
  beforeAll(async () => {
    scratch = await mkdtemp(path.join(os.tmpdir(), 'tributary-doctor-'))
    server = await startPostgresql(installation)
  })
  afterAll(async () => {
    await server?.close()
    await rm(scratch, { recursive: true, force: true })
  })

  async function query(url: string, ...statements: string[]): Promise<void> {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    for (const statement of statements) await client.query(statement)
    await client.end()
  }

  test('a fresh database is well, and its migrations are still to come', async () => {
    const found = await examine(environment(await server.createDatabase()))
    for (const name of ['reachable', 'version', 'rights', 'writable', 'clock', 'connections'])
      expect(found.check('PostgreSQL', name).status, name).toBe('ok')
    expect(found.check('Migrations', 'ingestion')).toMatchObject({
      status: 'warning',
      message: expect.stringMatching(/^none of \d applied yet$/),
      remedy: expect.stringContaining('Start the role ingestion'),
    })
    expect(found.roles).toContain('knowledge-worker')
  })

  test('one process of each role fits into the connections of PostgreSQL as it comes', async () => {
    const found = await examine(environment(await server.createDatabase()))
    const [, needed] = /uses up to (\d+)/.exec(found.check('PostgreSQL', 'connections').message)!
    expect(Number(needed)).toBeLessThanOrEqual(97)
  })

  test('migrations: up to date, behind, and newer than the program; models of knowledge bases that are gone', async () => {
    const url = await server.createDatabase()
    const database = await openDatabase({ location: { url } })
    for (const schema of SUBGRAPH_NAMES.filter((name) => name !== 'ingestion'))
      await database.migrate({ schema, folder: migrationsOf(schema) })
    const older = path.join(scratch, 'older')
    await cp(migrationsOf('ingestion'), older, { recursive: true })
    const journal = path.join(older, 'meta/_journal.json')
    const { default: content } = (await import(journal, { with: { type: 'json' } })) as {
      default: { entries: object[] }
    }
    await writeFile(journal, JSON.stringify({ ...content, entries: content.entries.slice(0, 1) }))
    await database.migrate({ schema: 'ingestion', folder: older })
    await database.close()
    await query(
      url,
      `insert into migration_history.graph (hash, created_at) values ('of the future', 4102444800000)`,
      `insert into knowledge.knowledge_base (id, workspace_id, name, embedding_model_id, embedding_model_name)
       values ('kb_1', 'ws_1', 'Handbook', 'model_1', 'gone-embed')`,
    )

    const found = await examine(environment(url))
    expect(found).toMatchObject({ status: 1, isHealthy: false })
    expect(found.check('Migrations', 'accounts').status).toBe('ok')
    expect(found.check('Migrations', 'ingestion')).toMatchObject({
      status: 'warning',
      message: expect.stringMatching(/^behind by \d: 0001_item_name/),
    })
    expect(found.check('Migrations', 'graph')).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('the last of 2100-01-01T00:00:00.000Z'),
    })
    expect(found.check('Models', 'of knowledge bases')).toMatchObject({
      status: 'failed',
      remedy: expect.stringContaining('ollama pull gone-embed'),
    })
  })

  test('a user without rights, a read-only database, no such database: each with its remedy', async () => {
    const url = new URL(await server.createDatabase())
    const name = url.pathname.slice(1)
    await query(url.href, 'create role poor login', `alter database ${name} set default_transaction_read_only = on`)
    url.username = 'poor'
    const poor = await examine(environment(url.href), '--role', 'accounts')
    expect(poor.check('PostgreSQL', 'rights')).toMatchObject({
      status: 'failed',
      remedy: expect.stringContaining(`grant create on database ${name} to poor`),
    })
    expect(poor.check('PostgreSQL', 'writable').status).toBe('failed')
    url.pathname = '/nowhere'
    const nowhere = await examine(environment(url.href), '--role', 'accounts')
    expect(nowhere.check('PostgreSQL', 'reachable')).toMatchObject({
      status: 'failed',
      remedy: expect.stringContaining('createdb nowhere'),
    })
  })

  test('a wrong password in a mounted file is said without showing it', async () => {
    const url = new URL(await server.createDatabase())
    const admin = new pg.Client({ connectionString: url.href })
    await admin.connect()
    await admin.query("create role locked login password 'right'")
    const { rows } = await admin.query<{ hba_file: string }>('show hba_file')
    const rules = ['host all locked 127.0.0.1/32 scram-sha-256', 'host all all 127.0.0.1/32 trust']
    await admin.query(
      `copy (select unnest(array[${rules.map((rule) => `'${rule}'`).join(', ')}])) to '${rows[0]!.hba_file}'`,
    )
    await admin.query('select pg_reload_conf()')
    await admin.end()
    url.username = 'locked'
    url.password = 'geheim'
    const file = path.join(scratch, 'database-url')
    await writeFile(file, `${url.href}\n`)
    const given = { ...environment(''), DATABASE_URL_FILE: file }
    await expect
      .poll(async () => (await examine(given, '--role', 'accounts')).check('PostgreSQL', 'reachable'), {
        timeout: 20_000,
      })
      .toMatchObject({ status: 'failed', remedy: expect.stringContaining('Correct user and password') })
    expect((await examine(given, '--role', 'accounts')).output).not.toContain('geheim')
  })

  test('a server that accepts and never answers ends the doctor within seconds', async () => {
    const url = await server.createDatabase()
    server.pause()
    try {
      const startedAt = performance.now()
      const found = await examine(environment(url), '--role', 'accounts')
      expect(found.check('PostgreSQL', 'reachable').status).toBe('failed')
      expect(performance.now() - startedAt).toBeLessThan(15_000)
    } finally {
      server.resume()
    }
  })
})
