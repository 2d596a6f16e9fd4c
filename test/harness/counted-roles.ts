// Roles on PostgreSQL whose statements are counted, by what the server itself notes of them.
import pg from 'pg'
import { SUBGRAPH_NAMES } from '../../contracts/node-types.ts'
import type { RunningRoles } from './roles.ts'

export interface CountedRoles extends RunningRoles {
  /** Runs the work, and returns the statements by which it read tables of the subgraphs. */
  statementsOf(work: () => Promise<unknown>): Promise<string[]>
}

// A query only reads; what processes do on their own meanwhile is keeping leases and looking after abandoned work.
const READS = /^\s*select/i
const BACKGROUND = /lease|skip locked|closed_at|stream_outbox/i

export async function countStatements(roles: RunningRoles): Promise<CountedRoles> {
  const client = new pg.Client({ connectionString: roles.databaseUrl })
  await client.connect()
  await client.query('create extension pg_stat_statements')
  const ofSubgraphs = new RegExp(`\\b(${SUBGRAPH_NAMES.join('|')})"?\\.`)
  return {
    ...roles,
    async statementsOf(work) {
      await client.query('select pg_stat_statements_reset()')
      await work()
      const { rows } = await client.query<{ query: string; calls: string }>(
        `select query, calls::int from pg_stat_statements s join pg_database d on d.oid = s.dbid where d.datname = current_database()`,
      )
      return rows
        .filter(({ query }) => ofSubgraphs.test(query) && READS.test(query) && !BACKGROUND.test(query))
        .flatMap(({ query, calls }) => Array.from({ length: Number(calls) }, () => query))
    },
    async close() {
      await client.end()
      await roles.close()
    },
  }
}
