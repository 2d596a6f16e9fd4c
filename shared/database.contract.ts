// What a database does on every engine: migrates, keeps transactions whole, and says what happened to those who listen.
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { contractCases } from '../test/harness/contract-case.ts'
import { mountSmallDisk, smallDiskMissing, type SmallDisk } from '../test/harness/small-disk.ts'
import { rowsOf, type Database } from './database.ts'
import { readMigrationState } from './migration-history.ts'
import { writeRelease } from './release.fixture.ts'

const MIGRATIONS = [
  'create schema database_test;--> statement-breakpoint\ncreate table database_test.thing (id int primary key)',
  'alter table database_test.thing add column name text',
]
const BROKEN =
  'alter table database_test.thing add column size int;--> statement-breakpoint\ninsert into database_test.nowhere values (1)'

export interface DatabaseUnderTest {
  open(): Promise<Database>
  /** A database whose files are all on the disk; `close` closes it, and whatever runs for it. */
  openOn(disk: SmallDisk): Promise<{ database: Database; close(): Promise<void> }>
}

const FULL = 'a full store says so, and takes what fits again'
/** An empty database with what it reserves for its log takes a fourth of it. */
const DISK_MEGABYTES = 160

export function describeDatabase(engine: string, { open, openOn }: DatabaseUnderTest): void {
  describe(`Database on ${engine}`, () => {
    const { contract, end } = contractCases(smallDiskMissing === null ? {} : { [FULL]: smallDiskMissing })
    let database: Database
    let scratch: string
    beforeAll(async () => {
      scratch = await mkdtemp(path.join(os.tmpdir(), 'tributary-database-'))
      database = await open()
    })
    afterAll(async () => {
      await database?.close()
      await rm(scratch, { recursive: true, force: true })
    })

    /** The folder of a release that knows the first so many migrations, and then these. */
    const release = (count: number, ...more: string[]) =>
      writeRelease({
        parent: scratch,
        name: `release-${count}-${more.length}`,
        schema: 'database_test',
        statements: [...MIGRATIONS.slice(0, count), ...more],
      })

    const columns = async () =>
      (
        await rowsOf<{ name: string }>(
          database.sql,
          sql`select column_name as name from information_schema.columns where table_schema = 'database_test'
            order by ordinal_position`,
        )
      ).map(({ name }) => name)

    contract('migrations are applied in order, each once, by whichever release comes', async () => {
      expect((await readMigrationState(database.sql, await release(1))).kind).toBe('none')
      await database.migrate(await release(1))
      expect(await columns()).toEqual(['id'])
      await database.migrate(await release(1))
      expect(await readMigrationState(database.sql, await release(2))).toEqual({
        kind: 'behind',
        pending: ['0001_step'],
      })
      await database.migrate(await release(2))
      await database.migrate(await release(2))
      expect(await columns()).toEqual(['id', 'name'])
      expect(await readMigrationState(database.sql, await release(2))).toEqual({ kind: 'current', last: '0001_step' })
    })

    contract('migrations of a newer release are refused by an older one, which changes nothing', async () => {
      await database.migrate(await release(2))
      await expect(database.migrate(await release(1))).rejects.toMatchObject({
        code: 'DATA_DIRECTORY_NEWER',
        isRetryable: false,
        message: expect.stringMatching(
          /written by a newer version.*schema "database_test" has had 2 migrations, the last of 2023-11-14T22:13:20.001Z; this version knows 1, the last of 2023-11-14T22:13:20.000Z \(0000_step\)/,
        ),
      })
      expect(await columns()).toEqual(['id', 'name'])
      // The lock under which it looked is free again.
      await database.migrate(await release(2))
    })

    contract('a migration that fails half-way leaves nothing behind, and goes through once it is mended', async () => {
      await database.migrate(await release(2))
      await expect(database.migrate(await release(2, BROKEN))).rejects.toThrow()
      expect(await columns()).toEqual(['id', 'name'])
      await database.migrate(await release(2, 'alter table database_test.thing add column mended int'))
      expect(await columns()).toEqual(['id', 'name', 'mended'])
    })

    contract('a transaction that throws is undone, and its connection serves the next one', async () => {
      const reason = new Error('the caller’s own')
      for (let round = 0; round < 12; round += 1)
        await expect(
          database.sql.transaction(async (tx) => {
            await tx.execute(sql`insert into database_test.thing (id) values (1)`)
            throw reason
          }),
        ).rejects.toBe(reason)
      expect(await rowsOf(database.sql, sql`select id from database_test.thing`)).toEqual([])
      await database.sql.transaction((tx) => tx.execute(sql`insert into database_test.thing (id) values (2)`), {
        isolationLevel: 'serializable',
      })
      expect(await rowsOf(database.sql, sql`select id from database_test.thing`)).toEqual([{ id: 2 }])
    })

    contract('a statement that is wrong fails with its own SQLSTATE', async () => {
      const error: unknown = await database.sql
        .execute(sql`insert into database_test.thing (id) values (2)`)
        .then(() => null)
        .catch((caught: unknown) => caught)
      expect(error).toMatchObject({ cause: { code: '23505' } })
    })

    contract('who listens on a channel hears what is notified there, and nothing after it closed', async () => {
      const heard: string[] = []
      const listener = await database.listen(
        'database_test',
        (payload) => heard.push(payload),
        () => undefined,
      )
      await database.sql.execute(sql`select pg_notify('database_test', 'first'), pg_notify('elsewhere', 'other')`)
      await expect.poll(() => heard, { timeout: 15_000 }).toEqual(['first'])
      await listener.close()
      await database.sql.execute(sql`select pg_notify('database_test', 'second')`)
      expect(heard).toEqual(['first'])
    })

    contract(FULL, async () => {
      const disk = await mountSmallDisk(DISK_MEGABYTES)
      const { database: small, close } = await openOn(disk)
      try {
        const count = async () => (await rowsOf(small.sql, sql`select count(*)::int as count from thing`))[0]
        const insert = sql`insert into thing select i, repeat('x', 1000) from generate_series(1, 10000) as i`
        await small.sql.execute(sql`create table thing (id int, filling text)`)
        await small.sql.execute(sql`insert into thing values (0, 'kept')`)
        await disk.fill()
        const full = {
          code: 'CAPACITY_EXCEEDED',
          isRetryable: true,
          message: expect.stringMatching(/DATABASE_URL.*TRIBUTARY_DATA_DIR.*full\. Make room/) as string,
        }
        await expect(small.sql.execute(insert)).rejects.toMatchObject(full)
        await expect(
          small.sql.transaction(async (tx) => {
            await tx.execute(sql`update thing set filling = 'changed'`)
            await tx.execute(insert)
          }),
        ).rejects.toMatchObject(full)
        expect(await rowsOf(small.sql, sql`select * from thing`)).toEqual([{ id: 0, filling: 'kept' }])
        await disk.makeRoom()
        await small.sql.execute(insert)
        expect(await count()).toEqual({ count: 10_001 })
      } finally {
        await close()
        await disk.close()
      }
    })

    end()
  })
}
