// An installation on disk with something of everything that a workspace can hold, written by the stores' own means; and everything that is stored,
// read past the code that is tested: rows by SQL, vectors from the tables of LanceDB bit by bit, files by their checksum.
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { connect } from '@lancedb/lancedb'
import { sql } from 'drizzle-orm'
import { rowsOf, type Database, type SqlExecutor } from '#shared/database.ts'
import { createId } from '#shared/ids.ts'
import { modelId } from '../../contracts/model-ids.ts'
import { workspaceTable } from '../../subgraphs/accounts/tables.ts'
import { createApiKeys } from '../../subgraphs/accounts/api-keys.ts'
import { createPostgresGraphStore } from '../../subgraphs/graph/adapters/postgres-graph-store.ts'
import type { StoredContributions } from '../../subgraphs/graph/ports/graph-store.ts'
import { entityId, relationshipId } from '../../subgraphs/graph/graph-ids.ts'
import { itemTable, jobTable, uploadTable } from '../../subgraphs/ingestion/tables.ts'
import { createLanceDbVectorStore } from '../../subgraphs/knowledge/adapters/lancedb-vector-store.ts'
import {
  answerCitationTable,
  answerSourceTable,
  answerTable,
  chunkEmbeddingTable,
  chunkTable,
  documentTable,
  knowledgeBaseTable,
} from '../../subgraphs/knowledge/tables.ts'
import { knowledgeBaseUsageTable, usageEventTable } from '../../subgraphs/metrics/tables.ts'
import { generationTable } from '../../subgraphs/models/tables.ts'
import type { CanonicalDump } from '../../test/harness/canonical-dump.ts'
import { openInstallation, type Installation } from './open-installation.ts'
import { loadAccountsTransfer, openTransfers } from './transfers.ts'

const SPACE = { modelName: 'org/model-of-the-test', dimensions: 24 }
const CHUNKS = 9

export interface FilledWorkspace {
  workspaceId: string
  knowledgeBaseIds: [string, string]
  documentIds: string[]
}

/** Opens it, with the schemas of all subgraphs, and closes it again. */
export async function withInstallation<Result>(
  where: { dataDirectory: string } | { environment: NodeJS.ProcessEnv },
  work: (installation: Installation) => Promise<Result>,
): Promise<Result> {
  const installation = await openInstallation({
    dataDirectory: 'dataDirectory' in where ? where.dataDirectory : undefined,
    environment: 'environment' in where ? where.environment : {},
    canCreate: true,
    onLockLost: () => undefined,
  })
  try {
    const openAccounts = await loadAccountsTransfer()
    await openAccounts(installation)
    const { database, blobs, dataDirectory } = installation
    const platform = { database, blobs, dataDirectory, environment: {}, isImport: false, onError: () => undefined }
    await (await openTransfers(platform)).close()
    return await work(installation)
  } finally {
    await installation.close()
  }
}

