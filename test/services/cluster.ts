// Every store of a cluster at once: PostgreSQL, Redis, Neo4j, S3, Ollama, and Qdrant or Weaviate.
import { ensureNeo4j, startNeo4j } from './neo4j.ts'
import { ensureOllama, startOllama } from './ollama.ts'
import { ensurePostgresql, startPostgresql, type RunningPostgresql } from './postgresql.ts'
import { ensureQdrant, nameOfQdrant, startQdrant } from './qdrant.ts'
import { ensureRedis, startRedis } from './redis.ts'
import { ensureS3, startS3 } from './s3.ts'
import type { RunningService } from './server.ts'
import type { Ensured } from './service.ts'
import { ensureWeaviate, startWeaviate } from './weaviate.ts'

export type ClusterVectorStore = 'qdrant' | 'weaviate'

export interface ClusterInstallation {
  /** For the names of tests. */
  title: string
  start(): Promise<RunningCluster>
}

export interface RunningCluster {
  postgresql: RunningPostgresql
  /** All that may be stopped, paused and killed, by name. */
  services: ReadonlyMap<string, RunningService>
  /** What every role reads, but for DATABASE_URL. */
  environment: Record<string, string>
  close(): Promise<void>
}

/** The first that is missing, with its reason. */
export async function ensureCluster(vectorStore: ClusterVectorStore): Promise<Ensured<ClusterInstallation>> {
  const postgresql = await ensurePostgresql()
  if ('missing' in postgresql) return postgresql
  const others = new Map<string, () => Promise<RunningService>>()
  const add = async <Installation>(
    name: string,
    ensure: () => Promise<Ensured<Installation>>,
    start: (installation: Installation) => Promise<RunningService>,
  ): Promise<{ missing: string } | null> => {
    const ensured = await ensure()
    if ('missing' in ensured) return ensured
    others.set(name, () => start(ensured.installation))
    return null
  }
  const ensureQdrantOrWeaviate = () =>
    vectorStore === 'qdrant' ? add('qdrant', ensureQdrant, startQdrant) : add('weaviate', ensureWeaviate, startWeaviate)
  const missing =
    (await add('redis', ensureRedis, startRedis)) ??
    (await add('neo4j', ensureNeo4j, startNeo4j)) ??
    (await add('s3', ensureS3, startS3)) ??
    (await add('ollama', ensureOllama, startOllama)) ??
    (await ensureQdrantOrWeaviate())
  if (missing) return missing
  return { installation: { title: await titleOf(vectorStore), start: () => start(postgresql.installation, others) } }
}

async function titleOf(vectorStore: ClusterVectorStore): Promise<string> {
  const qdrant = vectorStore === 'qdrant' ? await ensureQdrant() : null
  const name = qdrant && 'installation' in qdrant ? nameOfQdrant(qdrant.installation) : 'Weaviate'
  return `PostgreSQL, Redis, Neo4j, S3, Ollama and ${name}`
}

async function start(
  postgresqlInstallation: Parameters<typeof startPostgresql>[0],
  others: ReadonlyMap<string, () => Promise<RunningService>>,
): Promise<RunningCluster> {
  const stack = new AsyncDisposableStack()
  try {
    const postgresql = await startPostgresql(postgresqlInstallation)
    stack.defer(() => postgresql.close())
    const services = new Map<string, RunningService>([['postgresql', postgresql]])
    for (const [name, startOne] of others) {
      const running = await startOne()
      stack.defer(() => running.close())
      services.set(name, running)
    }
    const environment = Object.assign({}, ...Array.from(services.values(), (service) => service.environment)) as Record<
      string,
      string
    >
    delete environment['DATABASE_URL']
    return { postgresql, services, environment, close: () => stack.disposeAsync() }
  } catch (error) {
    await stack.disposeAsync()
    throw error
  }
}
