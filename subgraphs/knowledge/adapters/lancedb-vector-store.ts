// VectorStore on LanceDB, files in a directory: one table of indexed texts for all chunks, one table of vectors per embedding space.
//
// One process writes (the worker), any number read: every read looks for a newer version first, so it sees what was written before it.
// Dense search is exact (a flat scan: 20,000 × 384 takes about 15 ms) over the rows that bitmap indexes name, for comparing the ids of every
// row takes longer than all their products. Rows that the indexes do not hold yet are searched flat, and a maintenance run follows the
// writes to index them, merge small files and drop versions that no reader can still be reading.
import { connect, Index, type Connection, type Table } from '@lancedb/lancedb'
import { Field, FixedSizeList, Float32, Schema, Utf8 } from 'apache-arrow'
import { createHash } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { TributaryError } from '#shared/errors.ts'
import {
  vectorLengthWrong,
  vectorStoreUnavailable,
  type EmbeddingSpace,
  type RankedChunks,
  type VectorStore,
} from '../ports/vector-store.ts'

export interface LanceDbVectorStoreOptions {
  /** Directory of the tables; made when it is missing. */
  directory: string
  /** False for processes that only search. Default true. */
  isWriter?: boolean
  /** Rows written before maintenance starts without waiting for a pause. Default 1,000. */
  maintenanceRows?: number
  /** Pause in writing after which maintenance runs, in milliseconds. Default 2,000. */
  maintenanceDelayMs?: number
  /** Maintenance that failed; it is tried again after the next write. */
  onError: (error: unknown) => void
}

const TEXTS = 'texts'
const VECTORS_PREFIX = 'vectors_'
/** What every search is restricted by. */
const SCOPE_COLUMNS = ['workspace_id', 'knowledge_base_id']
const QUERY_TIMEOUT_MS = 10_000
/** Longest time a search may still be reading a replaced version. */
const VERSION_LIFETIME_MS = 60_000
/** Rows per write: a batch of vectors stays below 10 MB. */
const WRITE_ROWS = 1000

