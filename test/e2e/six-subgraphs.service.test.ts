import pg from 'pg'
import { SUBGRAPH_NAMES } from '../../contracts/node-types.ts'
import { startRolesOnPostgresql } from '../harness/roles.ts'
import { ensurePostgresql } from '../services/postgresql.ts'
import { describeWithService } from '../services/service.ts'
import { sixSubgraphsStory } from './stories/six-subgraphs.ts'

// What processes do on their own, whoever asks what: keeping leases, looking after abandoned work, writing down that a key was used.
const BACKGROUND = /lease|last_used_at|closed_at|begin|commit|watched_at/i

describeWithService('on postgresql', await ensurePostgresql(), (installation) => {
  sixSubgraphsStory('PostgreSQL', async () => {
    const roles = await startRolesOnPostgresql(installation)
    const client = new pg.Client({ connectionString: roles.databaseUrl })
    await client.connect()
    await client.query('create extension pg_stat_statements')
    const ofSubgraphs = new RegExp(`"(${SUBGRAPH_NAMES.join('|')})"\\.`)
    return {
      ...roles,
      async statementsOf(work) {
        await client.query('select pg_stat_statements_reset()')
        await work()
        const { rows } = await client.query<{ query: string; calls: string }>(
          `select query, calls::int from pg_stat_statements s join pg_database d on d.oid = s.dbid where d.datname = current_database()`,
        )
        return rows
          .filter(({ query }) => ofSubgraphs.test(query) && !BACKGROUND.test(query))
          .flatMap(({ query, calls }) => Array.from({ length: Number(calls) }, () => query))
      },
      async close() {
        await client.end()
        await roles.close()
      },
    }
  })
})
