// What an installation holds as its clients see it, whatever stores are below: texts, chunks, entities, and what searches find. Names and titles
// stand for ids, so that two installations that were given the same can be compared.
import type { CanonicalDump } from './canonical-dump.ts'
import type { TestClient } from './client.ts'

export async function contentDump(
  client: TestClient,
  knowledgeBaseId: string,
  searches: readonly string[],
): Promise<CanonicalDump> {
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
  for (const query of searches) dump[`search "${query}"`] = await found(client, knowledgeBaseId, query)
  return dump
}

const row = (...values: readonly unknown[]): string => values.join(' | ')

const DOCUMENT = `title mediaType status text chunks(first: 100) { nodes { ordinal headings text } }
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

async function found(client: TestClient, id: string, query: string): Promise<string[]> {
  const { knowledgeBase } = await client.query(
    `query ($id: ID!, $query: String!) { knowledgeBase(id: $id) { search(query: $query, first: 100) { mode
      hits { chunk { ordinal document { title } } } } } }`,
    { id, query },
  )
  const { mode, hits } = knowledgeBase.search
  return hits.map(({ chunk }: any) => row(mode, chunk.document.title, chunk.ordinal))
}
