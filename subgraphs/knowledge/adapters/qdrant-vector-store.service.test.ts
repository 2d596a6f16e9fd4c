// Qdrant as a VectorStore: the contract, and what only a store in another process can get wrong.
import { QdrantClient } from '@qdrant/js-client-rest'
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll } from 'vitest'
import { ensureQdrant, nameOfQdrant, startQdrant, type RunningQdrant } from '../../../test/services/qdrant.ts'
import { describeWithService } from '../../../test/services/service.ts'
import { describeVectorStore } from '../ports/vector-store.contract.ts'
import { createQdrantVectorStore, type QdrantVectorStoreOptions } from './qdrant-vector-store.ts'

const newPrefix = () => `test-${randomBytes(6).toString('hex')}`

function openStore(server: RunningQdrant, options: Partial<QdrantVectorStoreOptions> = {}) {
  const { url, apiKey } = server
  const collectionPrefix = options.collectionPrefix ?? newPrefix()
  const store = createQdrantVectorStore({ url, apiKey, ...options, collectionPrefix })
  return {
    store,
    collectionPrefix,
    async dispose() {
      await store.close()
      const client = new QdrantClient({ url, ...(apiKey === undefined ? {} : { apiKey }), checkCompatibility: false })
      for (const { name } of (await client.getCollections()).collections)
        if (name.startsWith(`${collectionPrefix}-`)) await client.deleteCollection(name)
    },
  }
}

const ensured = await ensureQdrant()
describeWithService('Qdrant', ensured, (installation) => {
  let server: RunningQdrant
  beforeAll(async () => {
    server = await startQdrant(installation)
  })
  afterAll(() => server.close())
  describeVectorStore(nameOfQdrant(installation), async () => openStore(server))
})
