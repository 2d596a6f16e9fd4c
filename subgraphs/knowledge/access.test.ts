// Who sees what, in how many statements: lists and their pages, entity resolution, foreign workspaces, and mistakes in mutations.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createId } from '#shared/ids.ts'
import { createKnowledgeClient } from '../../contracts/knowledge-client.ts'
import { testIdentity } from '../../test/harness/platform.ts'
import { documentTable, chunkTable, knowledgeBaseTable } from './tables.ts'
import { startTestKnowledge, type TestKnowledge } from './testing/start-knowledge.ts'

let knowledge: TestKnowledge
let knowledgeBaseIds: string[]
let documentIds: string[]

/** Two knowledge bases of 25 documents with three chunks each, as rows: nothing here depends on how they came about. */
beforeAll(async () => {
  knowledge = await startTestKnowledge()
  const { workspaceId } = knowledge
  knowledgeBaseIds = [await knowledge.createKnowledgeBase('First'), await knowledge.createKnowledgeBase('Second')]
  documentIds = Array.from({ length: 50 }, () => createId('doc'))
  const { sql } = knowledge.platform.database
  await sql.insert(documentTable).values(
    documentIds.map((id, index) => ({
      id,
      workspaceId,
      knowledgeBaseId: knowledgeBaseIds[index % 2]!,
      title: `Document ${index}`,
      mediaType: 'text/plain',
      sizeBytes: 12,
      status: 'READY' as const,
      tags: [],
      trailingText: '!',
      chunkCount: 3,
      // Pairs share their time, so that only the id tells them apart.
      createdAt: new Date(Date.UTC(2026, 0, 1, 0, Math.floor(index / 4))),
    })),
  )
  await sql.insert(chunkTable).values(
    documentIds.flatMap((documentId, index) =>
      [0, 1, 2].map((ordinal) => ({
        id: createId('chunk'),
        workspaceId,
        knowledgeBaseId: knowledgeBaseIds[index % 2]!,
        documentId,
        ordinal,
        startOffset: ordinal * 4 + 1,
        endOffset: ordinal * 4 + 4,
        headings: [],
        pages: [],
        text: `c${index % 10}${ordinal}`,
        precedingText: ' ',
      })),
    ),
  )
})

afterAll(() => knowledge.close())

async function countStatements<Result>(work: () => Promise<Result>): Promise<{ result: Result; count: number }> {
  const before = knowledge.statements.length
  const result = await work()
  const own = knowledge.statements
    .slice(before)
    .filter((statement) => /"knowledge"\."(?!stream|answer")/.test(statement))
  return { result, count: own.length }
}

test('50 documents with their chunks, texts and knowledge bases cost a constant number of statements', async () => {
  const query = `query ($first: Int!) { knowledgeBases { nodes { name documentCount chunkCount documents(first: $first) { nodes {
    title text knowledgeBase { name } chunks { nodes { ordinal text document { title } } } } } } } }`
  const few = await countStatements(() => knowledge.request(query, { first: 1 }))
  const many = await countStatements(() => knowledge.request(query, { first: 25 }))
  expect(many.result.errors).toBeUndefined()
  expect(many.count).toBe(few.count)
  // Knowledge bases, counts, document pages, texts, chunk pages, and the two ways back up: knowledge bases and documents by id.
  expect(many.count).toBe(7)
  const [second, first] = many.result.data.knowledgeBases.nodes
  expect(first).toMatchObject({ name: 'First', documentCount: 25, chunkCount: 75 })
  expect(second.documents.nodes).toHaveLength(25)
  expect(first.documents.nodes[0]).toMatchObject({ text: expect.stringMatching(/^ c\d0 c\d1 c\d2!$/) })
  for (const { chunks } of first.documents.nodes)
    expect(chunks.nodes.map((chunk: any) => chunk.ordinal)).toEqual([0, 1, 2])
})

test('entities of one type cost one statement, however many there are', async () => {
  const representations = documentIds.map((id) => ({ __typename: 'Document', id }))
  const { result, count } = await countStatements(() =>
    knowledge.request('query ($r: [_Any!]!) { _entities(representations: $r) { ... on Document { title } } }', {
      r: representations,
    }),
  )
  expect(result.data._entities).toHaveLength(50)
  expect(count).toBe(1)
})

