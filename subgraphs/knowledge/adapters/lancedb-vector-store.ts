// VectorStore on LanceDB, files in a directory: one table of indexed texts for all chunks, one table of vectors per embedding space.
//
// One process writes (the worker), any number read: every read looks for a newer version first, so it sees what was written before it.
// Dense search is exact, by vectors in memory (lancedb-vector-index.ts), over the rows that bitmap indexes name, for comparing the ids of every
// row takes longer than all their products. Rows that the indexes do not hold yet are searched flat, and a maintenance run follows the
// writes to index them, merge small files and drop versions that no reader can still be reading.
import { connect, Session, type Table } from '@lancedb/lancedb'
import { mkdir } from 'node:fs/promises'
import { untilAborted } from '#shared/abortable.ts'
import { TributaryError } from '#shared/errors.ts'
import {
  vectorLengthWrong,
  vectorStoreFull,
  vectorStoreUnavailable,
  type EmbeddingSpace,
  type RankedChunks,
  type StoredChunks,
  type VectorStore,
} from '../ports/vector-store.ts'
import { maintainVectorIndex, nearestTo } from './lancedb-vector-index.ts'
import {
  createTable,
  indexedColumns,
  indexOf,
  matches,
  merge,
  noteSpace,
  spaceOf,
  tableOf,
  TEXTS,
} from './lancedb-tables.ts'

export interface LanceDbVectorStoreOptions {
  /** Directory of the tables; made when it is missing. */
  directory: string
  /** False for processes that only search. Default true. */
  isWriter?: boolean
  /** Rows written before maintenance starts without waiting for a pause. Default 1,000. */
  maintenanceRows?: number
  /** Pause in writing after which maintenance runs, in milliseconds. Default 2,000. */
  maintenanceDelayMs?: number
  /** Rows from which on a table's vectors are indexed. Default 2,000. */
  indexedRowsMin?: number
  /** Maintenance that failed; it is tried again after the next write. */
  onError: (error: unknown) => void
}

const QUERY_TIMEOUT_MS = 10_000
/** Memory for indexes, in bytes: 300,000 vectors of 384 dimensions. Those of earlier versions stay until there is no more room. Default of LanceDB: 6 GB. */
const INDEX_CACHE_BYTES = 512n * 1024n ** 2n
/** Longest time a search may still be reading a replaced version. */
const VERSION_LIFETIME_MS = 60_000
/** Rows per write: a batch of vectors stays below 10 MB. */
const WRITE_ROWS = 1000

