// The contract of GraphStore on a real Neo4j.
import neo4j from 'neo4j-driver'
import { afterAll, beforeAll } from 'vitest'
import { ensureNeo4j, startNeo4j } from '../../../test/services/neo4j.ts'
import type { RunningService } from '../../../test/services/server.ts'
import { describeWithService } from '../../../test/services/service.ts'
import { describeGraphStore } from '../ports/graph-store.contract.ts'
import type { GraphStore } from '../ports/graph-store.ts'
import { openNeo4jGraphStore } from './neo4j-graph-store.ts'

describeWithService('the graph store on neo4j', await ensureNeo4j(), (installation) => {
  let server: RunningService
  let store: GraphStore
  const options = () => ({
    uri: server.environment['NEO4J_URI']!,
    username: server.environment['NEO4J_USERNAME']!,
    password: server.environment['NEO4J_PASSWORD']!,
  })
  beforeAll(async () => {
    server = await startNeo4j(installation)
    store = await openNeo4jGraphStore(options())
  })
  afterAll(async () => {
    await store?.close()
    await server?.close()
  })

  async function empty(): Promise<void> {
    const { uri, username, password } = options()
    const driver = neo4j.driver(uri, neo4j.auth.basic(username, password))
    await driver.executeQuery('MATCH (n) WHERE NOT n:TributaryMigration DETACH DELETE n')
    await driver.close()
  }

  describeGraphStore('Neo4j', async () => {
    await empty()
    return store
  })
})
