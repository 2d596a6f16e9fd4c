// graph as running processes on a real database and queue: a document is linked, read through the subgraph, and deleted again.
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { z } from 'zod'
import { rowsOf } from '#shared/database.ts'
import { createId } from '#shared/ids.ts'
import { contributionsDelete, documentLink, stepReported } from '../../contracts/messages.ts'
import type { RunningRole } from '../../contracts/run-process.ts'
import { createTestPlatform, requestSubgraph, testIdentity, type TestPlatform } from '../../test/harness/platform.ts'
import { startGraph, type RunningGraph } from './main.ts'
import { startGraphWorker } from './worker.ts'

type StepReport = z.output<(typeof stepReported)['schema']>

let platform: TestPlatform
let graph: RunningGraph
let worker: RunningRole
const workspaceId = createId('ws')
const reports: StepReport[] = []
const waiting = new Map<string, (report: StepReport) => void>()

beforeAll(async () => {
  platform = await createTestPlatform()
  graph = await startGraph(platform, {})
  worker = await startGraphWorker(platform, {})
  await platform.queue.work(stepReported, {}, async ({ data }) => {
    reports.push(data)
    if (data.status !== 'RUNNING') waiting.get(data.itemId)?.(data)
  })
})

afterAll(async () => {
  await worker.close()
  await graph.close()
  await platform.close()
})

const asRole = (query: string, variables = {}, identity = testIdentity(workspaceId, 'VIEWER')) =>
  requestSubgraph(platform, graph.url, identity, query, variables)

const onDocuments =
  'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Document { id entities { nodes { name type mentionCount } } } } }'
const onKnowledgeBase = `query ($r: [_Any!]!, $query: String, $type: String, $first: Int, $after: String) { _entities(representations: $r) {
  ... on KnowledgeBase { entities(query: $query, type: $type, first: $first, after: $after) { nodes { id name type mentionCount } pageInfo { hasNextPage endCursor } } } } }`
const namesOf = async (knowledgeBaseId: string, variables = {}): Promise<string[]> => {
  const answer = await asRole(onKnowledgeBase, {
    r: [{ __typename: 'KnowledgeBase', id: knowledgeBaseId }],
    ...variables,
  })
  return answer.data._entities[0].entities.nodes.map(
    (node: { name: string; type: string; mentionCount: number }) => `${node.type} ${node.name} ${node.mentionCount}`,
  )
}

/** Writes the blobs that ingestion and knowledge write, and sends LINK. */
async function commandLink(
  knowledgeBaseId: string,
  documentId: string,
  text: string,
  overrides: { contentKey?: string } = {},
) {
  const write = async (value: unknown) =>
    (await platform.blobs.put(workspaceId, Buffer.from(JSON.stringify(value)))).key
  const blocks = [...text.matchAll(/[^\n]+/g)].map((match) => ({
    kind: 'paragraph',
    startOffset: match.index,
    endOffset: match.index + match[0].length,
    page: 3,
  }))
  const contentKey = overrides.contentKey ?? (await write({ version: 1, title: null, text, blocks }))
  const chunks = blocks.map(({ startOffset, endOffset }, ordinal) => ({
    id: `chunk_${ordinal}`,
    startOffset,
    endOffset,
  }))
  const chunksKey = await write({ version: 1, chunks })
  const itemId = createId('item')
  const { promise, resolve } = Promise.withResolvers<StepReport>()
  waiting.set(itemId, resolve)
  await platform.queue.send(documentLink, {
    workspaceId,
    knowledgeBaseId,
    documentId,
    itemId,
    attempt: 1,
    contentKey,
    chunksKey,
  })
  return promise
}

/** The queue is asked to delete, and asked again until it did: deletions report to nobody. */
async function commandDelete(knowledgeBaseId: string, documentId: string | null) {
  await platform.queue.send(contributionsDelete, { workspaceId, knowledgeBaseId, documentId })
  await expect
    .poll(
      async () => {
        const subject = documentId ?? knowledgeBaseId
        const rows = await rowsOf(
          platform.database.sql,
          sql`select 1 from graph.deletion where subject_id = ${subject}`,
        )
        return rows.length
      },
      { timeout: 15_000 },
    )
    .toBe(1)
}

