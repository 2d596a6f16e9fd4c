// The contract of GraphStore on PGlite, and on a PostgreSQL server where TEST_DATABASE_URL names one.
import { sql } from 'drizzle-orm'
import { afterAll, describe } from 'vitest'
import { openDatabase, type Database, type OpenDatabaseOptions } from '#shared/database.ts'
import { describeGraphStore } from '../ports/graph-store.contract.ts'
import { createPostgresGraphStore } from './postgres-graph-store.ts'

const folder = new URL('../migrations', import.meta.url).pathname

function describeOn(name: string, location: OpenDatabaseOptions['location']) {
  let database: Promise<Database> | undefined
  const openOnce = async () => {
    const opened = await openDatabase({ location })
    await opened.migrate({ schema: 'graph', folder })
    return opened
  }
  afterAll(async () => (await database)?.close())
  describeGraphStore(name, async () => {
    const { sql: executor } = await (database ??= openOnce())
    await executor.execute(sql`truncate graph.entity, graph.deletion cascade`)
    return createPostgresGraphStore({ database: executor })
  })
}

describeOn('PGlite', { directory: 'memory://' })

const url = process.env['TEST_DATABASE_URL']
if (url) describeOn('PostgreSQL', { url })
else describe.skip('GraphStore on PostgreSQL: TEST_DATABASE_URL is not set', () => undefined)
