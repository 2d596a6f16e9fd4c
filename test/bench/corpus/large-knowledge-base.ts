// A data directory with a knowledge base of 20,000 chunks, made by knowledge's own use cases: register, chunk, embed, index, check, document
// by document. Two things differ from an ingestion through the endpoint: vectors come from a cache of what the real model made of the same
// texts, and there is no job, so the graph has no entities of these documents.
import { connect } from '@lancedb/lancedb'
import { createHash } from 'node:crypto'
import { existsSync, globSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { createFolderBlobStore } from '#shared/folder-blob-store.ts'
import { openDatabase, type Database } from '#shared/database.ts'
import { createLogger } from '#shared/logger.ts'
import { deterministicId } from '#shared/ids.ts'
import type { JobQueue } from '#shared/job-queue.ts'
import type { ModelsClient } from '../../../contracts/models-client.ts'
import { openDataDirectory } from '../../../deploy/standalone/data-directory.ts'
import { createWorkspaces } from '../../../subgraphs/accounts/workspaces.ts'
import { TEXTS } from '../../../subgraphs/knowledge/adapters/lancedb-tables.ts'
import { maintainVectorIndex } from '../../../subgraphs/knowledge/adapters/lancedb-vector-index.ts'
import { createLanceDbVectorStore } from '../../../subgraphs/knowledge/adapters/lancedb-vector-store.ts'
import { createCheckDocument } from '../../../subgraphs/knowledge/check-document.ts'
import { createKnowledgeBases } from '../../../subgraphs/knowledge/knowledge-bases.ts'
import { createProcessDocument } from '../../../subgraphs/knowledge/process-document.ts'
import { createRegisterDocument } from '../../../subgraphs/knowledge/register-document.ts'
import { modelId } from '../../../contracts/model-ids.ts'
import { EMBEDDED_EMBEDDING_MODEL } from '../../../subgraphs/models/model-files/manifest.ts'
import { ADMIN_API_KEY, repositoryRoot } from '../../harness/environment.ts'
import { benchCache } from './cache.ts'
import { readCorpus, type CorpusDocument } from './contents.ts'
import { openVectorCache, type VectorCache } from './vector-cache.ts'

export const LARGE_KNOWLEDGE_BASE = 'Manuals'

/** A copy of the data directory that the caller may change and should delete. Takes minutes the first time, seconds later. */
export async function largeKnowledgeBase(minimumChunks: number): Promise<string> {
  const seed = benchCache(`knowledge-base-${minimumChunks}-${await seedVersion()}`)
  if (!existsSync(seed)) {
    console.error('Making the knowledge base of the benchmark; this takes minutes, once.')
    const making = `${seed}.making`
    await rm(making, { recursive: true, force: true })
    await mkdir(path.dirname(making), { recursive: true })
    await makeSeed(making, minimumChunks)
    await rename(making, seed)
  }
  const copy = await mkdtemp(path.join(os.tmpdir(), 'tributary-bench-'))
  await cp(seed, copy, { recursive: true })
  return copy
}

/** One more when the vector store or this file changes what is written; everything else is seen by itself. */
const SEED_REVISION = '4'

/** Changes with whatever decides what the stores hold. */
async function seedVersion(): Promise<string> {
  const files = globSync(
    [
      'subgraphs/{accounts,knowledge}/migrations/{*.sql,meta/_journal.json}',
      'subgraphs/knowledge/domain/{chunk-document,index-text,split-sentences}.ts',
      'subgraphs/models/model-files/manifest.ts',
    ],
    { cwd: repositoryRoot },
  ).toSorted()
  const hash = createHash('sha256').update(SEED_REVISION)
  for (const file of files) hash.update(await readFile(path.join(repositoryRoot, file)))
  return hash.digest('hex').slice(0, 16)
}

async function makeSeed(directory: string, minimumChunks: number): Promise<void> {
  await using vectors = await openVectorCache()
  const corpus = await readCorpus({ minimumChunks })
  const data = await openDataDirectory({ directory, onLockLost: () => undefined })
  const database = await openDatabase({ location: { directory: data.databasePath } })
  const vectorStore = await createLanceDbVectorStore({ directory: path.join(directory, 'vectors'), onError: fail })
  const blobs = createFolderBlobStore({ directory: path.join(directory, 'blobs') })
  try {
    for (const schema of ['accounts', 'knowledge'])
      await database.migrate({ schema, folder: path.join(repositoryRoot, `subgraphs/${schema}/migrations`) })
    const { workspace } = await createWorkspaces({ database }).ensureFirst(ADMIN_API_KEY)
    await data.markDatabaseReady()
    const models = modelsFromCache(vectors, workspace.id)
    const knowledgeBases = createKnowledgeBases({ database: database.sql, models })
    const created = await knowledgeBases.create(workspace.id, { name: LARGE_KNOWLEDGE_BASE }, never())
    if (!('knowledgeBase' in created)) throw new Error(JSON.stringify(created.mistakes))
    const logger = createLogger({ name: 'bench', level: 'error' })
    const options = { database, blobs, queue: silentQueue, models, vectorStore, knowledgeBases, logger }
    await ingest({ ...options, corpus, workspaceId: workspace.id, knowledgeBaseId: created.knowledgeBase.id })
    // What the database does by itself within half a minute of a change.
    if (database.native.engine === 'pglite') await database.native.client.exec('vacuum (analyze)')
  } finally {
    await vectorStore.close()
    await database.close()
    await data.close()
  }
  await maintain(path.join(directory, 'vectors'))
  await writeFile(path.join(directory, 'bench-corpus.json'), JSON.stringify(summaryOf(corpus)))
}

/** What the vector store does by itself some seconds after the last write; without it the first requests would be measured beside it. */
async function maintain(directory: string): Promise<void> {
  const connection = await connect(directory)
  for (const name of await connection.tableNames()) {
    const table = await connection.openTable(name)
    await table.optimize()
    if (name !== TEXTS) await maintainVectorIndex(table)
  }
  connection.close()
}

async function ingest(
  options: Parameters<typeof createProcessDocument>[0] & {
    database: Database
    corpus: readonly CorpusDocument[]
    workspaceId: string
    knowledgeBaseId: string
  },
): Promise<void> {
  const { corpus, workspaceId, knowledgeBaseId, blobs } = options
  const registerDocument = createRegisterDocument(options)
  const processDocument = createProcessDocument(options)
  const checkDocument = createCheckDocument(options)
  for (const [index, { name, sizeBytes, content }] of corpus.entries()) {
    const { key: contentKey } = await blobs.put(workspaceId, Buffer.from(JSON.stringify(content)))
    const documentId = deterministicId('doc', name)
    const about = { workspaceId, knowledgeBaseId, documentId, itemId: deterministicId('item', name), attempt: 1 }
    const title = content.title ?? name
    const mediaType = 'text/html'
    await registerDocument({ ...about, title, mediaType, sizeBytes, sourceUri: null, tags: [] })
    await processDocument({
      data: { ...about, contentKey, contentTitle: content.title, mediaType },
      retryCount: Infinity,
      signal: never(),
    })
    await checkDocument({ data: { ...about, contentKey }, signal: never() })
    if ((index + 1) % 100 === 0) console.error(`${index + 1} of ${corpus.length} documents`)
  }
}

/** Reports of steps go nowhere, because no job waits for them. A failed one must not be overlooked. */
const silentQueue: JobQueue = {
  async send(_message, data) {
    if ((data as { status?: string }).status === 'FAILED') throw new Error(JSON.stringify(data))
  },
  sendMany: async () => undefined,
  work: async () => undefined,
  workGathered: async () => undefined,
  close: async () => undefined,
}

function modelsFromCache(vectors: VectorCache, workspaceId: string): ModelsClient {
  const { contextLength, embeddingDimensions, parameterCount } = EMBEDDED_EMBEDDING_MODEL
  return {
    findModel: async (_identity, capability) =>
      capability === 'EMBEDDING'
        ? {
            id: modelId(workspaceId, { provider: 'EMBEDDED', name: vectors.modelName }),
            name: vectors.modelName,
            provider: 'EMBEDDED',
            contextLength,
            embeddingDimensions,
            parameterCount,
          }
        : null,
    embed: (_identity, { texts }) => vectors.embed(texts),
    rerank: () => fail('Ingestion asks for no rerank model.'),
    generate: () => fail('Ingestion asks for no chat model.'),
  }
}

function summaryOf(corpus: readonly CorpusDocument[]) {
  const lengths = corpus.flatMap(({ indexTexts }) => indexTexts.map(({ length }) => length))
  return {
    documents: corpus.length,
    chunks: lengths.length,
    meanCharacters: Math.round(lengths.reduce((sum, length) => sum + length, 0) / lengths.length),
  }
}

function fail(reason: unknown): never {
  throw reason instanceof Error ? reason : new Error(String(reason))
}

const never = (): AbortSignal => new AbortController().signal
