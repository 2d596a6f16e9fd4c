// What autovacuum does on a server and nobody in PGlite, which has no other process: tables that have grown are vacuumed, so that the room of
// deleted and replaced rows is used again, and analysed, so that the planner knows how many rows there are. Without that a lookup of ten chunks
// among 20,000 reads all of them.
//
// PGlite does not count changed rows either, so growth is what is looked at: a table whose room is used again does not grow.
import type { PGlite } from '@electric-sql/pglite'

export interface PgliteMaintenanceOptions {
  client: PGlite
  /** Between two looks, in milliseconds. Default 30,000; a look takes some. */
  intervalMs?: number
  /** A failure, of a full disk for example. It is tried again at the next look. */
  onError?: (error: unknown) => void
}

export interface PgliteMaintenance {
  /** Waits for the table that is in work. */
  stop(): Promise<void>
}

const INTERVAL_MS = 30_000

/** What has a lower one is PostgreSQL's own catalogue (`FirstNormalObjectId`), which hardly changes. */
const FIRST_NORMAL_OBJECT_ID = 16_384

/** Grown by a fifth, as `autovacuum_vacuum_scale_factor` has it by default, and by 64 KiB. Tables of TOAST are vacuumed on their own. */
const GROWN_TABLES = `
  select quote_ident(nspname) || '.' || quote_ident(relname) as name, relkind = 't' as is_toast
  from pg_class join pg_namespace on pg_namespace.oid = relnamespace
  where relkind in ('r', 't') and relpersistence = 'p' and pg_class.oid >= ${FIRST_NORMAL_OBJECT_ID}
    and pg_relation_size(pg_class.oid) / current_setting('block_size')::int >= relpages * 1.2 + 8`

/** Statements of others wait for one table at a time. */
export function startPgliteMaintenance(options: PgliteMaintenanceOptions): PgliteMaintenance {
  const { client, intervalMs = INTERVAL_MS, onError = () => undefined } = options
  let isStopped = false
  let work = Promise.resolve()
  let timer = setTimeout(look, intervalMs).unref()

  function look(): void {
    work = maintain()
      .catch(onError)
      .finally(() => {
        if (!isStopped) timer = setTimeout(look, intervalMs).unref()
      })
  }

  async function maintain(): Promise<void> {
    const { rows } = await client.query<{ name: string; is_toast: boolean }>(GROWN_TABLES)
    for (const { name, is_toast: isToast } of rows) {
      if (isStopped) return
      await client.query(isToast ? `vacuum ${name}` : `vacuum (analyze) ${name}`)
    }
  }

  return {
    async stop() {
      isStopped = true
      clearTimeout(timer)
      await work
    },
  }
}
