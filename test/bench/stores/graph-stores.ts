// What the platform adds to the graph stores: the time of a traversal, asked of graph's own GraphQL schema, in which the driver does nothing, measured
// within the operation itself; and how fast documents are written, on Neo4j and on PostgreSQL. The warm-up compiles the Cypher statement of each form.
import { buildSubgraphSchema } from '@apollo/subgraph'
import { execute, parse, validate, type DocumentNode } from 'graphql'
import neo4jDriver from 'neo4j-driver'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { openDatabase } from '#shared/database.ts'
import { readTypeDefinitions } from '#shared/graphql/subgraph-server.ts'
import { createId } from '#shared/ids.ts'
import { openNeo4jGraphStore } from '../../../subgraphs/graph/adapters/neo4j-graph-store.ts'
import { createPostgresGraphStore } from '../../../subgraphs/graph/adapters/postgres-graph-store.ts'
import { createBrowseGraph } from '../../../subgraphs/graph/browse-graph.ts'
import { createLoaders } from '../../../subgraphs/graph/loaders.ts'
import type { GraphStore } from '../../../subgraphs/graph/ports/graph-store.ts'
import { resolvers } from '../../../subgraphs/graph/resolvers/index.ts'
import { ensureNeo4j, startNeo4j } from '../../services/neo4j.ts'
import { ensurePostgresql, startPostgresql } from '../../services/postgresql.ts'
import { printFigures, warnWhenBusy, type Figure, type Target } from '../figures.ts'
import { createDriverClock, type DriverClock } from './driver-clock.ts'
import './ended-by-signal.ts'
import { createRelationshipGraph } from './relationship-graph.ts'

const USAGE = `node test/bench/stores/graph-stores.ts [options]

  --entities 20000
  --relationships 100000
  --document 1000      relationships that one document contributes
  --traversals 200     operations of each depth that are measured on each store
  --first 5            relationships of an entity that an operation asks for
  --seed 1             of the graph and of the entities that are asked for
  --help`

