// The schema of graph over Neo4j and over PostgreSQL: generated operations, nested to depth five, get the same answers from both, from Neo4j in
// one statement each and from PostgreSQL in a number that their form bounds.
import fc from 'fast-check'
import { buildSubgraphSchema } from '@apollo/subgraph'
import { execute, parse, validate, type ExecutionResult, type GraphQLSchema } from 'graphql'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDatabase, type Database } from '#shared/database.ts'
import { readTypeDefinitions } from '#shared/graphql/subgraph-server.ts'
import { createId } from '#shared/ids.ts'
import { ensureNeo4j, startNeo4j, type RunningNeo4j } from '../../../test/services/neo4j.ts'
import { ensurePostgresql, startPostgresql, type RunningPostgresql } from '../../../test/services/postgresql.ts'
import { describeWithService, type Ensured } from '../../../test/services/service.ts'
import { createBrowseGraph } from '../browse-graph.ts'
import { createLoaders } from '../loaders.ts'
import type { GraphStore, StoredContributions } from '../ports/graph-store.ts'
import { resolvers } from '../resolvers/index.ts'
import { openNeo4jGraphStore } from './neo4j-graph-store.ts'
import { createPostgresGraphStore } from './postgres-graph-store.ts'

const workspaceId = createId('ws')
const knowledgeBaseId = createId('kb')
const documentIds = Array.from({ length: 6 }, () => createId('doc'))
const entityIds = Array.from({ length: 12 }, () => createId('ent'))
const DEPTH = 5
const OPERATIONS = 40

describeWithService('both graph stores', await ensureBoth(), (installations) => {
  let postgresql: RunningPostgresql
  let neo4j: RunningNeo4j
  let database: Database
  const statements = { postgresql: [] as string[], neo4j: [] as string[] }
  const stores: Record<'postgresql' | 'neo4j', GraphStore> = {} as never
  let schema: GraphQLSchema

  beforeAll(async () => {
    schema = buildSubgraphSchema([{ typeDefs: parse(readTypeDefinitions('graph')), resolvers: resolvers as never }])
    postgresql = await startPostgresql(installations.postgresql)
    neo4j = await startNeo4j(installations.neo4j)
    database = await openDatabase({
      location: { url: await postgresql.createDatabase() },
      onStatement: (statement) => statements.postgresql.push(statement),
    })
    await database.migrate({ schema: 'graph', folder: fileURLToPath(new URL('../migrations', import.meta.url)) })
    stores.postgresql = createPostgresGraphStore({ database })
    stores.neo4j = await openNeo4jGraphStore({
      uri: neo4j.environment['NEO4J_URI']!,
      username: neo4j.environment['NEO4J_USERNAME']!,
      password: neo4j.environment['NEO4J_PASSWORD']!,
      // Each generated form is planned for the first time.
      readTimeoutMs: 60_000,
      onStatement: (statement) => statements.neo4j.push(statement),
    })
    const signal = new AbortController().signal
    for (const [index, documentId] of documentIds.entries())
      for (const store of Object.values(stores))
        await store.replaceDocument(workspaceId, contributions(documentId, index), signal)
  })

  afterAll(async () => {
    await stores.neo4j?.close()
    await database?.close()
    await Promise.all([postgresql?.close(), neo4j?.close()])
  })

  async function ask(on: 'postgresql' | 'neo4j', operation: Operation): Promise<ExecutionResult> {
    const document = parse(operation.source)
    expect(validate(schema, document)).toEqual([])
    const signal = new AbortController().signal
    const loaders = createLoaders(createBrowseGraph({ store: stores[on], workspaceId, signal }))
    const contextValue = { loaders, signal }
    const variableValues = operation.variables
    return JSON.parse(
      JSON.stringify(await execute({ schema, document, variableValues, contextValue })),
    ) as ExecutionResult
  }

  async function count(on: 'postgresql' | 'neo4j', operation: Operation) {
    const before = statements[on].length
    const answer = await ask(on, operation)
    return { answer, count: statements[on].length - before }
  }

  test('generated operations get equal answers, in one statement on Neo4j and in a bounded number on PostgreSQL', async () => {
    // The compiler asks once per process what server it is talking to.
    await ask('neo4j', { source: `{ entity(id: "${entityIds[0]!}") { id } }`, variables: {}, levels: 0 })
    let nodes = 0
    await fc.assert(
      fc.asyncProperty(operations(), async (operation) => {
        const onPostgresql = await count('postgresql', operation)
        const onNeo4j = await count('neo4j', operation)
        expect(onNeo4j.answer).toEqual(onPostgresql.answer)
        expect(onNeo4j.count).toBe(1)
        expect(onPostgresql.count).toBeLessThanOrEqual(1 + operation.levels)
        nodes += JSON.stringify(onNeo4j.answer).split('"id"').length - 1
      }),
      { numRuns: OPERATIONS },
    )
    expect(nodes).toBeGreaterThan(OPERATIONS * 10)
  }, 600_000)

  test('cursors of one store go on in the other, page by page, at every level', async () => {
    const page = (after: string | null) => ({
      source: `query ($r: [_Any!]!, $after: String) { _entities(representations: $r) { ... on KnowledgeBase {
        entities(first: 5, after: $after) { nodes { id relationships(first: 2) { nodes { id } pageInfo { hasNextPage endCursor } } } pageInfo { hasNextPage endCursor } } } } }`,
      variables: { r: [{ __typename: 'KnowledgeBase', id: knowledgeBaseId }], after },
      levels: 2,
    })
    const seen: string[] = []
    let after: string | null = null
    for (let index = 0; ; index += 1) {
      const { data } = await ask(index % 2 === 0 ? 'neo4j' : 'postgresql', page(after))
      const { nodes, pageInfo } = (data as any)._entities[0].entities
      seen.push(...nodes.map(({ id }: { id: string }) => id))
      if (!pageInfo.hasNextPage) break
      after = pageInfo.endCursor
    }
    expect(seen.toSorted()).toEqual(entityIds.toSorted())
  })
})

