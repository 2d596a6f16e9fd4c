// The database of a test: PGlite in memory, or, where TEST_DATABASE_URL names a PostgreSQL server, a fresh database on it that is dropped afterwards.
import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { openMemoryDatabase } from '../../../test/harness/new-database.ts'
import { openDatabase, type Database } from '#shared/database.ts'

export async function openTestDatabase(onStatement: (statement: string) => void): Promise<Database> {
  const url = process.env['TEST_DATABASE_URL']
  if (!url) return openMemoryDatabase({ onStatement })
  const name = `test_${randomBytes(6).toString('hex')}`
  const administer = async (statement: string) => {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    try {
      await client.query(statement)
    } finally {
      await client.end()
    }
  }
  await administer(`create database ${name}`)
  const own = new URL(url)
  own.pathname = `/${name}`
  const database = await openDatabase({ location: { url: own.href }, onStatement })
  return {
    ...database,
    async close() {
      await database.close()
      await administer(`drop database ${name} with (force)`)
    },
  }
}
