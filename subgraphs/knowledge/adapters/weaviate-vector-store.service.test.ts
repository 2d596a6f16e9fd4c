// The contract of vector stores on a real Weaviate server.
import { afterAll, beforeAll } from 'vitest'
import { describeWithService } from '../../../test/services/service.ts'
import { ensureWeaviate, startWeaviate, type RunningWeaviate } from '../../../test/services/weaviate.ts'
import { describeVectorStore } from '../ports/vector-store.contract.ts'
import { createWeaviateVectorStore, type WeaviateVectorStoreOptions } from './weaviate-vector-store.ts'

describeWithService('Weaviate', await ensureWeaviate(), (installation) => {
  let server: RunningWeaviate
  let opened = 0
  beforeAll(async () => {
    server = await startWeaviate(installation)
  })
  afterAll(() => server.close())

  /** With a prefix of its own a store is empty. */
  const open = (options: Partial<WeaviateVectorStoreOptions> = {}) =>
    createWeaviateVectorStore({
      url: server.environment['WEAVIATE_URL']!,
      grpcUrl: server.environment['WEAVIATE_GRPC_URL']!,
      collectionPrefix: `Test${++opened}N`,
      ...options,
    })

  describeVectorStore('Weaviate', async () => {
    const store = open()
    return { store, dispose: () => store.close() }
  })
})
