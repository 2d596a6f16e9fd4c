// Chroma as the vector store will find it. All servers since 1.0 say of themselves that they are 1.0.0.
import { randomUUID } from 'node:crypto'
import type { StoreExamination } from '../../../contracts/store-checks.ts'
import { createChromaCollections, DEFAULT_PREFIX, type ChromaCollections } from '../adapters/chroma-collections.ts'
import { createChromaRequests, saysNotFound, type ChromaRequests } from '../adapters/chroma-requests.ts'
import type { FoundCollection } from './dimensions.ts'
import { examineVectorStore, TIMEOUTS, type ExamineOptions, type VectorStoreLook } from './vector-store.ts'

interface OpenChroma {
  requests: ChromaRequests
  collections: ChromaCollections
  version: string
}

export interface ExamineChromaOptions extends ExamineOptions {
  url: string
  token: string | undefined
}

export function examineChroma(options: ExamineChromaOptions): StoreExamination<OpenChroma, VectorStoreLook> {
  const { url, token } = options
  return examineVectorStore(
    {
      product: 'Chroma',
      urlVariable: 'CHROMA_URL',
      keyVariable: 'CHROMA_TOKEN',
      oldest: { oldest: '1.0', why: 'whose protocol is another' },
      async open(signal) {
        const requests = createChromaRequests({ url, token, timeouts: TIMEOUTS })
        const version = await requests.read(signal, (client) => client.version())
        await requests.read(signal, (client) => client.listCollections({ limit: 1 }))
        return { requests, version, collections: createChromaCollections(requests, DEFAULT_PREFIX) }
      },
      close: ({ requests }) => requests.close(),
      // A record for a collection that is not there.
      write: ({ requests }, signal) =>
        requests.write(signal, (client) =>
          client.collection(randomUUID()).upsert({ ids: ['doctor'], embeddings: [[0]] }),
        ),
      isBehindRights: saysNotFound,
      countCollections: async ({ collections }, signal) => (await collections.list(signal)).size,
      findCollections,
    },
    options,
  )
}

async function findCollections({ requests, collections }: OpenChroma, signal: AbortSignal): Promise<FoundCollection[]> {
  const found: FoundCollection[] = []
  for (const { id, name, space } of (await collections.list(signal)).values()) {
    if (space === null) continue
    const { embeddings } = await requests.read(signal, (client) =>
      client.collection(id).get({ limit: 1, include: ['embeddings'] }),
    )
    found.push({ name, space, dimensions: embeddings[0]?.length ?? null })
  }
  return found
}
