// What an installation holds as its clients see it, whatever stores are below: texts, chunks, entities, and what searches find. Names and titles
// stand for ids, so that two installations that were given the same can be compared.
import pLimit from 'p-limit'
import type { CanonicalDump } from './canonical-dump.ts'
import type { TestClient } from './client.ts'

const SEARCHES_AT_ONCE = 4

export async function contentDump(client: TestClient, knowledgeBaseId: string): Promise<CanonicalDump> {
  const documents = await pages(client, knowledgeBaseId, 'documents', DOCUMENT)
  const entities = await pages(client, knowledgeBaseId, 'entities', ENTITY)
  const dump: CanonicalDump = {
    documents: documents.map(({ title, mediaType, status, text }) => row(title, mediaType, status, text)),
    chunks: documents.flatMap(({ title, chunks }) =>
      chunks.nodes.map((chunk: any) => row(title, chunk.ordinal, chunk.headings.join(' > '), chunk.text)),
    ),
    'entities of documents': documents.flatMap((document) =>
      document.entities.nodes.map(({ type, name }: any) => row(document.title, type, name)),
    ),
    entities: entities.map(({ type, name, mentionCount }) => row(type, name, mentionCount)),
    relationships: entities.flatMap(({ name, relationships }) =>
      relationships.nodes.map((each: any) => row(name, each.type, each.source.name, each.target.name, each.weight)),
    ),
  }
  const limit = pLimit(SEARCHES_AT_ONCE)
  dump['chunks found by their text'] = await Promise.all(
    documents.flatMap(({ title, chunks }) =>
      chunks.nodes.map((chunk: any) =>
        limit(async () => row(title, chunk.ordinal, await howFound(client, knowledgeBaseId, chunk))),
      ),
    ),
  )
  return dump
}

const row = (...values: readonly unknown[]): string => values.join(' | ')

const DOCUMENT = `title mediaType status text chunks(first: 100) { nodes { id ordinal headings text } }
  entities(first: 100) { nodes { type name } }`
const ENTITY = `type name mentionCount
  relationships(first: 100) { nodes { type weight source { name } target { name } } }`

async function pages(
  client: TestClient,
  id: string,
  field: 'documents' | 'entities',
  selection: string,
): Promise<any[]> {
  const rows: any[] = []
  let after: string | null = null
  do {
    const { knowledgeBase } = await client.query(
      `query ($id: ID!, $after: String) { knowledgeBase(id: $id) {
        ${field}(first: 25, after: $after) { nodes { ${selection} } pageInfo { hasNextPage endCursor } } } }`,
      { id, after },
    )
    const { nodes, pageInfo } = knowledgeBase[field]
    rows.push(...nodes)
    after = pageInfo.hasNextPage ? pageInfo.endCursor : null
  } while (after !== null)
  return rows
}

/** Whether a chunk is found by its own text, and by which of both searches. */
async function howFound(client: TestClient, knowledgeBaseId: string, chunk: { id: string; text: string }) {
  const { knowledgeBase } = await client.query(
    `query ($id: ID!, $query: String!) { knowledgeBase(id: $id) { search(query: $query, first: 5) { mode
      hits { chunk { id } denseRank lexicalRank } } } }`,
    { id: knowledgeBaseId, query: chunk.text },
  )
  const { mode, hits } = knowledgeBase.search
  const hit = hits.find((each: any) => each.chunk.id === chunk.id)
  return [mode, ...(hit ? [hit.denseRank && 'by meaning', hit.lexicalRank && 'by words'] : ['not found'])].join(', ')
}