interface Operation {
  source: string
  variables: Record<string, unknown>
  /** Fields below the root that ask for a page or an end of their own. */
  levels: number
}

type Piece = { text: string; levels: number }

const first = fc.integer({ min: 1, max: 3 }).map((size) => `first: ${size}`)
const mentions = first.map((size): Piece => ({
  text: `mentions(${size}) { edges { cursor } nodes { document { id } chunk { id } span { startOffset endOffset page } } pageInfo { hasNextPage } }`,
  levels: 1,
}))

function entity(depth: number): fc.Arbitrary<Piece> {
  const own: Piece = { text: 'id name type mentionCount', levels: 0 }
  if (depth === 0) return fc.constant(own)
  const relationships = fc
    .record({ size: first, isByEdges: fc.boolean(), isFragment: fc.boolean(), each: relationship(depth - 1) })
    .map(({ size, isByEdges, isFragment, each }): Piece => {
      const fields = isFragment ? `... on Relationship { ${each.text} }` : each.text
      const rows = isByEdges ? `edges { cursor node { ${fields} } }` : `nodes { ${fields} }`
      return { text: `relationships(${size}) { ${rows} pageInfo { hasNextPage endCursor } }`, levels: 1 + each.levels }
    })
  return fc
    .tuple(relationships, fc.option(mentions))
    .map(([related, places]) => joined([own, related, ...(places ? [places] : [])]))
}

function relationship(depth: number): fc.Arbitrary<Piece> {
  const own: Piece = { text: 'id type weight', levels: 0 }
  const end = (name: string) =>
    fc
      .tuple(fc.constantFrom('', 'aliased: '), entity(depth))
      .map(([alias, below]): Piece => ({ text: `${alias}${name} { ${below.text} }`, levels: 1 + below.levels }))
  // Both ends at each level would double what is read with every one of them.
  return fc
    .tuple(fc.oneof(end('source'), end('target')), fc.option(mentions))
    .map(([below, places]) => joined([own, below, ...(places ? [places] : [])]))
}