const curie = 'Marie Curie worked in Paris.\nMarie Curie met Albert Einstein in Brussels.'
const einstein = 'Albert Einstein lived in Berlin. He never wrote to marie@example.org.'

test('a linked document can be read with its entities, their places and their relationships', async () => {
  const [knowledgeBaseId, documentId] = [createId('kb'), createId('doc')]
  expect(await commandLink(knowledgeBaseId, documentId, curie)).toMatchObject({
    step: 'LINK',
    status: 'SUCCEEDED',
    attempt: 1,
  })
  expect(await namesOf(knowledgeBaseId)).toEqual(
    expect.arrayContaining(['PERSON Marie Curie 2', 'PERSON Albert Einstein 1', 'PLACE Paris 1', 'PLACE Brussels 1']),
  )
  const { data } = await asRole(onKnowledgeBase, {
    r: [{ __typename: 'KnowledgeBase', id: knowledgeBaseId }],
    query: 'marie',
  })
  const [entity] = data._entities[0].entities.nodes
  const answer = await asRole(
    `query ($id: ID!) { entity(id: $id) { __typename id name type description mentionCount
      mentions { nodes { document { id } chunk { id } span { startOffset endOffset page } } }
      relationships { nodes { id type weight source { name } target { name } mentions { nodes { span { startOffset endOffset } } } } } } }`,
    { id: entity.id },
  )
  expect(answer.errors).toBeUndefined()
  expect(answer.data.entity).toMatchObject({
    __typename: 'Entity',
    name: 'Marie Curie',
    type: 'PERSON',
    description: null,
    mentionCount: 2,
  })
  expect(answer.data.entity.mentions.nodes).toEqual([
    { document: { id: documentId }, chunk: { id: 'chunk_0' }, span: { startOffset: 0, endOffset: 11, page: 3 } },
    { document: { id: documentId }, chunk: { id: 'chunk_1' }, span: { startOffset: 29, endOffset: 40, page: 3 } },
  ])
  const related = answer.data.entity.relationships.nodes
  expect(
    related
      .map(
        (each: { target: { name: string }; source: { name: string } }) => `${each.source.name} – ${each.target.name}`,
      )
      .toSorted(),
  ).toEqual(['Albert Einstein – Marie Curie', 'Brussels – Marie Curie', 'Marie Curie – Paris'])
  expect(related[0]).toMatchObject({ type: 'CO_MENTIONED', weight: 1 })
  const sentence = related.find((each: { target: { name: string } }) => each.target.name === 'Paris').mentions.nodes[0]
    .span
  expect(curie.slice(sentence.startOffset, sentence.endOffset)).toBe('Marie Curie worked in Paris.')
  const again = await asRole(
    'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Relationship { id source { id } } ... on Entity { name } } }',
    {
      r: [
        { __typename: 'Relationship', id: related[0].id },
        { __typename: 'Entity', id: entity.id },
        { __typename: 'Entity', id: 'ent_unknown' },
      ],
    },
  )
  expect(again.data._entities).toEqual([
    { id: related[0].id, source: { id: expect.any(String) } },
    { name: 'Marie Curie' },
    null,
  ])
})

test('the same LINK command twice leaves the same graph', async () => {
  const [knowledgeBaseId, documentId] = [createId('kb'), createId('doc')]
  await commandLink(knowledgeBaseId, documentId, curie)
  const once = await dump(knowledgeBaseId)
  await commandLink(knowledgeBaseId, documentId, curie)
  expect(await dump(knowledgeBaseId)).toBe(once)
  expect(once).toContain('Marie Curie')
})

test('deleting a document leaves exactly the graph that the others alone would have given', async () => {
  const [knowledgeBaseId, kept, gone] = [createId('kb'), createId('doc'), createId('doc')]
  await commandLink(knowledgeBaseId, kept, einstein)
  const alone = await dump(knowledgeBaseId)
  await commandLink(knowledgeBaseId, gone, curie)
  expect(await dump(knowledgeBaseId)).not.toBe(alone)
  await commandDelete(knowledgeBaseId, gone)
  expect(await dump(knowledgeBaseId)).toBe(alone)
  // A command that was still on its way finds the document gone.
  expect(await commandLink(knowledgeBaseId, gone, curie)).toMatchObject({ status: 'SUCCEEDED' })
  expect(await dump(knowledgeBaseId)).toBe(alone)
  await commandDelete(knowledgeBaseId, null)
  expect(await namesOf(knowledgeBaseId)).toEqual([])
})

