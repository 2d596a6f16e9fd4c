import pg from 'pg'
import { SUBGRAPH_NAMES } from '../../contracts/node-types.ts'
import { startRolesOnPostgresql } from '../harness/roles.ts'
import { ensurePostgresql } from '../services/postgresql.ts'
import { describeWithService } from '../services/service.ts'
import { sixSubgraphsStory } from './stories/six-subgraphs.ts'

// A query only reads; what processes do on their own meanwhile is keeping leases and looking after abandoned work.
const READS = /^\s*select/i
const BACKGROUND = /lease|skip locked|closed_at/i

describeWithService('on postgresql', await ensurePostgresql(), (installation) => {
  sixSubgraphsStory('PostgreSQL', async () => {
    const roles = await startRolesOnPostgresql(installation)
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
  })
})