/** A workspace named after `name` with two knowledge bases, every third document without vectors, one FAILED, one whose name is hostile. */
export async function fillWorkspace(
  installation: Installation,
  options: { name: string; documents: number },
): Promise<FilledWorkspace> {
  const { database, blobs, dataDirectory } = installation
  const workspaceId = createId('ws')
  const at = new Date('2026-02-03T04:05:06.789Z')
  await database.sql.insert(workspaceTable).values({ id: workspaceId, name: options.name, createdAt: at })
  await createApiKeys({ database: database.sql }).create(workspaceId, { name: 'Stays', roles: ['ADMIN'] })
  const embeddingModelId = modelId(workspaceId, { provider: 'EMBEDDED', name: SPACE.modelName })
  const knowledgeBaseIds: [string, string] = [createId('kb'), createId('kb')]
  await database.sql.insert(knowledgeBaseTable).values([
    {
      id: knowledgeBaseIds[0],
      workspaceId,
      name: 'With vectors',
      description: 'Größe "1" \\ 𝄞\n',
      embeddingModelId,
      embeddingModelName: SPACE.modelName,
    },
    { id: knowledgeBaseIds[1], workspaceId, name: 'Without' },
  ])
  const jobId = createId('job')
  await database.sql.insert(jobTable).values({
    id: jobId,
    workspaceId,
    knowledgeBaseId: knowledgeBaseIds[0],
    status: 'PARTIALLY_SUCCEEDED',
    tags: ['a', 'b,{}"'],
    idempotencyKey: 'once',
    itemCount: options.documents,
    finishedAt: at,
  })
  await database.sql.insert(uploadTable).values({
    id: createId('up'),
    workspaceId,
    fileName: 'stays.txt',
    sizeBytes: 1,
    token: 'secret',
    expiresAt: at,
  })
  const vectorStore = await createLanceDbVectorStore({
    directory: path.join(dataDirectory, 'vectors'),
    onError: () => undefined,
  })
  const graph = createPostgresGraphStore({ database })
  const documentIds: string[] = []
  for (let number = 0; number < options.documents; number += 1) {
    const hasVectors = number % 3 !== 0
    const isFailed = number === 1
    const knowledgeBaseId = knowledgeBaseIds[hasVectors ? 0 : 1]
    const documentId = createId('doc')
    documentIds.push(documentId)
    const put = async (text: string) => (await blobs.put(workspaceId, Buffer.from(text))).key
    const chunks = Array.from({ length: CHUNKS }, (_, ordinal) => ({
      id: createId('chunk'),
      text: `Chunk ${ordinal} of document ${number} by Ada Lovelace.`,
      vector: hasVectors ? unitVector(number * CHUNKS + ordinal) : null,
      ordinal,
    }))
    const contentKey = await put(`content ${number} ${documentId}`)
    const chunksKey = isFailed ? null : await put(`chunks ${documentId}`)
    await database.sql.insert(documentTable).values({
      id: documentId,
      workspaceId,
      knowledgeBaseId,
      title: number === 2 ? `'; drop table "x"; -- \u2028` : `Document ${number}`,
      mediaType: 'text/plain',
      sizeBytes: 12_345_678_901,
      status: isFailed ? 'FAILED' : 'READY',
      attempt: 2,
      tags: ['x'],
      contentKey,
      trailingText: '\n',
      chunkCount: CHUNKS,
      vectorCount: hasVectors ? CHUNKS : 0,
      chunksKey,
      createdAt: at,
    })
    await database.sql.insert(chunkTable).values(
      chunks.map(({ id, text, ordinal }) => ({
        id,
        workspaceId,
        knowledgeBaseId,
        documentId,
        ordinal,
        startOffset: ordinal * 50,
        endOffset: ordinal * 50 + text.length,
        pages: [{ page: 1, startOffset: 0 }],
        headings: ['One', 'Two'],
        text,
        precedingText: '\n\n',
      })),
    )
    if (isFailed)
      await database.sql.insert(chunkEmbeddingTable).values({
        chunkId: chunks[0]!.id,
        workspaceId,
        documentId,
        modelName: SPACE.modelName,
        vector: Buffer.alloc(4),
      })
    else
      await vectorStore.upsert(
        { workspaceId, knowledgeBaseId, documentId },
        hasVectors ? SPACE : null,
        chunks.map(({ id, text, vector }) => ({ id, text: `Title\n${text}`, vector })),
        AbortSignal.timeout(30_000),
      )
    const entities = ['ada lovelace', `thing ${number}`].map((normalizedName, index) => ({
      id: entityId(workspaceId, knowledgeBaseId, { type: 'NAME', normalizedName }) as string,
      type: 'NAME' as const,
      normalizedName,
      name: index === 0 && number % 2 === 0 ? 'ADA LOVELACE' : normalizedName,
      mentions: chunks.slice(index).map(({ id, ordinal }) => ({
        startOffset: ordinal * 50 + index,
        endOffset: ordinal * 50 + index + 3,
        page: index === 0 ? 1 : null,
        chunkId: id,
      })),
    }))
    const [sourceId, targetId] = [entities[0]!.id, entities[1]!.id]
    const contributions = {
      knowledgeBaseId,
      documentId,
      entities,
      relationships: [
        {
          id: relationshipId('CO_MENTIONED', sourceId, targetId),
          type: 'CO_MENTIONED' as const,
          sourceId,
          targetId,
          mentions: [{ startOffset: 0, endOffset: 40, page: 1, chunkId: null }],
        },
      ],
    } satisfies StoredContributions
    await graph.replaceDocument(workspaceId, contributions, AbortSignal.timeout(30_000))
    await database.sql.insert(itemTable).values({
      id: createId('item'),
      workspaceId,
      jobId,
      ordinal: number + 1,
      name: `${number}.txt`,
      kind: 'text',
      knowledgeBaseId,
      documentId,
      status: isFailed ? 'FAILED' : 'SUCCEEDED',
      steps: [
        {
          name: 'FETCH',
          status: 'SUCCEEDED',
          startedAt: null,
          finishedAt: null,
          attemptCount: 1,
          error: null,
          progress: null,
        },
      ],
      error: isFailed ? { code: 'X', message: 'y', isRetryable: true } : null,
      sizeBytes: 5,
      sourceKey: await put(`source ${number}`),
      elementsKey: await put('elements of all'),
      contentKey,
      chunksKey: `${workspaceId}/${'0'.repeat(64)}`,
      pagesWithoutText: [1, 3],
    })
    await addAnswer(database.sql, { workspaceId, knowledgeBaseId, documentId, chunkId: chunks[0]!.id, number })
  }
  await database.sql.insert(generationTable).values({
    id: createId('gen'),
    workspaceId,
    status: 'COMPLETED',
    modelProvider: 'OLLAMA',
    modelName: 'm',
    text: 'Hello.',
    promptTokens: 3,
    isDetached: false,
    finishedAt: at,
    leaseExpiresAt: at,
    watchedUntil: at,
  })
  await vectorStore.close()
  return { workspaceId, knowledgeBaseIds, documentIds }
}

