// Qdrant as the vector store will find it.
import { randomUUID } from 'node:crypto'
import { failed } from '../../../contracts/doctor.ts'
import type { StoreExamination } from '../../../contracts/store-checks.ts'
import { createQdrantCollections, DENSE, type QdrantCollections } from '../adapters/qdrant-collections.ts'
import { createQdrantRequests, statusOf, type QdrantRequests } from '../adapters/qdrant-requests.ts'
import type { FoundCollection } from './dimensions.ts'
import { examineVectorStore, type ExamineOptions, type VectorStoreLook } from './vector-store.ts'

interface OpenQdrant {
  requests: QdrantRequests
  collections: QdrantCollections
  version: string
}

export interface ExamineQdrantOptions extends ExamineOptions {
  url: string
  apiKey: string | undefined
  prefix: string
  /** Names of the models that knowledge bases were embedded with. */
  modelNames(): Promise<readonly string[]>
}

export function examineQdrant(options: ExamineQdrantOptions): StoreExamination<OpenQdrant, VectorStoreLook> {
  const { url, apiKey, prefix } = options
  const examination = examineVectorStore<OpenQdrant>(
    {
      product: 'Qdrant',
      urlVariable: 'QDRANT_URL',
      keyVariable: 'QDRANT_API_KEY',
      // 1.10 has the queries and the IDF that the store uses, 1.11 indexes of tenants.
      oldest: { oldest: '1.11', why: 'which has no indexes of tenants (is_tenant)' },
      async open(signal) {
        const requests = createQdrantRequests({ url, apiKey })
        const version = await requests.read(signal, async (api, init) => {
          const { data } = await api.root({}, init)
          return { data: { result: (data as { version?: unknown }).version } }
        })
        if (typeof version !== 'string') throw new Error('what answers there is not Qdrant')
        await requests.read(signal, (api, init) => api.getCollections({}, init))
        return { requests, version, collections: createQdrantCollections({ requests, prefix, quantization: 'none' }) }
      },
      close: ({ requests }) => requests.close(),
      // To delete takes the same right as to make, and there is no such collection.
      write: ({ requests }, signal) =>
        requests.write(signal, (api, init) =>
          api.deleteCollection({ collection_name: `${prefix}-doctor-${randomUUID()}` }, init),
        ),
      isBehindRights: (error) => statusOf(error) === 404,
      collections: async ({ collections }, signal) => ({ count: (await collections.list(signal)).length }),
      async findCollections(store, signal) {
        const [models, names] = await Promise.all([options.embeddingModels(), options.modelNames()])
        return findCollections(store, [...new Set([...models.map(({ name }) => name), ...names])], signal)
      },
    },
    options,
  )
  return {
    ...examination,
    explain: (error) =>
      statusOf(error) === 403
        ? {
            stage: 'credentials',
            finding: failed(
              'the key may not list collections',
              'Set QDRANT_API_KEY to one that may read and write all.',
            ),
          }
        : examination.explain(error),
  }
}

/** Their names have the dimensions, and a digest of the model's name, which is found among `candidates`. */
async function findCollections(
  { requests, collections }: OpenQdrant,
  candidates: readonly string[],
  signal: AbortSignal,
): Promise<FoundCollection[]> {
  const found: FoundCollection[] = []
  for (const name of await collections.list(signal)) {
    const [, label, dimensionsOfName] = /-v\d+-(.*)-(\d+)-[0-9a-f]{16}$/.exec(name) ?? []
    if (dimensionsOfName === undefined) continue
    const dimensions = Number(dimensionsOfName)
    const modelName = candidates.find((each) => collections.of({ modelName: each, dimensions }) === name) ?? label!
    const { config } = await requests.read(signal, (api, init) => api.getCollection({ collection_name: name }, init))
    const vectors = config.params.vectors as Record<string, { size: number } | undefined> | undefined
    found.push({ name, space: { modelName, dimensions }, dimensions: vectors?.[DENSE]?.size ?? null })
  }
  return found
}
