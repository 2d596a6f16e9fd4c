// The contract of vector stores on a real Chroma server.
import { afterAll, beforeAll } from 'vitest'
import { describeWithService } from '../../../test/services/service.ts'
import { ensureChroma, startChroma, type RunningChroma } from '../../../test/services/chroma.ts'
import { describeVectorStore } from '../ports/vector-store.contract.ts'
import { createChromaVectorStore, type ChromaVectorStoreOptions } from './chroma-vector-store.ts'

describeWithService('Chroma', await ensureChroma(), (installation) => {
  let server: RunningChroma
  let opened = 0
  beforeAll(async () => {
    server = await startChroma(installation)
  })
  afterAll(() => server.close())

  /** With a prefix of its own a store is empty. */
  const open = (options: Partial<ChromaVectorStoreOptions> = {}) =>
    createChromaVectorStore({
      url: server.environment['CHROMA_URL']!,
      collectionPrefix: `test-${++opened}`,
      ...options,
    })

  describeVectorStore('Chroma', async () => {
    const store = open()
    return { store, dispose: () => store.close() }
  })
})
