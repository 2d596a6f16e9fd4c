// What migrating a database has to be like on every engine.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { rowsOf, type Database } from './database.ts'

const MIGRATIONS = [
  'create schema database_test;--> statement-breakpoint\ncreate table database_test.thing (id int primary key)',
  'alter table database_test.thing add column name text',
]

export function describeDatabase(engine: string, open: () => Promise<Database>): void {
  describe(`migrations on ${engine}`, () => {
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

    /** The folder of a release that knows the first so many migrations. */
    async function release(count: number): Promise<{ schema: string; folder: string }> {
      const folder = path.join(scratch, `release-${count}`)
      await mkdir(path.join(folder, 'meta'), { recursive: true })
      const entries = MIGRATIONS.slice(0, count).map((_, idx) => ({
        idx,
        version: '7',
        when: 1_700_000_000_000 + idx,
        tag: `000${idx}_step`,
        breakpoints: true,
      }))
      await writeFile(
        path.join(folder, 'meta/_journal.json'),
        JSON.stringify({ version: '7', dialect: 'postgresql', entries }),
      )
      for (const { tag, idx } of entries) await writeFile(path.join(folder, `${tag}.sql`), MIGRATIONS[idx]!)
      return { schema: 'database_test', folder }
    }

    const columns = async () =>
      (
        await rowsOf<{ name: string }>(
          database.sql,
          sql`select column_name as name from information_schema.columns where table_schema = 'database_test'
            order by ordinal_position`,
        )
      ).map(({ name }) => name)

    test('are applied in order, each once, by whichever release comes', async () => {
      await database.migrate(await release(1))
      expect(await columns()).toEqual(['id'])
      await database.migrate(await release(1))
      await database.migrate(await release(2))
      await database.migrate(await release(2))
      expect(await columns()).toEqual(['id', 'name'])
    })

    test('of a newer release are refused by an older one, which changes nothing', async () => {
      await database.migrate(await release(2))
      await expect(database.migrate(await release(1))).rejects.toMatchObject({
        code: 'DATA_DIRECTORY_NEWER',
        isRetryable: false,
        message: expect.stringMatching(/written by a newer version.*schema "database_test"/),
      })
      expect(await columns()).toEqual(['id', 'name'])
      // The lock under which it looked is free again.
      await database.migrate(await release(2))
    })
  })
}