export async function createLanceDbVectorStore(options: LanceDbVectorStoreOptions): Promise<VectorStore> {
  const { directory, isWriter = true, maintenanceRows = 1000, maintenanceDelayMs = 2000, onError } = options
  await mkdir(directory, { recursive: true })
  const connection = await connect(directory, { readConsistencyInterval: 0 })
  const tables = new Map<string, Table>()
  const indexed = new WeakMap<Table, Set<string>>()
  let lastWrite: Promise<unknown> = Promise.resolve()
  let maintenanceTimer: NodeJS.Timeout | undefined
  let rowsSinceMaintenance = 0
  let isClosed = false

  async function findTable(name: string): Promise<Table | null> {
    const known = tables.get(name)
    if (known) return known
    if (!(await connection.tableNames()).includes(name)) return null
    const table = await connection.openTable(name)
    tables.set(name, table)
    return table
  }

  async function ensureTable(name: string, dimensions: number | null): Promise<Table> {
    const table = (await findTable(name)) ?? (await createTable(connection, name, dimensions))
    tables.set(name, table)
    await ensureIndexes(name, table)
    return table
  }

  /** Also mends a table whose creator was killed before it had its indexes, or knew fewer of them. */
  async function ensureIndexes(name: string, table: Table): Promise<void> {
    const wanted = name === TEXTS ? [...SCOPE_COLUMNS, 'text'] : SCOPE_COLUMNS
    for (const column of wanted)
      if (!(await hasIndex(table, column)))
        await table.createIndex(column, { config: column === 'text' ? textIndex() : Index.bitmap() })
  }

  /** Asked until it is there: an index is made and never dropped. */
  async function hasIndex(table: Table, column: string): Promise<boolean> {
    if (!indexed.get(table)?.has(column))
      indexed.set(table, new Set((await table.listIndices()).flatMap(({ columns }) => columns)))
    return indexed.get(table)!.has(column)
  }

  /** Writes go one after the other: LanceDB lets one of two concurrent commits fail. */
  function write<Result>(work: () => Promise<Result>): Promise<Result> {
    if (!isWriter || isClosed)
      return Promise.reject(new TributaryError('INTERNAL_SERVER_ERROR', 'This vector store was opened for reading.'))
    const result = lastWrite.then(work).catch(rethrow)
    lastWrite = result.catch(() => undefined)
    return result
  }

  function scheduleMaintenance(rows: number): void {
    rowsSinceMaintenance += rows
    maintainIn(rowsSinceMaintenance >= maintenanceRows ? 0 : maintenanceDelayMs)
  }

  function maintainIn(delayMs: number): void {
    clearTimeout(maintenanceTimer)
    if (isClosed) return
    maintenanceTimer = setTimeout(() => void write(maintain).catch(onError), delayMs)
    maintenanceTimer.unref()
  }

  async function maintain(): Promise<void> {
    const hadWrites = rowsSinceMaintenance > 0
    rowsSinceMaintenance = 0
    for (const name of await connection.tableNames()) {
      const table = await findTable(name)
      if (table) await ensureIndexes(name, table)
      await table?.optimize({ cleanupOlderThan: new Date(Date.now() - VERSION_LIFETIME_MS) })
    }
    // What was replaced just now may be deleted only then, though nothing more may be written.
    if (hadWrites) maintainIn(VERSION_LIFETIME_MS + maintenanceDelayMs)
  }

  async function deleteWhere(predicate: string): Promise<void> {
    for (const name of await connection.tableNames()) {
      const table = await findTable(name)
      if (table && (await table.countRows(predicate)) > 0) await table.delete(predicate)
    }
    scheduleMaintenance(1)
  }

  // A killed predecessor may have left texts out of the index, and versions that nobody reads.
  if (isWriter) maintainIn(maintenanceDelayMs)

  return {
    upsert: (place, space, chunks) =>
      write(async () => {
        const wrong = chunks.find(({ vector }) => vector !== null && vector.length !== space?.dimensions)
        if (wrong) throw vectorLengthWrong(space?.dimensions ?? 0, wrong.vector!.length)
        const columns = {
          workspace_id: place.workspaceId,
          knowledge_base_id: place.knowledgeBaseId,
          document_id: place.documentId,
        }
        for (let from = 0; from < chunks.length; from += WRITE_ROWS) {
          const batch = chunks.slice(from, from + WRITE_ROWS)
          await merge(
            await ensureTable(TEXTS, null),
            batch.map(({ id, text }) => ({ id, ...columns, text })),
          )
          const withVector = batch.flatMap(({ id, vector }) =>
            vector === null ? [] : [{ id, ...columns, vector: Array.from(vector) }],
          )
          if (space !== null && withVector.length > 0)
            await merge(await ensureTable(tableOf(space), space.dimensions), withVector)
        }
        scheduleMaintenance(chunks.length)
      }),

    async search({ workspaceId, knowledgeBaseIds, vectors, text, limit, signal }) {
      signal.throwIfAborted()
      if (knowledgeBaseIds.length === 0) return { dense: vectors.map(() => []), lexical: [] }
      const scope = `workspace_id = ${literal(workspaceId)} and knowledge_base_id in (${knowledgeBaseIds.map(literal).join(', ')})`
      const searchTexts = async (words: string): Promise<RankedChunks> => {
        const table = await findTable(TEXTS)
        if (!table || !(await hasIndex(table, 'text'))) return []
        const found = table
          .query()
          .fullTextSearch(words, { columns: ['text'] })
          .where(scope)
          .limit(limit)
        const rows = await found.select(['id', '_score']).toArray({ timeoutMs: QUERY_TIMEOUT_MS })
        return rows.map((row: { id: string; _score: number }) => ({ chunkId: row.id, score: row._score }))
      }
      const searchVectors = async (space: EmbeddingSpace, vector: Float32Array): Promise<RankedChunks> => {
        const table = await findTable(tableOf(space))
        if (!table) return []
        const found = table.query().nearestTo(vector).distanceType('dot').where(scope).limit(limit)
        const rows = await found.select(['id', '_distance']).toArray({ timeoutMs: QUERY_TIMEOUT_MS })
        return rows.map((row: { id: string; _distance: number }) => ({ chunkId: row.id, score: 1 - row._distance }))
      }
      try {
        const [lexical, ...dense] = await Promise.all([
          text === null ? [] : searchTexts(text),
          ...vectors.map(({ space, vector }) => searchVectors(space, vector)),
        ])
        signal.throwIfAborted()
        return { dense, lexical }
      } catch (error) {
        signal.throwIfAborted()
        return rethrow(error)
      }
    },

    deleteDocument: (workspaceId, documentId) =>
      write(() => deleteWhere(`workspace_id = ${literal(workspaceId)} and document_id = ${literal(documentId)}`)),

    deleteKnowledgeBase: (workspaceId, knowledgeBaseId) =>
      write(() =>
        deleteWhere(`workspace_id = ${literal(workspaceId)} and knowledge_base_id = ${literal(knowledgeBaseId)}`),
      ),

    async count(workspaceId, documentId) {
      const predicate = `workspace_id = ${literal(workspaceId)} and document_id = ${literal(documentId)}`
      const counts = { texts: 0, vectors: 0 }
      for (const name of await connection.tableNames()) {
        const rows = (await (await findTable(name))?.countRows(predicate).catch(rethrow)) ?? 0
        counts[name === TEXTS ? 'texts' : 'vectors'] += rows
      }
      return counts
    },

    async close() {
      isClosed = true
      clearTimeout(maintenanceTimer)
      await lastWrite
      for (const table of tables.values()) table.close()
      connection.close()
    },
  }
}

/** English words by their stem, without stop words, case and accents; what the domain's own term splitting does as well. */
/** An Index object can be used once only. */
const textIndex = () =>
  Index.fts({
    language: 'English',
    stem: true,
    removeStopWords: true,
    lowercase: true,
    asciiFolding: true,
    withPosition: false,
  })

function createTable(connection: Connection, name: string, dimensions: number | null): Promise<Table> {
  const columns = ['id', 'workspace_id', 'knowledge_base_id', 'document_id'].map(
    (column) => new Field(column, new Utf8(), false),
  )
  const content =
    dimensions === null
      ? new Field('text', new Utf8(), false)
      : new Field('vector', new FixedSizeList(dimensions, new Field('item', new Float32(), true)), false)
  return connection.createEmptyTable(name, new Schema([...columns, content]), { mode: 'create', existOk: true })
}

function merge(table: Table, rows: Record<string, unknown>[]): Promise<unknown> {
  return table.mergeInsert('id').whenMatchedUpdateAll().whenNotMatchedInsertAll().execute(rows)
}

/** Names of models hold characters that names of tables may not. */
const tableOf = ({ modelName, dimensions }: EmbeddingSpace): string =>
  VECTORS_PREFIX +
  createHash('sha256')
    .update(JSON.stringify([modelName, dimensions]))
    .digest('hex')
    .slice(0, 32)

/** A string literal of LanceDB's SQL (DataFusion): a quote is written twice, and nothing else is special. */
const literal = (value: string): string => `'${value.replaceAll("'", "''")}'`

function rethrow(error: unknown): never {
  throw error instanceof TributaryError ? error : vectorStoreUnavailable(error)
}