test('pages of documents follow each other without a gap, newest first', async () => {
  const seen: string[] = []
  let after: string | null = null
  do {
    const { data } = await knowledge.request(
      'query ($id: ID!, $after: String) { knowledgeBase(id: $id) { documents(first: 7, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } } }',
      { id: knowledgeBaseIds[0], after },
    )
    const { nodes, pageInfo } = data.knowledgeBase.documents
    seen.push(...nodes.map(({ id }: { id: string }) => id))
    after = pageInfo.hasNextPage ? pageInfo.endCursor : null
  } while (after !== null)
  expect(seen).toHaveLength(25)
  expect(new Set(seen).size).toBe(25)
  expect(seen.at(-1)).toBe(documentIds[0])
})

test('pages of chunks and knowledge bases go on behind their cursor, and a cursor that is none is refused', async () => {
  const CHUNKS =
    'query ($id: ID!, $after: String) { document(id: $id) { chunks(first: 2, after: $after) { nodes { ordinal } pageInfo { hasNextPage endCursor } } } }'
  const first = await knowledge.request(CHUNKS, { id: documentIds[0] })
  const { endCursor } = first.data.document.chunks.pageInfo
  const second = await knowledge.request(CHUNKS, { id: documentIds[0], after: endCursor })
  expect(second.data.document.chunks).toMatchObject({ nodes: [{ ordinal: 2 }], pageInfo: { hasNextPage: false } })
  const bad = await knowledge.request(CHUNKS, { id: documentIds[0], after: 'nonsense' })
  expect(bad.errors?.[0]?.extensions.code).toBe('CURSOR_INVALID')
  const wrongKind = await knowledge.request(
    'query ($after: String) { knowledgeBases { nodes { documents(after: $after) { nodes { id } } } } }',
    { after: endCursor },
  )
  expect(wrongKind.errors?.[0]?.extensions.code).toBe('CURSOR_INVALID')
  const filtered = await knowledge.request('{ knowledgeBases(filter: { name: "Second" }) { nodes { name } } }')
  expect(filtered.data.knowledgeBases.nodes).toEqual([{ name: 'Second' }])
})

test('another workspace sees nothing of it, by query, by entity, and by deleting', async () => {
  const foreign = testIdentity(createId('ws'), 'ADMIN')
  const [id] = knowledgeBaseIds
  const [documentId] = documentIds
  const own = await knowledge.request('query ($id: ID!) { document(id: $id) { chunks { nodes { id } } } }', {
    id: documentId,
  })
  const chunkId = own.data.document.chunks.nodes[0].id
  const read = await knowledge.request(
    `query ($id: ID!, $documentId: ID!, $r: [_Any!]!) { knowledgeBase(id: $id) { id } document(id: $documentId) { id } knowledgeBases { nodes { id } }
      _entities(representations: $r) { __typename } }`,
    {
      id,
      documentId,
      r: [
        { __typename: 'KnowledgeBase', id },
        { __typename: 'Document', id: documentId },
        { __typename: 'Chunk', id: chunkId },
      ],
    },
    foreign,
  )
  expect(read.data).toEqual({
    knowledgeBase: null,
    document: null,
    knowledgeBases: { nodes: [] },
    _entities: [null, null, null],
  })
  const change = await knowledge.request(
    `mutation ($id: ID!, $documentId: ID!) { documentDelete(id: $documentId) { documentId userErrors { code } }
      knowledgeBaseUpdate(id: $id, input: { name: "Mine" }) { knowledgeBase { id } userErrors { code path } }
      knowledgeBaseDelete(id: $id) { knowledgeBaseId userErrors { code } } }`,
    { id, documentId },
    foreign,
  )
  const missing = { userErrors: [{ code: 'NOT_FOUND' }] }
  expect(change.data).toMatchObject({
    documentDelete: { documentId: null, ...missing },
    knowledgeBaseUpdate: { knowledgeBase: null, ...missing },
    knowledgeBaseDelete: { knowledgeBaseId: null, ...missing },
  })
  const client = createKnowledgeClient({
    origin: () => new URL(knowledge.api.url).origin,
    signer: knowledge.platform.signer,
  })
  const signal = new AbortController().signal
  expect(await client.findKnowledgeBase(foreign, id!, signal)).toBeNull()
  const viewer = testIdentity(knowledge.workspaceId, 'VIEWER')
  expect(await client.findKnowledgeBase(viewer, id!, signal)).toEqual({ id, name: 'First' })
})

