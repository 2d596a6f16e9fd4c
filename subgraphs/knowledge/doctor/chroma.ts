// Chroma as the vector store will find it. All servers since 1.0 say of themselves that they are 1.0.0.
import { randomUUID } from 'node:crypto'
import { failed } from '../../../contracts/doctor.ts'
import type { StoreExamination } from '../../../contracts/store-checks.ts'
import { createChromaCollections, DEFAULT_PREFIX, type ChromaCollections } from '../adapters/chroma-collections.ts'
import { createChromaRequests, saysNotFound, type ChromaRequests } from '../adapters/chroma-requests.ts'
import type { FoundCollection } from './dimensions.ts'
import { examineVectorStore, type ExamineOptions, type VectorStoreLook } from './vector-store.ts'

interface OpenChroma {
  requests: ChromaRequests
  collections: ChromaCollections
  version: string
}

export interface ExamineChromaOptions extends ExamineOptions {
  url: string
  token: string | undefined
  tenant: string
  database: string
}

export function examineChroma(options: ExamineChromaOptions): StoreExamination<OpenChroma, VectorStoreLook> {
  const { url, token, tenant, database } = options
  const tokenHeader = token === undefined ? '' : '-H "x-chroma-token: $CHROMA_TOKEN" '
  const examination = examineVectorStore<OpenChroma>(
    {
      product: 'Chroma',
      urlVariable: 'CHROMA_URL',
      keyVariable: 'CHROMA_TOKEN',
      oldest: { oldest: '1.0', why: 'whose protocol is another' },
      async open(signal) {
        const requests = createChromaRequests({ url, token, tenant, database })
        const version = await requests.read(signal, (client) => client.version())
        await requests.read(signal, (client) => client.listCollections({ limit: 1 }))
        if (!(await requests.hasDatabase(signal))) throw new DatabaseMissing()
        return { requests, version, collections: createChromaCollections(requests, DEFAULT_PREFIX) }
      },
      close: ({ requests }) => requests.close(),
      // A record for a collection that is not there.
      write: ({ requests }, signal) =>
        requests.write(signal, (client) =>
          client.collection(randomUUID()).upsert({ ids: ['doctor'], embeddings: [[0]] }),
        ),
      isBehindRights: saysNotFound,
      collections: async ({ collections }, signal) => ({
        count: (await collections.list(signal)).size,
        older: await collections.listOlder(signal),
      }),
      dropCommand: (name) => `curl -X DELETE ${tokenHeader}'${addressOf(name, options)}'`,
      findCollections,
    },
    options,
  )
  return {
    ...examination,
    explain: (error) =>
      error instanceof DatabaseMissing
        ? {
            stage: 'database',
            finding: failed(
              `there is no database ${database} of a tenant ${tenant}`,
              'Make it on Chroma, or correct CHROMA_DATABASE and CHROMA_TENANT.',
            ),
          }
        : examination.explain(error),
  }
}

const addressOf = (name: string, { place, tenant, database }: ExamineChromaOptions): string =>
  new URL(`/api/v2/tenants/${encodeURIComponent(tenant)}/databases/${database}/collections/${name}`, place).href

class DatabaseMissing extends Error {}

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
