// The contract of GraphStore on PGlite, and on a PostgreSQL server where TEST_DATABASE_URL names one.
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe } from 'vitest'
import { openDatabase, type Database, type OpenDatabaseOptions } from '#shared/database.ts'
import { describeGraphStore } from '../ports/graph-store.contract.ts'
import { createPostgresGraphStore } from './postgres-graph-store.ts'

const folder = new URL('../migrations', import.meta.url).pathname

function describeOn(name: string, location: OpenDatabaseOptions['location']) {
  let database: Database
  beforeAll(async () => {
    database = await openDatabase({ location })
    await database.migrate({ schema: 'graph', folder })
  })
  afterAll(() => database.close())
  describeGraphStore(name, async () => {
    await database.sql.execute(sql`truncate graph.entity, graph.deletion cascade`)
    return createPostgresGraphStore({ database: database.sql })
  })
}

describeOn('PGlite', { directory: 'memory://' })

const url = process.env['TEST_DATABASE_URL']
if (url) describeOn('PostgreSQL', { url })
else describe.skip('GraphStore on PostgreSQL: TEST_DATABASE_URL is not set', () => undefined)