async function addAnswer(
  database: SqlExecutor,
  about: { workspaceId: string; knowledgeBaseId: string; documentId: string; chunkId: string; number: number },
): Promise<void> {
  const { workspaceId, knowledgeBaseId, documentId, chunkId, number } = about
  const id = createId('ans')
  const at = new Date('2026-03-04T05:06:07.008Z')
  await database.insert(answerTable).values({
    id,
    workspaceId,
    question: `Question ${number}?`,
    conversation: [{ role: 'USER', content: 'Before.' }],
    knowledgeBaseIds: [knowledgeBaseId],
    mode: 'GENERATIVE',
    maxSources: 8,
    isDetached: true,
    status: 'COMPLETED',
    verdict: 'ANSWERED',
    text: 'Answer [1].',
    modelId: modelId(workspaceId, { provider: 'OLLAMA', name: 'writer' }),
    writerName: 'writer',
    usage: { promptTokens: 1, completionTokens: 2, cachedPromptTokens: null, totalTokens: 3 },
    plan: { kind: 'generate', modelName: 'writer', contextLength: null },
    finishedAt: at,
    leaseOwner: 'process',
    leaseExpiresAt: at,
  })
  await database.insert(answerSourceTable).values({
    answerId: id,
    workspaceId,
    marker: 1,
    chunkId,
    score: 0.1 + number / 7,
    content: {
      id: chunkId,
      documentId,
      documentTitle: null,
      headings: [],
      text: 'Chunk',
      startOffset: 0,
      endOffset: 5,
      denseRank: 1,
      lexicalRank: null,
      denseSimilarity: 0.123456789,
      pages: [],
    },
  })
  await database.insert(answerCitationTable).values({
    answerId: id,
    workspaceId,
    ordinal: 1,
    marker: 1,
    chunkId,
    documentId,
    answerStartOffset: 0,
    answerEndOffset: 6,
    startOffset: 0,
    endOffset: 5,
    quote: 'Chunk',
    isVerified: true,
  })
  const event = { workspaceId, eventId: `use_${id}`, kind: 'ANSWER' as const, occurredAt: at }
  await database.insert(usageEventTable).values({ ...event, promptTokens: 9_007_199_254, completionTokens: 0 })
  await database.insert(knowledgeBaseUsageTable).values({ ...event, knowledgeBaseId, retrievalMs: 0.1 + number })
}

function unitVector(seed: number): Float32Array {
  const vector = Float32Array.from({ length: SPACE.dimensions }, (_, index) => Math.sin(seed * 31 + index * 7 + 1))
  const length = Math.hypot(...vector)
  return vector.map((value) => value / length)
}

const TABLES = [
  'accounts.workspace',
  'knowledge.knowledge_base',
  'knowledge.document',
  'knowledge.chunk',
  'knowledge.answer',
  'knowledge.answer_source',
  'knowledge.answer_citation',
  'ingestion.job',
  'ingestion.item',
  'graph.entity',
  'graph.contribution',
  'graph.mention',
  'graph.relationship',
  'graph.relationship_mention',
  'models.generation',
  'metrics.usage_event',
  'metrics.knowledge_base_usage',
]

/** Every column of every row that a workspace owns, every search entry and every file. The id of the workspace reads as `<workspace>`. */
export async function dumpWorkspace(
  installation: { database: Database; dataDirectory: string },
  workspaceId: string,
): Promise<CanonicalDump> {
  const { database, dataDirectory } = installation
  const dump: CanonicalDump = {}
  const anonymous = (text: string) => text.replaceAll(workspaceId, '<workspace>')
  for (const table of TABLES) {
    const column = sql.raw(table === 'accounts.workspace' ? 'id' : 'workspace_id')
    const rows = await rowsOf<{ row: string }>(
      database.sql,
      sql`select to_jsonb(t)::text as row from ${sql.raw(table)} t where ${column} = ${workspaceId}`,
    )
    dump[table] = rows.map(({ row }) => anonymous(row)).toSorted()
  }
  dump['search entries'] = (await searchEntries(path.join(dataDirectory, 'vectors'), workspaceId)).toSorted()
  dump['files'] = await files(path.join(dataDirectory, 'blobs', workspaceId))
  return dump
}

async function searchEntries(directory: string, workspaceId: string): Promise<string[]> {
  const connection = await connect(directory)
  const entries: string[] = []
  for (const name of await connection.tableNames()) {
    const table = await connection.openTable(name)
    const rows = (await table.query().where(`workspace_id = '${workspaceId}'`).toArray()) as {
      id: string
      knowledge_base_id: string
      document_id: string
      text?: string
      vector?: Iterable<number>
    }[]
    for (const { id, knowledge_base_id, document_id, text, vector } of rows) {
      const bits = vector === undefined ? '' : Buffer.from(Float32Array.from(vector).buffer).toString('hex')
      entries.push([name, id, knowledge_base_id, document_id, text ?? bits].join(' | '))
    }
    table.close()
  }
  connection.close()
  return entries
}

async function files(directory: string): Promise<string[]> {
  const names = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => [])
  const found = names.filter((entry) => entry.isFile())
  return (
    await Promise.all(
      found.map(async ({ parentPath, name }) => {
        const bytes = await readFile(path.join(parentPath, name))
        return `${name} ${createHash('sha256').update(bytes).digest('hex')} ${bytes.byteLength}`
      }),
    )
  ).toSorted()
}
