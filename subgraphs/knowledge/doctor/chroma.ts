// Chroma as the vector store will find it. All servers since 1.0 say of themselves that they are 1.0.0.
import { randomUUID } from 'node:crypto'
import { judgeStoreVersion } from '../../../contracts/judge-store.ts'
import type { StoreExamination } from '../../../contracts/store-checks.ts'
import { createChromaCollections, DEFAULT_PREFIX } from '../adapters/chroma-collections.ts'
import { createChromaRequests, saysNotFound, type ChromaRequests } from '../adapters/chroma-requests.ts'
import { judgeDimensions, type FoundCollection } from './dimensions.ts'
import {
  explainUnusable,
  judgeCollections,
  judgeWrite,
  TIMEOUTS,
  type ExamineOptions,
  type VectorStoreLook,
} from './vector-store.ts'

const OLDEST = { oldest: '1.0', why: 'whose protocol is another' }
const WORDS = { product: 'Chroma', urlVariable: 'CHROMA_URL', keyVariable: 'CHROMA_TOKEN' }

interface OpenChroma {
  requests: ChromaRequests
  version: string
}

export interface ExamineChromaOptions extends ExamineOptions {
  url: string
  token: string | undefined
}

export function examineChroma(options: ExamineChromaOptions): StoreExamination<OpenChroma, VectorStoreLook> {
  const { url, token, place } = options
  return {
    async open(signal) {
      const requests = createChromaRequests({ url, token, timeouts: TIMEOUTS })
      const version = await requests.read(signal, (client) => client.version())
      await requests.read(signal, (client) => client.listCollections({ limit: 1 }))
      return { requests, version }
    },
    explain: (error) => explainUnusable(error, place, WORDS),
    close: ({ requests }) => requests.close(),
    looks: {
      version: ({ version }) => judgeStoreVersion(version, OLDEST),
      writable: ({ requests }, signal) => judgeWrite(writeNowhere(requests, signal), saysNotFound, WORDS),
      collections: ({ requests }, signal) =>
        judgeCollections(createChromaCollections(requests, DEFAULT_PREFIX).list(signal)),
      dimensions: async ({ requests }, signal) =>
        judgeDimensions(await findCollections(requests, signal), await options.embeddingModels()),
    },
  }
}

/** A record for a collection that is not there. */
const writeNowhere = (requests: ChromaRequests, signal: AbortSignal): Promise<unknown> =>
  requests.write(signal, (client) => client.collection(randomUUID()).upsert({ ids: ['doctor'], embeddings: [[0]] }))

async function findCollections(requests: ChromaRequests, signal: AbortSignal): Promise<FoundCollection[]> {
  const found: FoundCollection[] = []
  for (const { id, name, space } of (await createChromaCollections(requests, DEFAULT_PREFIX).list(signal)).values()) {
    if (space === null) continue
    const { embeddings } = await requests.read(signal, (client) =>
      client.collection(id).get({ limit: 1, include: ['embeddings'] }),
    )
    found.push({ name, space, dimensions: embeddings[0]?.length ?? null })
  }
  return found
}