test('a document that cannot be linked for as long as the queue tries is reported as failed, with the reason and what to do', async () => {
  await giveUpAtOnce(documentLink.queue)
  await platform.database.sql.execute(sql`alter table graph.deletion rename to moved_away`)
  try {
    const report = await commandLink(createId('kb'), createId('doc'), curie)
    expect(report).toMatchObject({ step: 'LINK', status: 'FAILED', attempt: 1, error: { isRetryable: true } })
    expect(report.error!.message).toMatch(/for a week.*retry the ingestion/)
  } finally {
    await platform.database.sql.execute(sql`alter table graph.moved_away rename to deletion`)
  }
})

test('what was deleted is deleted also when the queue had given up on it', async () => {
  const [knowledgeBaseId, documentId] = [createId('kb'), createId('doc')]
  await commandLink(knowledgeBaseId, documentId, curie)
  await giveUpAtOnce(contributionsDelete.queue)
  await platform.database.sql.execute(sql`alter table graph.deletion rename to moved_away`)
  await platform.queue.send(contributionsDelete, { workspaceId, knowledgeBaseId, documentId })
  const states = () =>
    rowsOf<{ name: string; state: string }>(
      platform.database.sql,
      sql`select name, state::text from queue.job where name like ${`${contributionsDelete.queue}%`} and data ->> 'documentId' = ${documentId}
        order by created_on`,
    )
  const { queue } = contributionsDelete
  await expect.poll(states, { timeout: 20_000 }).toEqual(
    expect.arrayContaining([
      { name: queue, state: 'failed' },
      { name: `${queue}.given-up`, state: 'completed' },
    ]),
  )
  await platform.database.sql.execute(sql`alter table graph.moved_away rename to deletion`)
  await expect.poll(() => namesOf(knowledgeBaseId), { timeout: 20_000 }).toEqual([])
})

/** Of messages that are sent from now on. */
async function giveUpAtOnce(queue: string) {
  const setLimit = (limit: number) =>
    platform.database.sql.execute(sql`update queue.queue set retry_limit = ${limit} where name = ${queue}`)
  await setLimit(0)
  onTestFinished(async () => {
    await setLimit(20)
    platform.queueErrors.length = 0
  })
}

test('a document whose content is missing or unreadable is reported as failed and not tried again', async () => {
  const [knowledgeBaseId, documentId] = [createId('kb'), createId('doc')]
  const missing = `${workspaceId}/${'0'.repeat(64)}`
  expect(await commandLink(knowledgeBaseId, documentId, curie, { contentKey: missing })).toMatchObject({
    status: 'FAILED',
    error: { code: 'NOT_FOUND' },
  })
  const { key } = await platform.blobs.put(workspaceId, Buffer.from('{"version":1'))
  expect(await commandLink(knowledgeBaseId, documentId, curie, { contentKey: key })).toMatchObject({
    status: 'FAILED',
    error: { code: 'INTERNAL_SERVER_ERROR', isRetryable: false },
  })
  expect(platform.queueErrors).toEqual([])
})

