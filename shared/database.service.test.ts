// The database on a real PostgreSQL server, and what is left of it when the server is away, silent, slow, read-only, full or refuses.
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { sql } from 'drizzle-orm'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { startChild } from '../test/harness/child.ts'
import { mountSmallDisk, smallDiskMissing } from '../test/harness/small-disk.ts'
import { ensurePostgresql, startPostgresql } from '../test/services/postgresql.ts'
import { describeWithService } from '../test/services/service.ts'
import { openDatabase, rowsOf, type OpenDatabaseOptions } from './database.ts'
import { describeDatabase } from './database.contract.ts'
import { writeRelease } from './release.fixture.ts'

const SCHEMAS = ['accounts', 'graph', 'ingestion', 'knowledge', 'metrics', 'models']

describeWithService('the database on postgresql', await ensurePostgresql(), (installation) => {
  let server: Awaited<ReturnType<typeof startPostgresql>>
  let scratch: string
  beforeAll(async () => {
    scratch = await mkdtemp(path.join(os.tmpdir(), 'tributary-database-'))
    server = await startPostgresql(installation)
  })
  afterAll(async () => {
    await server?.close()
    await rm(scratch, { recursive: true, force: true })
  })

  /** A database of its own, closed after the test. */
  async function open(options: Omit<OpenDatabaseOptions, 'location'> & { url?: string } = {}) {
    const database = await openDatabase({
      ...options,
      location: { url: options.url ?? (await server.createDatabase()) },
    })
    onTestFinished(() => database.close())
    return database
  }

  /** A session beside the platform's. */
  async function connect(url: string): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: url })
    client.on('error', () => undefined)
    await client.connect()
    onTestFinished(() => client.end())
    return client
  }

  describeDatabase('PostgreSQL', {
    open: async () => openDatabase({ location: { url: await server.createDatabase() } }),
    async openOn(disk) {
      const small = await startPostgresql(installation, { parent: disk.directory })
      const database = await openDatabase({ location: { url: await small.createDatabase() } })
      return {
        database,
        async close() {
          await database.close()
          await small.close()
        },
      }
    },
  })

  describe('migrations', () => {
    test('processes that start together on an empty server each make their own schema', async () => {
      for (let round = 0; round < 8; round += 1) {
        const url = await server.createDatabase()
        const databases = await Promise.all(SCHEMAS.map(() => openDatabase({ location: { url } })))
        const migrated = SCHEMAS.map((schema, index) =>
          databases[index]!.migrate({
            schema,
            folder: path.join(import.meta.dirname, `../subgraphs/${schema}/migrations`),
          }),
        )
        const outcomes = await Promise.allSettled(migrated)
        await Promise.all(databases.map((database) => database.close()))
        expect(outcomes.filter(({ status }) => status === 'rejected')).toEqual([])
      }
    })

    test('a replica that waits for the lock gives up in time, and says who holds it', async () => {
      const url = await server.createDatabase()
      const database = await open({ url, migrationLockTimeoutMs: 300 })
      const holder = await connect(url)
      await holder.query(
        "set application_name = 'other-replica'; select pg_advisory_lock(hashtext('tributary.migrate.waiting'))",
      )
      const release = await writeRelease({
        parent: scratch,
        name: 'waiting',
        schema: 'waiting',
        statements: ['create schema waiting'],
      })
      await expect(database.migrate(release)).rejects.toMatchObject({
        code: 'UPSTREAM_TIMED_OUT',
        isRetryable: true,
        message: expect.stringMatching(/schema "waiting".*0\.3 s: backend \d+, "other-replica" from 127\.0\.0\.1/),
      })
      await holder.query("select pg_advisory_unlock(hashtext('tributary.migrate.waiting'))")
      await database.migrate(release)
    })

    test('a process that is killed in the middle of one leaves nothing, and the next process does it', async () => {
      const url = await server.createDatabase()
      const begun = 'create schema killed;--> statement-breakpoint\ncreate table killed.thing (id int)'
      const release = (name: string, second: string) =>
        writeRelease({ parent: scratch, name, schema: 'killed', statements: [begun, second] })
      const endless = await release(
        'endless',
        'create table killed.other (id int);--> statement-breakpoint\nselect pg_sleep(600)',
      )
      const child = await startChild({
        name: 'migration',
        command: process.execPath,
        arguments: [
          fileURLToPath(new URL('./migrate.fixture.ts', import.meta.url)),
          url,
          endless.schema,
          endless.folder,
        ],
        environment: { PATH: process.env['PATH'] },
        isReady: (line) => line === 'migrating',
      })
      const watcher = await connect(url)
      const isSleeping = async () =>
        (await watcher.query("select 1 from pg_stat_activity where wait_event = 'PgSleep' and query like '%(600)'"))
          .rowCount
      await expect.poll(isSleeping, { timeout: 20_000 }).toBe(1)
      await child.stop('SIGKILL')

      const database = await open({ url, migrationLockTimeoutMs: 30_000 })
      await database.migrate(await release('mended', 'alter table killed.thing add column name text'))
      const tables = await rowsOf(
        database.sql,
        sql`select table_name, column_name from information_schema.columns where table_schema = 'killed' order by 1, 2`,
      )
      expect(tables).toEqual([
        { table_name: 'thing', column_name: 'id' },
        { table_name: 'thing', column_name: 'name' },
      ])
    })

    test('may take longer than other statements', async () => {
      const database = await open({ statementTimeoutMs: 100 })
      await database.migrate(
        await writeRelease({ parent: scratch, name: 'slow', schema: 'slow', statements: ['select pg_sleep(0.5)'] }),
      )
      await expect(database.sql.execute(sql`select pg_sleep(0.5)`)).rejects.toMatchObject({
        code: 'UPSTREAM_TIMED_OUT',
      })
    })
  })

  describe('a session', () => {
    test('is named after its process, and limited in time', async () => {
      const database = await open({ applicationName: 'tributary-knowledge-worker' })
      const settings = await rowsOf(
        database.sql,
        sql`select current_setting('application_name') as name, current_setting('statement_timeout') as statement,
              current_setting('lock_timeout') as lock, current_setting('idle_in_transaction_session_timeout') as idle`,
      )
      expect(settings).toEqual([{ name: 'tributary-knowledge-worker', statement: '30s', lock: '10s', idle: '30s' }])
    })

    test('does not wait for a lock for ever', async () => {
      const url = await server.createDatabase()
      const database = await open({ url, lockTimeoutMs: 200 })
      const holder = await connect(url)
      for (const statement of ['create table held (id int)', 'begin', 'lock table held']) await holder.query(statement)
      await expect(database.sql.execute(sql`select * from held`)).rejects.toMatchObject({
        code: 'UPSTREAM_TIMED_OUT',
        isRetryable: true,
      })
    })

    test('that lies idle in a transaction is ended, with its locks', async () => {
      const database = await open({ idleInTransactionTimeoutMs: 2_000, poolSize: 1 })
      const watcher = await connect(database.native.engine === 'postgresql' ? database.native.url : '')
      const sessions = async () =>
        (
          await watcher.query(
            "select 1 from pg_stat_activity where state = 'idle in transaction' and datname = current_database()",
          )
        ).rowCount
      const left = Promise.withResolvers<void>()
      const forgotten = database.sql.transaction(async (tx) => {
        await tx.execute(sql`select 1`)
        await left.promise
        await tx.execute(sql`select 2`)
      })
      await expect.poll(sessions, { timeout: 15_000 }).toBe(1)
      await expect.poll(sessions, { timeout: 15_000 }).toBe(0)
      left.resolve()
      await expect(forgotten).rejects.toMatchObject({ isRetryable: true })
      await database.sql.execute(sql`select 1`)
    })
  })

  describe('a server', () => {
    const insertInTransaction = (database: Awaited<ReturnType<typeof open>>) =>
      database.sql.transaction((tx) => tx.execute(sql`insert into thing values (1)`))

    test('that is away fails calls at once as retryable; listening and work go on when it is back', async () => {
      const database = await open({ poolSize: 2 })
      await database.sql.execute(sql`create table thing (id int)`)
      const heard: string[] = []
      let reconnects = 0
      const listener = await database.listen(
        'outage',
        (payload) => heard.push(payload),
        () => (reconnects += 1),
      )
      await server.stop('SIGKILL')
      try {
        const startedAt = performance.now()
        // More often than there are connections: none may be lost to a transaction that could not begin.
        for (let round = 0; round < 6; round += 1) {
          const unavailable = { code: 'UPSTREAM_UNAVAILABLE', isRetryable: true }
          await expect(database.sql.execute(sql`select 1`)).rejects.toMatchObject(unavailable)
          await expect(insertInTransaction(database)).rejects.toMatchObject(unavailable)
          await expect(
            database.listen(
              'outage',
              () => undefined,
              () => undefined,
            ),
          ).rejects.toMatchObject(unavailable)
        }
        expect(performance.now() - startedAt).toBeLessThan(2_000)
      } finally {
        await server.start()
      }
      await expect.poll(() => reconnects, { timeout: 20_000 }).toBe(1)
      await Promise.all(Array.from({ length: 10 }, () => insertInTransaction(database)))
      expect(await rowsOf(database.sql, sql`select count(*)::int as count from thing`)).toEqual([{ count: 10 }])
      await database.sql.execute(sql`select pg_notify('outage', 'back')`)
      await expect.poll(() => heard, { timeout: 15_000 }).toEqual(['back'])
      await listener.close()
    })

    test('that is killed under running transactions loses no connection of the pool', async () => {
      const database = await open({ poolSize: 2 })
      await database.sql.execute(sql`create table thing (id int)`)
      const reached = Promise.withResolvers<void>()
      const goOn = Promise.withResolvers<void>()
      let count = 0
      const running = Array.from({ length: 2 }, () =>
        database.sql.transaction(async (tx) => {
          await tx.execute(sql`insert into thing values (1)`)
          if (++count === 2) reached.resolve()
          await goOn.promise
          await tx.execute(sql`insert into thing values (2)`)
        }),
      )
      await reached.promise
      await server.stop('SIGKILL')
      await server.start()
      goOn.resolve()
      for (const outcome of await Promise.allSettled(running))
        expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'UPSTREAM_UNAVAILABLE' } })
      await Promise.all(Array.from({ length: 4 }, () => insertInTransaction(database)))
      expect(await rowsOf(database.sql, sql`select distinct id from thing`)).toEqual([{ id: 1 }])
    })

    test('that accepts and never answers keeps no caller beyond the bound, and serves again when it goes on', async () => {
      const database = await open({ poolSize: 2, statementTimeoutMs: 500, connectTimeoutMs: 1_000 })
      await database.sql.execute(sql`create table thing (id int)`)
      server.pause()
      try {
        const startedAt = performance.now()
        const calls = [
          database.sql.execute(sql`select 1`),
          insertInTransaction(database),
          database.listen(
            'silence',
            () => undefined,
            () => undefined,
          ),
          openDatabase({ location: { url: server.environment['DATABASE_URL']! }, connectTimeoutMs: 1_000 }),
          ...Array.from({ length: 4 }, () => insertInTransaction(database)),
        ]
        for (const outcome of await Promise.allSettled(calls))
          expect(outcome).toMatchObject({ status: 'rejected', reason: { isRetryable: true } })
        expect(performance.now() - startedAt).toBeLessThan(9_000)
      } finally {
        server.resume()
      }
      await Promise.all(Array.from({ length: 4 }, () => insertInTransaction(database)))
    })

    test('that can only be read refuses writes as retryable, serves reads, and takes writes when it may again', async () => {
      const url = await server.createDatabase()
      const name = new URL(url).pathname.slice(1)
      const owner = await connect(url)
      await owner.query('create table thing (id int)')
      await owner.query(`alter database ${name} set default_transaction_read_only = on`)
      const database = await open({ url, poolSize: 1 })
      const refusal = {
        code: 'UPSTREAM_UNAVAILABLE',
        isRetryable: true,
        message: expect.stringContaining('only be read'),
      }
      await expect(database.sql.execute(sql`insert into thing values (1)`)).rejects.toMatchObject(refusal)
      await expect(insertInTransaction(database)).rejects.toMatchObject(refusal)
      expect(await rowsOf(database.sql, sql`select * from thing`)).toEqual([])
      await owner.query(`alter database ${name} set default_transaction_read_only = off`)
      // The session of the read is still the old one; whoever meets that tries again, on a new one.
      await expect(insertInTransaction(database)).rejects.toMatchObject(refusal)
      await insertInTransaction(database)
    })

    test.skipIf(smallDiskMissing !== null)(
      'whose log finds no room ends, and started again with room has what was committed',
      async () => {
        const disk = await mountSmallDisk(160)
        const small = await startPostgresql(installation, { parent: disk.directory })
        const database = await openDatabase({ location: { url: await small.createDatabase() } })
        try {
          await database.sql.execute(sql`create table thing (id int)`)
          await insertInTransaction(database)
          await disk.fill()
          const log = async () => {
            // The file that its log has begun takes 16 MB.
            for (let megabyte = 0; megabyte <= 16; megabyte += 1)
              await database.sql.execute(sql`select pg_logical_emit_message(true, 'filling', repeat('x', 1000000))`)
          }
          await expect(log()).rejects.toMatchObject({ isRetryable: true })
          await disk.makeRoom()
          await small.stop()
          await small.start()
          expect(await rowsOf(database.sql, sql`select id from thing`)).toEqual([{ id: 1 }])
          await insertInTransaction(database)
        } finally {
          await database.close()
          await small.close()
          await disk.close()
        }
      },
    )

    test('that refuses the password, or has no such database, says so without showing it', async () => {
      const admin = await connect(server.environment['DATABASE_URL']!)
      await admin.query("create role locked login password 'right'")
      const hba = (await admin.query<{ hba_file: string }>('show hba_file')).rows[0]!.hba_file
      // COPY separates by tabs, as the file may; a line is an array element.
      const rules = ['host all locked 127.0.0.1/32 scram-sha-256', 'host all all 127.0.0.1/32 trust']
      await admin.query(`copy (select unnest(array[${rules.map((rule) => `'${rule}'`).join(', ')}])) to '${hba}'`)
      await admin.query('select pg_reload_conf()')
      const url = new URL(server.environment['DATABASE_URL']!)
      url.username = 'locked'
      url.password = 'wrong-password'
      const failure = async () =>
        (await openDatabase({ location: { url: url.href } }).catch((error: unknown) => error)) as Error
      await expect
        .poll(async () => (await failure()).message, { timeout: 15_000 })
        .toContain('password authentication failed')
      expect(await failure()).toMatchObject({ code: 'CONFIGURATION_INVALID', isRetryable: false })
      expect((await failure()).message).toMatch(/^PostgreSQL at DATABASE_URL \(postgresql:\/\/locked:\*\*\*@127/)
      expect((await failure()).message).not.toContain('wrong-password')
      url.password = ''
      expect(await failure()).toMatchObject({ code: 'CONFIGURATION_INVALID' })
      url.password = 'right'
      url.pathname = '/nowhere'
      expect(await failure()).toMatchObject({
        code: 'CONFIGURATION_INVALID',
        message: expect.stringContaining('"nowhere"'),
      })
    })
  })
})