const { values } = parseArgs({
  options: {
    entities: { type: 'string', default: '20000' },
    relationships: { type: 'string', default: '100000' },
    document: { type: 'string', default: '1000' },
    traversals: { type: 'string', default: '200' },
    first: { type: 'string', default: '5' },
    seed: { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) {
  console.log(USAGE)
  process.exit(0)
}
const [entityCount, relationshipCount, relationshipsPerDocument, traversalCount, first] = (
  ['entities', 'relationships', 'document', 'traversals', 'first'] as const
).map((flag) => {
  const size = Number(values[flag])
  if (!Number.isInteger(size) || size < 1)
    throw new Error(`--${flag} is "${values[flag]}": a whole number is expected.`)
  return size
}) as [number, number, number, number, number]

/** Before any counts, so that plans are made and programs compiled. */
const WARM_UP = 20
const DEPTHS = [1, 2, 3]
const ADDED_MS: Target = { of: 'median', atMost: 5 }

interface Measured {
  /** Relationships a second, with their entities and mentions, a document each. */
  written: number[]
  depths: Map<number, MeasuredDepth>
}
interface MeasuredDepth {
  totalMs: number[]
  driverMs: number[]
  addedMs: number[]
  /** In the answer. */
  entities: number[]
}

const [workspaceId, knowledgeBaseId] = [createId('ws'), createId('kb')]
const signal = new AbortController().signal
const schema = buildSubgraphSchema([{ typeDefs: parse(readTypeDefinitions('graph')), resolvers: resolvers as never }])
const { documents, endIds } = createRelationshipGraph({
  seed: values.seed,
  workspaceId,
  knowledgeBaseId,
  entityCount,
  relationshipCount,
  relationshipsPerDocument,
})

const [neo4j, postgresql] = [await ensureNeo4j(), await ensurePostgresql()]
if ('missing' in neo4j) throw new Error(neo4j.missing)
if ('missing' in postgresql) throw new Error(postgresql.missing)
await using opened = new AsyncDisposableStack()
const neo4jServer = await startNeo4j(neo4j.installation)
opened.defer(() => neo4jServer.close())
const postgresqlServer = await startPostgresql(postgresql.installation)
opened.defer(() => postgresqlServer.close())
const clock = createDriverClock()
const stores = { Neo4j: await openOnNeo4j(clock), PostgreSQL: await openOnPostgresql(clock) }
await warnWhenBusy()
const measured: Record<keyof typeof stores, Measured> = { Neo4j: empty(), PostgreSQL: empty() }
const storeNames = ['Neo4j', 'PostgreSQL'] as const

for (const contributions of documents)
  for (const name of storeNames) {
    const startedAt = performance.now()
    await stores[name].replaceDocument(workspaceId, contributions, signal)
    measured[name].written.push((contributions.relationships.length / (performance.now() - startedAt)) * 1000)
  }
for (const depth of DEPTHS) {
  const document = traversal(depth)
  for (let index = -WARM_UP; index < traversalCount; index += 1)
    for (const name of storeNames) {
      const id = endIds[((index + WARM_UP) * 7919) % endIds.length]!
      await measureTraversal(name, { document, depth, id, counts: index >= 0 })
    }
}

for (const name of storeNames) {
  const { written, depths } = measured[name]
  const figures = [...depths].flatMap(([depth, { totalMs, driverMs, addedMs, entities }]): Figure[] => [
    { name: `depth ${depth}: traversal`, unit: 'ms', values: totalMs },
    { name: `depth ${depth}: its driver`, unit: 'ms', values: driverMs },
    { name: `depth ${depth}: added`, unit: 'ms', values: addedMs, target: ADDED_MS },
    { name: `depth ${depth}: entities in the answer`, unit: '', values: entities },
  ])
  printFigures(
    `graph on ${name}, ${entityCount} entities, ${relationshipCount} relationships, first ${first} of each entity`,
    [...figures, { name: 'relationships written, with entities and mentions', unit: '/s', values: written }],
  )
}

function empty(): Measured {
  return { written: [], depths: new Map(DEPTHS.map((depth) => [depth, emptyDepth()])) }
}

function emptyDepth(): MeasuredDepth {
  return { totalMs: [], driverMs: [], addedMs: [], entities: [] }
}

async function openOnNeo4j(observing: DriverClock): Promise<GraphStore> {
  observing.attach(neo4jDriver.Driver.prototype, ['session'])
  const { environment } = neo4jServer
  const store = await openNeo4jGraphStore({
    uri: environment['NEO4J_URI']!,
    username: environment['NEO4J_USERNAME']!,
    password: environment['NEO4J_PASSWORD']!,
  })
  opened.defer(() => store.close())
  return store
}

async function openOnPostgresql(observing: DriverClock): Promise<GraphStore> {
  const database = await openDatabase({ location: { url: await postgresqlServer.createDatabase() } })
  opened.defer(() => database.close())
  const folder = fileURLToPath(new URL('../../../subgraphs/graph/migrations', import.meta.url))
  await database.migrate({ schema: 'graph', folder })
  if (database.native.engine !== 'postgresql') throw new Error('PostgreSQL was expected.')
  observing.attach(database.native.pool, ['query', 'connect'], { isPromisedObserved: true })
  return createPostgresGraphStore({ database })
}

/** Relationships of an entity, of the entities that they lead to, and so on. Parsed and checked once, as the server keeps it. */
function traversal(depth: number): DocumentNode {
  const entity = (left: number): string =>
    left === 0
      ? 'id name type'
      : `id name type relationships(first: $first) { nodes { id type weight source { id name } target { ${entity(left - 1)} } } pageInfo { hasNextPage endCursor } }`
  const document = parse(`query ($id: ID!, $first: Int) { entity(id: $id) { ${entity(depth)} } }`)
  const [error] = validate(schema, document)
  if (error) throw error
  return document
}

async function measureTraversal(
  name: keyof typeof stores,
  { document, depth, id, counts }: { document: DocumentNode; depth: number; id: string; counts: boolean },
): Promise<void> {
  const { result, totalMs, calls, addedMs } = await clock.measure(async () => {
    const contextValue = {
      loaders: createLoaders(createBrowseGraph({ store: stores[name], workspaceId, signal })),
      signal,
    }
    return execute({ schema, document, variableValues: { id, first }, contextValue })
  })
  if (result.errors) throw result.errors[0]!
  if (!result.data?.['entity']) throw new Error(`${name} did not find ${id}.`)
  if (calls.length === 0) throw new Error(`A traversal was not seen to use the driver of ${name}.`)
  if (!counts) return
  const into = measured[name].depths.get(depth)!
  const added = addedMs()
  into.totalMs.push(totalMs)
  into.driverMs.push(totalMs - added)
  into.addedMs.push(added)
  into.entities.push(JSON.stringify(result.data).split('"name"').length - 1)
}
