import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ensurePostgresql, startPostgresql } from '../test/services/postgresql.ts'
import { describeWithService } from '../test/services/service.ts'
import { openDatabase } from './database.ts'
import { describeDatabase } from './database.contract.ts'

const SCHEMAS = ['accounts', 'graph', 'ingestion', 'knowledge', 'metrics', 'models']

describeWithService('the database on postgresql', await ensurePostgresql(), (installation) => {
  let server: Awaited<ReturnType<typeof startPostgresql>>
  beforeAll(async () => {
    server = await startPostgresql(installation)
  })
  afterAll(() => server.close())

  test('processes that start together on an empty server each make their own schema', async () => {
    for (let round = 0; round < 8; round += 1) {
      const url = await server.createDatabase()
      const databases = await Promise.all(SCHEMAS.map(() => openDatabase({ location: { url } })))
      const migrated = SCHEMAS.map((schema, index) =>
        databases[index]!.migrate({
          schema,
          folder: path.join(import.meta.dirname, `../subgraphs/${schema}/migrations`),
        }),
      )
      const outcomes = await Promise.allSettled(migrated)
      await Promise.all(databases.map((database) => database.close()))
      expect(outcomes.filter(({ status }) => status === 'rejected')).toEqual([])
    }
  })

  describeDatabase('PostgreSQL', async () => openDatabase({ location: { url: await server.createDatabase() } }))
})