test('entities are filtered, paged and refused by argument', async () => {
  const knowledgeBaseId = createId('kb')
  await commandLink(knowledgeBaseId, createId('doc'), curie)
  expect(await namesOf(knowledgeBaseId, { type: 'PLACE', query: 'PAR' })).toEqual(['PLACE Paris 1'])
  expect(await namesOf(knowledgeBaseId, { type: 'GALAXY\0' })).toEqual([])
  const seen: string[] = []
  let after: string | null = null
  for (let pages = 0; pages < 10; pages += 1) {
    const { data } = await asRole(onKnowledgeBase, {
      r: [{ __typename: 'KnowledgeBase', id: knowledgeBaseId }],
      first: 3,
      after,
    })
    const { nodes, pageInfo } = data._entities[0].entities
    seen.push(...nodes.map((node: { id: string }) => node.id))
    after = pageInfo.endCursor
    if (!pageInfo.hasNextPage) break
  }
  expect(new Set(seen).size).toBe(seen.length)
  expect(seen).toHaveLength((await namesOf(knowledgeBaseId)).length)
  const refusal = async (variables: object) =>
    (await asRole(onKnowledgeBase, { r: [{ __typename: 'KnowledgeBase', id: knowledgeBaseId }], ...variables }))
      .errors?.[0]?.extensions.code
  expect(await refusal({ first: 101 })).toBe('BAD_USER_INPUT')
  expect(await refusal({ query: 'x'.repeat(201) })).toBe('BAD_USER_INPUT')
  expect(await refusal({ after: 'nonsense' })).toBe('CURSOR_INVALID')
  expect(await refusal({ after: Buffer.from('["ent_x",1]').toString('base64url') })).toBe('CURSOR_INVALID')
  expect(await refusal({ after: Buffer.from('[1e300,"ent_x"]').toString('base64url') })).toBe('CURSOR_INVALID')
})

test('another workspace sees nothing of the graph, and malformed ids are unknown', async () => {
  const [knowledgeBaseId, documentId] = [createId('kb'), createId('doc')]
  await commandLink(knowledgeBaseId, documentId, curie)
  const { data } = await asRole(onKnowledgeBase, {
    r: [{ __typename: 'KnowledgeBase', id: knowledgeBaseId }],
    query: 'marie',
  })
  const foreign = testIdentity(createId('ws'), 'ADMIN')
  const r = [
    { __typename: 'Entity', id: data._entities[0].entities.nodes[0].id },
    { __typename: 'Document', id: documentId },
    { __typename: 'KnowledgeBase', id: knowledgeBaseId },
    { __typename: 'Document', id: 'doc_\0' },
  ]
  const query =
    'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Entity { name } ... on Document { entities { nodes { id } } } ... on KnowledgeBase { entities { nodes { id } } } } }'
  const empty = { entities: { nodes: [] } }
  expect((await asRole(query, { r }, foreign)).data._entities).toEqual([null, empty, empty, empty])
  expect((await asRole('{ entity(id: "nonsense\\u0000") { id } }')).data).toEqual({ entity: null })
  const unsigned = await requestSubgraph(platform, graph.url, null, '{ entity(id: "x") { id } }')
  expect(unsigned.errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED')
  const nobody = await asRole(query, { r }, { ...testIdentity(workspaceId), roles: [] })
  expect(nobody.errors?.every((error) => error.extensions.code === 'FORBIDDEN')).toBe(true)
  expect(nobody.data?._entities ?? []).not.toContainEqual(expect.objectContaining({ name: expect.anything() }))
})

test('the entities of fifty documents cost one statement', async () => {
  const knowledgeBaseId = createId('kb')
  const ids = Array.from({ length: 50 }, () => createId('doc'))
  await Promise.all(ids.slice(0, 6).map((id) => commandLink(knowledgeBaseId, id, einstein)))
  const before = platform.statements.length
  const { data } = await asRole(onDocuments, { r: ids.map((id) => ({ __typename: 'Document', id })) })
  const statements = platform.statements.slice(before).filter((statement) => statement.includes('graph.'))
  expect(statements).toHaveLength(1)
  const counts = data._entities.map((each: { entities: { nodes: unknown[] } }) => each.entities.nodes.length)
  expect(counts.slice(0, 6).every((count: number) => count >= 2)).toBe(true)
  expect(counts.slice(6).every((count: number) => count === 0)).toBe(true)
})

/** Every row of the knowledge base, in a fixed order. */
async function dump(knowledgeBaseId: string): Promise<string> {
  const tables = ['entity', 'contribution', 'mention', 'relationship', 'relationship_mention']
  const rows = await Promise.all(
    tables.map((table) =>
      rowsOf(
        platform.database.sql,
        sql`select to_jsonb(t)::text as row from graph.${sql.identifier(table)} t
          where knowledge_base_id = ${knowledgeBaseId} order by 1`,
      ),
    ),
  )
  return JSON.stringify(rows)
}