const joined = (pieces: readonly Piece[]): Piece => ({
  text: pieces.map(({ text }) => text).join(' '),
  levels: pieces.reduce((sum, { levels }) => sum + levels, 0),
})

function operations(): fc.Arbitrary<Operation> {
  const below = fc.integer({ min: 1, max: DEPTH }).chain(entity)
  const byId = fc.tuple(fc.constantFrom(...entityIds), below).map(([id, piece]): Operation => ({
    source: `query ($id: ID!) { entity(id: $id) { ${piece.text} } }`,
    variables: { id },
    levels: piece.levels,
  }))
  const ofOwners = fc
    .tuple(fc.boolean(), below, fc.constantFrom('', 'type: "PERSON", ', 'query: "a", '), first)
    .map(([isDocuments, piece, filter, size]): Operation => {
      const typeName = isDocuments ? 'Document' : 'KnowledgeBase'
      const ids = isDocuments ? documentIds.slice(0, 3) : [knowledgeBaseId, createId('kb')]
      const arguments_ = `${isDocuments ? '' : filter}${size}`
      return {
        source: `query ($r: [_Any!]!) { _entities(representations: $r) { ... on ${typeName} { entities(${arguments_}) { nodes { ${piece.text} } pageInfo { hasNextPage endCursor } } } } }`,
        variables: { r: ids.map((id) => ({ __typename: typeName, id })) },
        levels: piece.levels,
      }
    })
  return fc.oneof(byId, ofOwners)
}

/** Every document names some of the same entities, and relates each to the two that follow it. */
function contributions(documentId: string, index: number): StoredContributions {
  const named = entityIds.filter((_, number) => (number + index) % 3 !== 0)
  const place = (startOffset: number) => ({ startOffset, endOffset: startOffset + 4, page: index, chunkId: null })
  const numberOf = (id: string) => entityIds.findIndex((each) => each === id)
  return {
    knowledgeBaseId,
    documentId,
    entities: named.map((id) => ({
      id,
      type: numberOf(id) % 4 === 0 ? 'ORGANIZATION' : 'PERSON',
      normalizedName: `name ${'abc'[numberOf(id) % 3]} ${numberOf(id)}`,
      name: `Name ${'ABC'[numberOf(id) % 3]} ${numberOf(id)}`,
      mentions: Array.from({ length: 1 + ((numberOf(id) + index) % 4) }, (_, at) =>
        place(numberOf(id) * 100 + at * 10),
      ),
    })),
    relationships: named.flatMap((sourceId, at) =>
      [1, 2].map((step) => {
        const targetId = named[(at + step) % named.length]!
        const [low, high] = [sourceId, targetId].toSorted() as [string, string]
        return {
          id: `rel_${numberOf(low)}_${numberOf(high)}`,
          type: 'CO_MENTIONED' as const,
          sourceId: low,
          targetId: high,
          mentions: Array.from({ length: 1 + ((at * step + index) % 3) }, (_, count) =>
            place(step * 1000 + at * 100 + count),
          ),
        }
      }),
    ),
  }
}

async function ensureBoth(): Promise<
  Ensured<{ postgresql: Installation<typeof ensurePostgresql>; neo4j: Installation<typeof ensureNeo4j> }>
> {
  const postgresql = await ensurePostgresql()
  if ('missing' in postgresql) return postgresql
  const neo4j = await ensureNeo4j()
  if ('missing' in neo4j) return neo4j
  return { installation: { postgresql: postgresql.installation, neo4j: neo4j.installation } }
}

type Installation<Ensure extends () => Promise<Ensured<unknown>>> = Extract<
  Awaited<ReturnType<Ensure>>,
  { installation: unknown }
>['installation']
