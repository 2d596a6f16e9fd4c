// The contract of GraphStore on a database of its own.
import { fileURLToPath } from 'node:url'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect } from 'vitest'
import { openDatabase, rowsOf, type Database, type OpenDatabaseOptions } from '#shared/database.ts'
import type { ContractSkips } from '../../../test/harness/contract-case.ts'
import { mountSmallDisk, type SmallDisk } from '../../../test/harness/small-disk.ts'
import { describeGraphStoreFaults } from '../ports/graph-store-faults.contract.ts'
import { describeFullGraphStore, type SmallGraphStore } from '../ports/graph-store-full.contract.ts'
import { describeGraphStore, type HeldGraphStore } from '../ports/graph-store.contract.ts'
import { createPostgresGraphStore } from './postgres-graph-store.ts'

const folder = fileURLToPath(new URL('../migrations', import.meta.url))

type Location = OpenDatabaseOptions['location']

export interface DatabasePlaces {
  locate(): Promise<Location>
  /** Of a database whose files are all on the disk. */
  locateOn(disk: SmallDisk): Promise<{ location: Location; restartServer(): Promise<void>; close(): Promise<void> }>
}

export function describeGraphStoreOn(
  name: string,
  { locate, locateOn }: DatabasePlaces,
  skips: ContractSkips = {},
): void {
  let database: Database
  beforeAll(async () => {
    database = await openMigrated(await locate())
  })
  afterAll(() => database.close())
  const open = async () => {
    await database.sql.execute(sql`truncate graph.entity, graph.deletion cascade`)
    return createPostgresGraphStore({ database })
  }
  describeGraphStore(name, { open, hold: () => holdTables(database) }, skips)
  describeGraphStoreFaults(name, () => expect.unreachable('every case is skipped'), FAULT_SKIPS)
  describeFullGraphStore(name, () => openSmall(locateOn))
}

/** By a transaction that has the tables to itself; on PGlite any transaction keeps all others waiting. */
async function holdTables(database: Database): Promise<HeldGraphStore> {
  const locked = Promise.withResolvers<void>()
  const released = Promise.withResolvers<void>()
  const holding = database.sql.transaction(async (transaction) => {
    await transaction.execute(sql`lock table graph.entity, graph.relationship, graph.contribution, graph.deletion`)
    locked.resolve()
    await released.promise
  })
  await Promise.race([locked.promise, holding])
  const waiting = async (count: number, timeout: number) => {
    if (database.engine === 'pglite') return
    const ask = () =>
      rowsOf<{ count: number }>(
        database.sql,
        sql`select count(*)::int as count from pg_locks join pg_database d on d.oid = database
          where datname = current_database() and not granted`,
      )
    await expect.poll(ask, { timeout }).toEqual([{ count }])
  }
  return {
    reached: () => waiting(1, 9_000),
    // By itself a statement would give up waiting after 10 s.
    left: () => waiting(0, 5_000),
    async release() {
      released.resolve()
      await holding
    },
  }
}

async function openMigrated(location: Location): Promise<Database> {
  const opened = await openDatabase({ location })
  await opened.migrate({ schema: 'graph', folder })
  return opened
}

async function openSmall(locateOn: DatabasePlaces['locateOn']): Promise<SmallGraphStore> {
  const disk = await mountSmallDisk(160)
  const { location, restartServer, close } = await locateOn(disk)
  let database = await openMigrated(location)
  const small = {
    store: createPostgresGraphStore({ database }),
    variable: 'url' in location ? 'DATABASE_URL' : 'TRIBUTARY_DATA_DIR',
    fill: () => disk.fill(),
    makeRoom: () => disk.makeRoom(),
    async restart() {
      if ('url' in location) return restartServer()
      await database.close()
      database = await openMigrated(location)
      small.store = createPostgresGraphStore({ database })
    },
    async close() {
      await database.close()
      await close()
      await disk.close()
    },
  }
  return small
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
