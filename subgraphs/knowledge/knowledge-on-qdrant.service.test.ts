// Knowledge, API and worker as they are started, on Qdrant: what is ingested is found and cited by both searches, what is deleted is gone, and a
// store that is away holds work up without losing it.
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  ensureQdrant,
  nameOfQdrant,
  removeCollections,
  startQdrant,
  type RunningQdrant,
} from '../../test/services/qdrant.ts'
import { describeWithService } from '../../test/services/service.ts'
import { createQdrantVectorStore } from './adapters/qdrant-vector-store.ts'
import type { VectorStore } from './ports/vector-store.ts'
import { startTestKnowledge, textContent, type TestKnowledge } from './testing/start-knowledge.ts'

const SEARCH = `query ($id: ID!, $query: String!) { knowledgeBase(id: $id) {
  search(query: $query, mode: HYBRID, first: 2) { mode hits { denseRank lexicalRank chunk { text } } } } }`

const ensured = await ensureQdrant()
const name = 'installation' in ensured ? nameOfQdrant(ensured.installation) : 'Qdrant'

describeWithService(`knowledge on ${name}`, ensured, (installation) => {
  let server: RunningQdrant
  let knowledge: TestKnowledge
  let knowledgeBaseId: string
  let store: VectorStore
  const collectionPrefix = `test-${randomBytes(6).toString('hex')}`
  beforeAll(async () => {
    server = await startQdrant(installation, { apiKey: 'secret' })
    const { url, apiKey } = server
    store = createQdrantVectorStore({ url, apiKey, collectionPrefix })
    const variables = { ...server.environment, TRIBUTARY_QDRANT_COLLECTION_PREFIX: collectionPrefix }
    knowledge = await startTestKnowledge(variables)
    knowledgeBaseId = await knowledge.createKnowledgeBase('Birds')
  })
  afterAll(async () => {
    await knowledge?.close()
    await store?.close()
    if (server) await removeCollections(server, collectionPrefix)
    await server?.close()
  })

  const contentOf = (text: string) => textContent('Birds', [{ heading: 'Herons', text }])
  const search = async (query: string) => {
    const { data, errors } = await knowledge.request(SEARCH, { id: knowledgeBaseId, query })
    return { search: data.knowledgeBase.search, errors }
  }

  test('what is ingested is found by meaning and by words, and gone when it is deleted', async () => {
    const documentId = await knowledge.ingest(
      knowledgeBaseId,
      contentOf('Herons wade through shallow marshes at dawn.'),
    )
    const found = await search('wading heron')
    expect(found.search.mode).toBe('HYBRID')
    expect(found.search.hits).toMatchObject([
      { denseRank: 1, lexicalRank: 1, chunk: { text: expect.stringContaining('shallow marshes') as string } },
    ])
    const count = () => store.count(knowledge.workspaceId, documentId, new AbortController().signal)
    expect(await count()).toEqual({ texts: 1, vectors: 1 })
    const { data } = await knowledge.request(
      'mutation ($id: ID!) { documentDelete(id: $id) { documentId userErrors { message } } }',
      { id: documentId },
    )
    expect(data.documentDelete).toEqual({ documentId, userErrors: [] })
    await expect.poll(count, { timeout: 15_000 }).toEqual({ texts: 0, vectors: 0 })
    expect((await search('wading heron')).search.hits).toEqual([])
  })

  test.skipIf(installation?.kind === 'server')(
    'while the store is away a search says so and a document waits; when it is back both go on',
    async () => {
      await server.stop()
      const sent = await knowledge.sendDocument(knowledgeBaseId, contentOf('Otters sleep on their backs in the kelp.'))
      await knowledge.reported(sent.itemId, 'EMBED', 'SUCCEEDED')
      const { search: nothing, errors } = await search('sleeping otters')
      expect(nothing).toBeNull()
      expect(errors).toMatchObject([{ extensions: { code: 'UPSTREAM_UNAVAILABLE', isRetryable: true } }])
      await server.start()
      await knowledge.reported(sent.itemId, 'INDEX', 'SUCCEEDED')
      expect(knowledge.reports.filter(({ status }) => status === 'FAILED')).toEqual([])
    },
  )
})
