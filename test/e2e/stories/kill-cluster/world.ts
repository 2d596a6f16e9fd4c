// What the works of a kill story are begun in: one disturbed installation and its client.
import pg from 'pg'
import type { TestClient } from '../../../harness/client.ts'
import type { RunningRoles } from '../../../harness/roles.ts'
import type { SeededChance } from '../../../harness/seeded.ts'
import type { RunningCluster } from '../../../services/cluster.ts'

export interface KillWorld {
  cluster: RunningCluster
  roles: RunningRoles
  client: TestClient
  chance: SeededChance
  /** Knowledge bases: of the handbook, which is asked, and of the ledgers, which come in meanwhile. */
  bases: { handbook: string; ledgers: string }
  /** How many ledgers were brought in so far. */
  ledgerCount: number
}

/** Something a client has begun, at a moment at which the victim may be killed. */
export interface BegunWork {
  /** Asked while the victim is dead (where it is the database: when that is back): whether it died with this half done. */
  isHalfDone(): Promise<boolean>
  /** What the client does about it now that the victim is back. Throws unless all ends well. */
  finish(): Promise<void>
}

export type BeginWork = (world: KillWorld) => Promise<BegunWork>

/** Whether the database answers the query with a row. */
export async function hasRow({ roles }: KillWorld, query: string, parameters: unknown[] = []): Promise<boolean> {
  return withDatabase(roles, async (database) => (await database.query(query, parameters)).rowCount! > 0)
}

/** Asks again and again: false once `isOver` has a row, or after ten seconds. */
export async function untilRow(
  { roles }: KillWorld,
  wanted: { query: string; parameters?: unknown[] },
  isOver: { query: string; parameters?: unknown[] },
): Promise<boolean> {
  const deadline = Date.now() + 10_000
  return withDatabase(roles, async (database) => {
    const has = async ({ query, parameters = [] }: typeof wanted) =>
      (await database.query(query, parameters)).rowCount! > 0
    while (Date.now() < deadline) {
      if (await has(wanted)) return true
      if (await has(isOver)) return false
    }
    return false
  })
}

async function withDatabase<Result>(roles: RunningRoles, work: (database: pg.Client) => Promise<Result>) {
  const database = new pg.Client({ connectionString: roles.databaseUrl })
  await database.connect()
  try {
    return await work(database)
  } finally {
    await database.end()
  }
}