test('ids and names that no database would take are simply unknown', async () => {
  const { data, errors } = await knowledge.request(
    `query ($id: ID!, $name: String!) { knowledgeBase(id: $id) { id } document(id: $id) { id } answer(id: $id) { id }
      knowledgeBases(filter: { name: $name }) { nodes { id } } }`,
    { id: 'kb_\0', name: 'First\0' },
  )
  expect(errors).toBeUndefined()
  expect(data).toEqual({ knowledgeBase: null, document: null, answer: null, knowledgeBases: { nodes: [] } })
})

test('roles may do what the schema says they may', async () => {
  const codeFor = async (role: 'ADMIN' | 'EDITOR' | 'VIEWER' | 'SERVICE', query: string) =>
    (await knowledge.request(query, {}, testIdentity(knowledge.workspaceId, role))).errors?.[0]?.extensions.code ?? 'ok'
  const create = 'mutation { knowledgeBaseCreate(input: { name: "" }) { userErrors { code } } }'
  const remove = 'mutation { documentDelete(id: "doc_none") { userErrors { code } } }'
  const start = 'mutation { answerStart(input: { question: "", knowledgeBaseIds: [] }) { userErrors { code } } }'
  const outcomes = async (query: string) =>
    Promise.all((['ADMIN', 'EDITOR', 'SERVICE', 'VIEWER'] as const).map((role) => codeFor(role, query)))
  expect(await outcomes(create)).toEqual(['ok', 'ok', 'FORBIDDEN', 'FORBIDDEN'])
  expect(await outcomes(remove)).toEqual(['ok', 'ok', 'FORBIDDEN', 'FORBIDDEN'])
  expect(await outcomes(start)).toEqual(['ok', 'ok', 'ok', 'ok'])
})

test('mistakes in creating and changing a knowledge base name their field', async () => {
  const CREATE =
    'mutation ($input: KnowledgeBaseCreateInput!) { knowledgeBaseCreate(input: $input) { knowledgeBase { id } userErrors { code path } } }'
  const created = async (input: Record<string, unknown>) =>
    (await knowledge.request(CREATE, { input })).data.knowledgeBaseCreate
  const mistake = (code: string, field: string) => ({
    knowledgeBase: null,
    userErrors: [{ code, path: ['input', field] }],
  })
  expect(await created({ name: '  ' })).toEqual(mistake('INVALID', 'name'))
  expect(await created({ name: 'x'.repeat(201) })).toEqual(mistake('INVALID', 'name'))
  expect(await created({ name: 'ok', description: 'x'.repeat(2001) })).toEqual(mistake('INVALID', 'description'))
  expect(await created({ name: ' First ' })).toEqual(mistake('NAME_TAKEN', 'name'))
  expect(await created({ name: 'ok', embeddingModelName: 'nobody' })).toEqual(
    mistake('MODEL_NOT_AVAILABLE', 'embeddingModelName'),
  )
  const UPDATE =
    'mutation ($id: ID!, $input: KnowledgeBaseUpdateInput!) { knowledgeBaseUpdate(id: $id, input: $input) { knowledgeBase { name description } userErrors { code path } } }'
  const updated = async (input: Record<string, unknown>) =>
    (await knowledge.request(UPDATE, { id: knowledgeBaseIds[1], input })).data.knowledgeBaseUpdate
  expect(await updated({ name: 'First' })).toEqual(mistake('NAME_TAKEN', 'name'))
  expect(await updated({ description: 'Notes' })).toMatchObject({
    knowledgeBase: { name: 'Second', description: 'Notes' },
  })
  expect(await updated({ name: 'Renamed', description: null })).toEqual({
    knowledgeBase: { name: 'Renamed', description: null },
    userErrors: [],
  })
  const { sql } = knowledge.platform.database
  expect(await sql.$count(knowledgeBaseTable)).toBe(2)
})
