// Weaviate as the vector store will find it, over both of its interfaces.
import { failed, ok, type Finding } from '../../../contracts/doctor.ts'
import { deepestReason, type StoreExamination } from '../../../contracts/store-checks.ts'
import { DEFAULT_PREFIX, findCollections, type KnownCollections } from '../adapters/weaviate-collections.ts'
import { createWeaviateConnection, type WeaviateConnection } from '../adapters/weaviate-connection.ts'
import type { FoundCollection } from './dimensions.ts'
import { judgeReplicas, type FoundReplicas } from './replicas.ts'
import { examineVectorStore, type ExamineOptions, type VectorStoreLook } from './vector-store.ts'

/** A collection that nobody has. */
const NOWHERE = `${DEFAULT_PREFIX}Doctor`
/** Workspaces whose vectors are looked at, of a collection. */
const TENANTS = 3

interface OpenWeaviate {
  connection: WeaviateConnection
  version: string
}

export interface ExamineWeaviateOptions extends ExamineOptions {
  url: string
  grpcUrl: string
  apiKey: string | undefined
  /** Nodes that are to hold each chunk. */
  replicas: number
}

export function examineWeaviate(
  options: ExamineWeaviateOptions,
): StoreExamination<OpenWeaviate, VectorStoreLook | 'gRPC' | 'replicas'> {
  const { url, grpcUrl, apiKey, replicas: wanted } = options
  const examination = examineVectorStore<OpenWeaviate>(
    {
      product: 'Weaviate',
      urlVariable: 'WEAVIATE_URL',
      keyVariable: 'WEAVIATE_API_KEY',
      oldest: { oldest: '1.28', why: 'which cannot settle deletions by their time (TimeBasedResolution)' },
      async open(signal) {
        const connection = createWeaviateConnection({ url, grpcUrl, apiKey })
        try {
          const { version } = await connection.read(signal, (client) => client.getMeta())
          if (version === undefined) throw new Error('what answers there is not Weaviate')
          return { connection, version }
        } catch (error) {
          await connection.close()
          throw error
        }
      },
      close: ({ connection }) => connection.close(),
      // A collection that cannot be made, since its property has a type that there is not: the right to make one is asked for first.
      write: ({ connection }, signal) =>
        connection.post(signal, '/schema', {
          class: NOWHERE,
          vectorizer: 'none',
          properties: [{ name: 'nothing', dataType: ['nothing'] }],
        }),
      isBehindRights: (error) => (error as { cause?: { code?: unknown } }).cause?.code === 422,
      collections: async ({ connection }, signal) => ({ count: (await list(connection, signal)).size }),
      findCollections: ({ connection }, signal) => findSpaces(connection, signal),
    },
    options,
  )
  const gRPC = (store: OpenWeaviate, signal: AbortSignal) => checkGrpc(store, new URL(grpcUrl).host, signal)
  const replicas = async ({ connection }: OpenWeaviate, signal: AbortSignal) =>
    judgeReplicas(await findReplicas(connection, signal), wanted)
  return { ...examination, looks: { ...examination.looks, gRPC, replicas } }
}

/** Asks for an object that nobody has. */
async function checkGrpc({ connection }: OpenWeaviate, place: string, signal: AbortSignal): Promise<Finding> {
  try {
    await connection.read(signal, (client, abortSignal) =>
      client.collections.use(NOWHERE).query.fetchObjects({ limit: 1 }, { abortSignal }),
    )
  } catch (error) {
    if (!/could not find class/i.test(deepestReason(error)))
      return failed(
        `${place}: ${deepestReason(error)}`,
        'Set WEAVIATE_GRPC_URL to where Weaviate answers over gRPC, and let it through the firewall.',
      )
  }
  return ok(place)
}

async function findReplicas(connection: WeaviateConnection, signal: AbortSignal): Promise<FoundReplicas> {
  const nodes = await connection.read(signal, (client) => client.cluster.nodes())
  const all = await connection.read(signal, (client) => client.collections.listAll())
  const own = findCollections(DEFAULT_PREFIX, all)
  const factors = all.flatMap(({ name, replication }) => (own.has(name) ? [[name, replication.factor] as const] : []))
  return { nodes: nodes.length, factors: new Map(factors) }
}

const list = (connection: WeaviateConnection, signal: AbortSignal): Promise<KnownCollections> =>
  connection.read(signal, async (client) => findCollections(DEFAULT_PREFIX, await client.collections.listAll()))

/** A schema does not have the dimensions: what is stored has them. */
async function findSpaces(connection: WeaviateConnection, signal: AbortSignal): Promise<FoundCollection[]> {
  const found: FoundCollection[] = []
  for (const [name, space] of await list(connection, signal)) {
    if (space === null) continue
    const dimensions = await connection.read(signal, async (client, abortSignal) => {
      const collection = client.collections.use(name)
      const tenants = Object.values(await collection.tenants.get()).filter(
        ({ activityStatus }) => activityStatus === 'ACTIVE',
      )
      for (const tenant of tenants.slice(0, TENANTS)) {
        const { objects } = await collection
          .withTenant(tenant.name)
          .query.fetchObjects({ limit: 1, includeVector: true }, { abortSignal })
        const vector = objects[0]?.vectors['default']
        if (vector !== undefined) return vector.length
      }
      return null
    })
    found.push({ name, space, dimensions })
  }
  return found
}
