// What knowledge depends on, for `tributary doctor`.
import { sql } from 'drizzle-orm'
import { fileURLToPath } from 'node:url'
import { rowsOf } from '#shared/database.ts'
import { checkConfiguration } from '#shared/configuration.ts'
import { assertNever, TributaryError } from '#shared/errors.ts'
import { maskPasswords } from '#shared/masking.ts'
import type { Check, DoctorContext } from '../../contracts/doctor.ts'
import { migrationsCheck } from '../../contracts/migrations-check.ts'
import { failedBy, storeChecks } from '../../contracts/store-checks.ts'
import { chooseVectorStore, weaviateGrpcUrl, type VectorStoreSettings } from './adapters/open-vector-store.ts'
import { vectorStoreSchema } from './config.ts'
import type { EmbeddingModel } from './doctor/dimensions.ts'
import { LOOKS } from './doctor/vector-store.ts'

export interface KnowledgeDoctorOptions extends DoctorContext {
  /** Those that embed now. */
  embeddingModels(): Promise<readonly EmbeddingModel[]>
}

export function knowledgeChecks(options: KnowledgeDoctorOptions): Check[] {
  const folder = fileURLToPath(new URL('./migrations', import.meta.url))
  return [migrationsCheck(options, { schema: 'knowledge', folder }), ...vectorStoreChecks(options)]
}

/** None for the embedded store, which is in the data directory. What another needs is loaded when it is the chosen one. */
function vectorStoreChecks(options: KnowledgeDoctorOptions): Check[] {
  const outcome = checkConfiguration(vectorStoreSchema, options.environment)
  // What is wrong with it is said by the check of the configuration.
  if ('problems' in outcome) return []
  const settings = outcome.configuration
  try {
    return checksOf(settings, options)
  } catch (error) {
    if (!(error instanceof TributaryError)) throw error
    const finding = failedBy(error, 'Set TRIBUTARY_VECTOR_STORE to the one that is meant, and its address.')
    return [{ subject: 'Vector store', name: 'choice', run: async () => finding }]
  }
}

function checksOf(settings: VectorStoreSettings, options: KnowledgeDoctorOptions): Check[] {
  const { name, url } = chooseVectorStore(settings)
  const place = maskPasswords(url)
  const stages = { reachable: place, credentials: 'accepted' }
  const { embeddingModels } = options
  switch (name) {
    case 'lancedb':
      return []
    case 'qdrant': {
      const { QDRANT_API_KEY: apiKey, TRIBUTARY_QDRANT_COLLECTION_PREFIX: prefix } = settings
      const modelNames = async () => (await readEmbeddingModelNames(options)) ?? []
      return storeChecks({
        subject: 'Qdrant',
        listener: { url, defaultPort: 6_333 },
        stages,
        looks: LOOKS,
        load: async () =>
          (await import('./doctor/qdrant.ts')).examineQdrant({
            url,
            apiKey,
            prefix,
            place,
            embeddingModels,
            modelNames,
          }),
      })
    }
    case 'weaviate': {
      const { WEAVIATE_API_KEY: apiKey, WEAVIATE_GRPC_URL: grpcUrl = weaviateGrpcUrl(url) } = settings
      const { TRIBUTARY_WEAVIATE_REPLICAS: replicas } = settings
      return storeChecks({
        subject: 'Weaviate',
        listener: { url },
        stages,
        looks: ['gRPC', 'replicas', ...LOOKS],
        load: async () =>
          (await import('./doctor/weaviate.ts')).examineWeaviate({
            url,
            grpcUrl,
            apiKey,
            replicas,
            place,
            embeddingModels,
          }),
      })
    }
    case 'chroma': {
      const { CHROMA_TOKEN: token, CHROMA_TENANT: tenant, CHROMA_DATABASE: database } = settings
      return storeChecks({
        subject: 'Chroma',
        listener: { url },
        stages: { ...stages, database: `${database} of ${tenant}` },
        looks: LOOKS,
        load: async () =>
          (await import('./doctor/chroma.ts')).examineChroma({ url, token, tenant, database, place, embeddingModels }),
      })
    }
    default:
      return assertNever(name)
  }
}

/** Names of the models that knowledge bases were embedded with, without which they are searched by words only. Null when they cannot be known. */
export async function readEmbeddingModelNames(context: DoctorContext): Promise<string[] | null> {
  const database = await context.database()
  if (!database) return null
  const [table] = await rowsOf<{ name: string | null }>(
    database.sql,
    sql`select to_regclass('knowledge.knowledge_base')::text as name`,
  )
  if (!table?.name) return []
  const rows = await rowsOf<{ name: string }>(
    database.sql,
    sql`select distinct embedding_model_name as name from knowledge.knowledge_base
        where embedding_model_name is not null order by 1`,
  )
  return rows.map(({ name }) => name)
}