export async function createLanceDbVectorStore(options: LanceDbVectorStoreOptions): Promise<VectorStore> {
  const { directory, isWriter = true, maintenanceRows = 1000, maintenanceDelayMs = 2000, onError } = options
  await mkdir(directory, { recursive: true })
  const connection = await connect(directory, { readConsistencyInterval: 0 }, new Session(INDEX_CACHE_BYTES))
  const tables = new Map<string, Table>()
  const indexed = new WeakMap<Table, Set<string>>()
  const noted = new WeakSet<Table>()
  const reads = new Set<Promise<unknown>>()
  let lastWrite: Promise<unknown> = Promise.resolve()
  let maintenanceTimer: NodeJS.Timeout | undefined
  let rowsSinceMaintenance = 0
  let isClosed = false

  async function findTable(name: string): Promise<Table | null> {
    const known = tables.get(name)
    if (known) return known
    if (!(await connection.tableNames()).includes(name)) return null
    const table = await connection.openTable(name).catch((error: unknown) => {
      // A full disk, or the end of the process, left a directory without a version of the table. Who makes it anew fills that.
      if (/was not found/.test(String(error))) return null
      throw error
    })
    if (table) tables.set(name, table)
    return table
  }

  async function ensureTable(name: string, space: EmbeddingSpace | null): Promise<Table> {
    const table = (await findTable(name)) ?? (await createTable(connection, name, space))
    tables.set(name, table)
    await ensureIndexes(name, table)
    if (space !== null && !noted.has(table)) {
      await noteSpace(table, space)
      noted.add(table)
    }
    return table
  }

  /** Also mends a table whose creator was killed before it had its indexes, or knew fewer of them. */
  async function ensureIndexes(name: string, table: Table): Promise<void> {
    for (const column of indexedColumns(name))
      if (!(await hasIndex(table, column))) await table.createIndex(column, { config: indexOf(column) })
  }

  /** Asked until it is there: an index is made and never dropped. */
  async function hasIndex(table: Table, column: string): Promise<boolean> {
    if (!indexed.get(table)?.has(column))
      indexed.set(table, new Set((await table.listIndices()).flatMap(({ columns }) => columns)))
    return indexed.get(table)!.has(column)
  }

  /** Writes go one after the other: LanceDB lets one of two concurrent commits fail. */
  function write(work: () => Promise<void>): Promise<void> {
    if (!isWriter || isClosed)
      return Promise.reject(new TributaryError('INTERNAL_SERVER_ERROR', 'This vector store was opened for reading.'))
    const result = lastWrite.then(work).catch(rethrow)
    lastWrite = result.catch(() => undefined)
    return result
  }

  /** One that is not begun when its caller gives up is not begun any more. */
  const writeFor = (signal: AbortSignal, work: () => Promise<void>): Promise<void> =>
    untilAborted(() => write(async () => (signal.aborted ? undefined : work())), signal)

  /** One that its caller gave up is still waited for by `close`. */
  const readFor = <Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result> =>
    untilAborted(() => {
      const result = work().catch(rethrow)
      const forget = () => void reads.delete(result)
      reads.add(result)
      result.then(forget, forget)
      return result
    }, signal)

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
      if (table && name !== TEXTS) await maintainVectorIndex(table, options.indexedRowsMin)
    }
    // What was replaced just now may be deleted only then, though nothing more may be written.
    if (hadWrites) maintainIn(VERSION_LIFETIME_MS + maintenanceDelayMs)
  }

  async function* allTables(): AsyncGenerator<[name: string, table: Table]> {
    for (const name of await connection.tableNames()) {
      const table = await findTable(name)
      if (table) yield [name, table]
    }
  }

  async function deleteWhere(predicate: string): Promise<void> {
    for await (const [, table] of allTables()) await deleteFrom(table, predicate)
    scheduleMaintenance(1)
  }

  /** A deletion makes a new version of the table, though nothing matches. */
  async function deleteFrom(table: Table, predicate: string): Promise<void> {
    if ((await table.countRows(predicate)) > 0) await table.delete(predicate)
  }

  /** Vectors that the chunks had before, and have no more or in another space. */
  async function forgetVectors(
    chunkIds: { all: readonly string[]; withoutVector: readonly string[] },
    own: string,
    scope: Record<string, string>,
  ) {
    for await (const [name, table] of allTables()) {
      const ids = name === TEXTS ? [] : name === own ? chunkIds.withoutVector : chunkIds.all
      if (ids.length > 0) await deleteFrom(table, matches({ ...scope, id: ids }))
    }
  }

  async function readAll(workspaceId: string, documentId: string): Promise<StoredChunks> {
    const predicate = matches({ workspace_id: workspaceId, document_id: documentId })
    const stored: StoredChunks = { space: null, chunks: [] }
    const vectors = new Map<string, Float32Array>()
    for await (const [name, table] of allTables()) {
      const columns = name === TEXTS ? ['id', 'text'] : ['id', 'vector']
      const rows: { id: string; text: string; vector: { toArray(): Float32Array } }[] = await table
        .query()
        .where(predicate)
        .select(columns)
        .toArray({ timeoutMs: QUERY_TIMEOUT_MS })
      if (name === TEXTS) for (const { id, text } of rows) stored.chunks.push({ id, text, vector: null })
      else if (rows.length > 0) {
        stored.space = await spaceOf(table)
        for (const { id, vector } of rows) vectors.set(id, Float32Array.from(vector.toArray()))
      }
    }
    for (const chunk of stored.chunks) chunk.vector = vectors.get(chunk.id) ?? null
    return stored
  }

  // A killed predecessor may have left texts out of the index, and versions that nobody reads.
  if (isWriter) maintainIn(maintenanceDelayMs)

  return {
    upsert: (place, space, chunks, signal) =>
      writeFor(signal, async () => {
        const wrong = chunks.find(({ vector }) => vector !== null && vector.length !== space?.dimensions)
        if (wrong) throw vectorLengthWrong(space?.dimensions ?? 0, wrong.vector!.length)
        const scope = { workspace_id: place.workspaceId, knowledge_base_id: place.knowledgeBaseId }
        const columns = { ...scope, document_id: place.documentId }
        for (let from = 0; from < chunks.length && !signal.aborted; from += WRITE_ROWS) {
          const batch = chunks.slice(from, from + WRITE_ROWS)
          const writeTexts = async () =>
            merge(
              await ensureTable(TEXTS, null),
              batch.map(({ id, text }) => ({ id, ...columns, text })),
            )
          const [all, withoutVector] = [batch, batch.filter(({ vector }) => vector === null)].map((some) =>
            some.map(({ id }) => id),
          ) as [string[], string[]]
          const withVector = batch.flatMap(({ id, vector }) =>
            vector === null ? [] : [{ id, ...columns, vector: Array.from(vector) }],
          )
          const writeVectors = async () => {
            await forgetVectors({ all, withoutVector }, space === null ? '' : tableOf(space), scope)
            if (space !== null && withVector.length > 0)
              await merge(await ensureTable(tableOf(space), space), withVector)
          }
          // Tables of their own, each with one writer.
          await allDone([writeTexts(), writeVectors()])
        }
        scheduleMaintenance(chunks.length)
      }),

    async search({ workspaceId, knowledgeBaseIds, vectors, text, limit, signal }) {
      signal.throwIfAborted()
      if (knowledgeBaseIds.length === 0) return { dense: vectors.map(() => []), lexical: [] }
      const scope = matches({ workspace_id: workspaceId, knowledge_base_id: knowledgeBaseIds })
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
        const found = nearestTo(table, vector).where(scope).limit(limit)
        const rows = await found.select(['id', '_distance']).toArray({ timeoutMs: QUERY_TIMEOUT_MS })
        return rows.map((row: { id: string; _distance: number }) => ({ chunkId: row.id, score: 1 - row._distance }))
      }
      return readFor(signal, async () => {
        const [lexical, ...dense] = await Promise.all([
          text === null ? [] : searchTexts(text),
          ...vectors.map(({ space, vector }) => searchVectors(space, vector)),
        ])
        return { dense, lexical }
      })
    },

    deleteDocument: (workspaceId, documentId, signal) =>
      writeFor(signal, () => deleteWhere(matches({ workspace_id: workspaceId, document_id: documentId }))),

    deleteKnowledgeBase: (workspaceId, knowledgeBaseId, signal) =>
      writeFor(signal, () => deleteWhere(matches({ workspace_id: workspaceId, knowledge_base_id: knowledgeBaseId }))),

    count: (workspaceId, documentId, signal) =>
      readFor(signal, async () => {
        const predicate = matches({ workspace_id: workspaceId, document_id: documentId })
        const counts = { texts: 0, vectors: 0 }
        for await (const [name, table] of allTables())
          counts[name === TEXTS ? 'texts' : 'vectors'] += await table.countRows(predicate)
        return counts
      }),

    readDocument: (workspaceId, documentId, signal) => readFor(signal, () => readAll(workspaceId, documentId)),

    async close() {
      isClosed = true
      clearTimeout(maintenanceTimer)
      await Promise.allSettled([lastWrite, ...reads])
      for (const table of tables.values()) table.close()
      connection.close()
    },
  }
}

/** The first failure is thrown when all have ended: the next write finds nobody at work. */
async function allDone(work: readonly Promise<unknown>[]): Promise<void> {
  const failure = (await Promise.allSettled(work)).find(({ status }) => status === 'rejected')
  if (failure) throw (failure as PromiseRejectedResult).reason
}

function rethrow(error: unknown): never {
  if (error instanceof TributaryError) throw error
  if (/no space left/i.test(String(error)))
    throw vectorStoreFull('the data directory (TRIBUTARY_DATA_DIR)', 'Make room on it, then try again.', error)
  throw vectorStoreUnavailable(error)
}
