// The contract of GraphStore on a database of its own.
import { fileURLToPath } from 'node:url'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll } from 'vitest'
import { openDatabase, type Database, type OpenDatabaseOptions } from '#shared/database.ts'
import type { ContractSkips } from '../../../test/harness/contract-case.ts'
import { describeGraphStore } from '../ports/graph-store.contract.ts'
import { createPostgresGraphStore } from './postgres-graph-store.ts'

const folder = fileURLToPath(new URL('../migrations', import.meta.url))

export function describeGraphStoreOn(
  name: string,
  locate: () => Promise<OpenDatabaseOptions['location']>,
  skips: ContractSkips = {},
): void {
  let database: Database
  beforeAll(async () => {
    database = await openDatabase({ location: await locate() })
    await database.migrate({ schema: 'graph', folder })
  })
  afterAll(() => database.close())
  const open = async () => {
    await database.sql.execute(sql`truncate graph.entity, graph.deletion cascade`)
    return createPostgresGraphStore({ database: database.sql })
  }
  describeGraphStore(name, open, skips)
}
