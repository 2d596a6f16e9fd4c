// The contract of GraphStore on a real Neo4j.
import neo4j from 'neo4j-driver'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { mountSmallDisk } from '../../../test/harness/small-disk.ts'
import { ensureNeo4j, startNeo4j, type RunningNeo4j } from '../../../test/services/neo4j.ts'
import type { RunningService } from '../../../test/services/server.ts'
import { describeWithService } from '../../../test/services/service.ts'
import { describeGraphStoreFaults } from '../ports/graph-store-faults.contract.ts'
import { describeFullGraphStore } from '../ports/graph-store-full.contract.ts'
import { describeGraphStore } from '../ports/graph-store.contract.ts'
import type { GraphStore } from '../ports/graph-store.ts'
import { connectNeo4j, type Neo4jConnectionOptions } from './neo4j-connection.ts'
import { openNeo4jGraphStore } from './neo4j-graph-store.ts'

describeWithService('the graph store on neo4j', await ensureNeo4j(), (installation) => {
  let server: RunningNeo4j
  let store: GraphStore
  beforeAll(async () => {
    server = await startNeo4j(installation)
    store = await openNeo4jGraphStore(optionsOf(server))
  })
  afterAll(async () => {
    await store?.close()
    await server?.close()
  })

  async function run(statement: string): Promise<void> {
    const { uri, username, password } = optionsOf(server)
    const driver = neo4j.driver(uri, neo4j.auth.basic(username, password))
    await driver.executeQuery(statement)
    await driver.close()
  }

  test('a database that is not there is told by the name of its variable', async () => {
    const opening = openNeo4jGraphStore({ ...optionsOf(server), database: 'nowhere' })
    await expect(opening).rejects.toMatchObject({ code: 'CONFIGURATION_INVALID' })
    await expect(opening).rejects.toThrow(/NEO4J_DATABASE/)
  })

  test('a statement that Neo4j does not take is our own fault, and not tried again', async () => {
    const connection = connectNeo4j(optionsOf(server))
    try {
      const reading = connection.read(AbortSignal.timeout(30_000), (transaction) => transaction.run('RETURN nothing'))
      await expect(reading).rejects.toMatchObject({ code: 'INTERNAL_SERVER_ERROR', isRetryable: false })
    } finally {
      await connection.close()
    }
  })

  test('a statement whose caller has left is ended at the server', async () => {
    const connection = connectNeo4j({ ...optionsOf(server), readTimeoutMs: 60_000 })
    const { uri, username, password } = optionsOf(server)
    const driver = neo4j.driver(uri, neo4j.auth.basic(username, password))
    const running = async () =>
      (await driver.executeQuery("SHOW TRANSACTIONS YIELD currentQuery WHERE currentQuery CONTAINS 'endless'")).records
        .length - 1
    try {
      const leaving = new AbortController()
      const reading = connection.read(leaving.signal, (transaction) =>
        transaction.run('UNWIND range(1, 1000000000000) AS endless RETURN max(endless % 7)'),
      )
      const ended = expect(reading).rejects.toMatchObject({ name: 'AbortError' })
      await expect.poll(running, { timeout: 15_000 }).toBe(1)
      leaving.abort()
      await ended
      // By itself it would be given up after 60 s.
      await expect.poll(running, { timeout: 15_000 }).toBe(0)
    } finally {
      await connection.close()
      await driver.close()
    }
  })

  describeGraphStore('Neo4j', {
    async open() {
      await run('MATCH (n) WHERE NOT n:TributaryMigration DETACH DELETE n')
      return store
    },
    async hold() {
      server.pause()
      const silent = async (): Promise<void> => undefined
      return { reached: silent, left: silent, release: async () => server.resume() }
    },
  })

  describeGraphStoreFaults('Neo4j', () => ({
    service: server,
    open: (options) => openNeo4jGraphStore({ ...optionsOf(server), ...options }),
    openWithWrongPassword: () => openNeo4jGraphStore({ ...optionsOf(server), password: 'wrong' }),
    setReadOnly: (isReadOnly) => server.setReadOnly(isReadOnly),
    noteNewerVersion: () => run('CREATE (:TributaryMigration {version: 1000})'),
    forgetNewerVersion: () => run('MATCH (n:TributaryMigration {version: 1000}) DELETE n'),
    async undoHalfOfMigration() {
      await run('MATCH (n:TributaryMigration) DELETE n')
      for (const name of ['deletion_key', 'relationship_key']) await run(`DROP CONSTRAINT ${name}`)
      for (const name of ['mention_by_document_id', 'entity_name', 'entity_embedding']) await run(`DROP INDEX ${name}`)
    },
  }))

  const STOPS = 'after a write that found no room Neo4j neither reads nor writes until it is started again'
  describeFullGraphStore(
    'Neo4j',
    async () => {
      // Its two databases reserve half a gigabyte for their logs.
      const disk = await mountSmallDisk(700)
      const small = await startNeo4j(installation, { parent: disk.directory })
      const smallStore = await openNeo4jGraphStore(optionsOf(small))
      return {
        store: smallStore,
        variable: 'NEO4J_URI',
        fill: () => disk.fill(),
        makeRoom: () => disk.makeRoom(),
        async restart() {
          await small.stop()
          await small.start()
        },
        async close() {
          await smallStore.close()
          await small.close()
          await disk.close()
        },
      }
    },
    {
      'a full store is read all the same': STOPS,
      'a store that was full takes the refused write once there is room': STOPS,
    },
  )
})

function optionsOf({ environment }: RunningService): Neo4jConnectionOptions {
  return {
    uri: environment['NEO4J_URI']!,
    username: environment['NEO4J_USERNAME']!,
    password: environment['NEO4J_PASSWORD']!,
  }
}
