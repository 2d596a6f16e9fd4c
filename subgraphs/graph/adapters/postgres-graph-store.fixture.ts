// The contract of GraphStore on a database of its own.
import { fileURLToPath } from 'node:url'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect } from 'vitest'
import { openDatabase, type Database, type OpenDatabaseOptions } from '#shared/database.ts'
import type { ContractSkips } from '../../../test/harness/contract-case.ts'
import { describeGraphStoreFaults } from '../ports/graph-store-faults.contract.ts'
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
  describeGraphStoreFaults(name, () => expect.unreachable('every case is skipped'), FAULT_SKIPS)
}

const REASON = 'the graph is tables of the database, whose own suite has it'
const FAULT_SKIPS: ContractSkips = Object.fromEntries(
  [
    'a service that is killed and started again has all that was stored, and the store goes on',
    'calls to a service that is away fail soon and may be tried again, and then succeed',
    'a service that accepts and never answers is given up after the time limit',
    'wrong credentials are said to be wrong',
    'a store that may only be read says so, and loses nothing',
    'a store that a later program has used is left alone',
    'a migration that was killed half done is finished at the next start, also by several at once',
  ].map((name) => [name, REASON]),
)
