// Every store of a cluster at once: PostgreSQL, Redis, Neo4j, S3, Ollama, and Qdrant, Weaviate or Chroma.
import { ensureChroma, startChroma } from './chroma.ts'
import { ensureNeo4j, startNeo4j } from './neo4j.ts'
import { ensureOllama, startOllama, type OllamaInstallation, type RunningOllama } from './ollama.ts'
import { ensurePostgresql, startPostgresql, type PostgresqlInstallation, type RunningPostgresql } from './postgresql.ts'
import { ensureQdrant, nameOfQdrant, startQdrant } from './qdrant.ts'
import { ensureRedis, startRedis } from './redis.ts'
import { ensureS3, startS3, type RunningS3 } from './s3.ts'
import type { RunningService } from './server.ts'
import type { Installed } from './install.ts'
import type { Ensured } from './service.ts'
import { ensureWeaviate, startWeaviate } from './weaviate.ts'

export type ClusterVectorStore = 'qdrant' | 'weaviate' | 'chroma'
export type ClusterServiceName = 'postgresql' | 'redis' | 'neo4j' | 's3' | 'ollama' | ClusterVectorStore

export interface ClusterInstallation {
  /** For the names of tests. */
  title: string
  start(): Promise<RunningCluster>
}

export interface RunningCluster {
  postgresql: RunningPostgresql
  ollama: RunningOllama
  s3: RunningS3
  /** All that may be stopped, paused and killed, by name. */
  services: ReadonlyMap<ClusterServiceName, RunningService>
  /** What every role reads, but for DATABASE_URL. */
  environment: Record<string, string>
  close(): Promise<void>
}

/** The first that is missing, with its reason. */
export async function ensureCluster(vectorStore: ClusterVectorStore): Promise<Ensured<ClusterInstallation>> {
  const postgresql = await ensurePostgresql()
  if ('missing' in postgresql) return postgresql
  const ollama = await ensureOllama()
  if ('missing' in ollama) return ollama
  const s3 = await ensureS3()
  if ('missing' in s3) return s3
  const others = new Map<ClusterServiceName, () => Promise<RunningService>>()
  const add = async <Installation>(
    name: ClusterServiceName,
    ensure: () => Promise<Ensured<Installation>>,
    start: (installation: Installation) => Promise<RunningService>,
  ): Promise<{ missing: string } | null> => {
    const ensured = await ensure()
    if ('missing' in ensured) return ensured
    others.set(name, () => start(ensured.installation))
    return null
  }
  const addVectorStore: Record<ClusterVectorStore, () => Promise<{ missing: string } | null>> = {
    qdrant: () => add('qdrant', ensureQdrant, startQdrant),
    weaviate: () => add('weaviate', ensureWeaviate, startWeaviate),
    chroma: () => add('chroma', ensureChroma, startChroma),
  }
  const missing =
    (await add('redis', ensureRedis, startRedis)) ??
    (await add('neo4j', ensureNeo4j, startNeo4j)) ??
    (await addVectorStore[vectorStore]())
  if (missing) return missing
  const installed = { postgresql: postgresql.installation, ollama: ollama.installation, s3: s3.installation, others }
  return { installation: { title: await titleOf(vectorStore), start: () => start(installed) } }
}

async function titleOf(vectorStore: ClusterVectorStore): Promise<string> {
  const qdrant = vectorStore === 'qdrant' ? await ensureQdrant() : null
  const others = { qdrant: 'Qdrant', weaviate: 'Weaviate', chroma: 'Chroma' }
  const name = qdrant && 'installation' in qdrant ? nameOfQdrant(qdrant.installation) : others[vectorStore]
  return `PostgreSQL, Redis, Neo4j, S3, Ollama and ${name}`
}

async function start(installed: {
  postgresql: PostgresqlInstallation
  ollama: OllamaInstallation
  s3: Installed
  others: ReadonlyMap<ClusterServiceName, () => Promise<RunningService>>
}): Promise<RunningCluster> {
  const stack = new AsyncDisposableStack()
  try {
    const postgresql = await startPostgresql(installed.postgresql)
    stack.defer(() => postgresql.close())
    const ollama = await startOllama(installed.ollama)
    stack.defer(() => ollama.close())
    const s3 = await startS3(installed.s3)
    stack.defer(() => s3.close())
    const services = new Map<ClusterServiceName, RunningService>([
      ['postgresql', postgresql],
      ['ollama', ollama],
      ['s3', s3],
    ])
    for (const [name, startOne] of installed.others) {
      const running = await startOne()
      stack.defer(() => running.close())
      services.set(name, running)
    }
    const environment = Object.assign({}, ...Array.from(services.values(), (service) => service.environment)) as Record<
      string,
      string
    >
    delete environment['DATABASE_URL']
    return { postgresql, ollama, s3, services, environment, close: () => stack.disposeAsync() }
  } catch (error) {
    await stack.disposeAsync()
    throw error
  }
}
