// Chroma as the vector store will find it. All servers since 1.0 say of themselves that they are 1.0.0, so what they can do tells how old they are.
import { randomUUID } from 'node:crypto'
import { failed, ok, skipped, type Finding } from '../../../contracts/doctor.ts'
import { deepestReason, type StoreExamination } from '../../../contracts/store-checks.ts'
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

/** The first that keeps lists in metadata, which is where the terms of a chunk are. */
const OLDEST = '1.5'
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
      version: checkVersion,
      writable: ({ requests }, signal) =>
        judgeWrite(writeNowhere(requests, signal), (error) => saysNotFound(error) || saysUnreadable(error), WORDS),
      collections: ({ requests }, signal) =>
        judgeCollections(createChromaCollections(requests, DEFAULT_PREFIX).list(signal)),
      dimensions: async ({ requests }, signal) =>
        judgeDimensions(await findCollections(requests, signal), await options.embeddingModels()),
    },
  }
}

/** A record with a list, for a collection that is not there. The server reads the record first. */
const writeNowhere = (requests: ChromaRequests, signal: AbortSignal): Promise<unknown> =>
  requests.write(signal, (client) =>
    client.collection(randomUUID()).upsert({ ids: ['doctor'], embeddings: [[0]], metadatas: [{ terms: ['doctor'] }] }),
  )

const saysUnreadable = (error: unknown): boolean => /deserialize/i.test(deepestReason(error))

async function checkVersion({ requests, version }: OpenChroma, signal: AbortSignal): Promise<Finding> {
  try {
    await writeNowhere(requests, signal)
  } catch (error) {
    if (saysUnreadable(error))
      return failed(
        'it does not keep lists in metadata, in which words are looked for',
        `Upgrade the server to Chroma ${OLDEST} or newer.`,
      )
    if (!saysNotFound(error)) return skipped(`not known: it says ${version}, as every version does`)
  }
  return ok(`${OLDEST} or newer`)
}

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
