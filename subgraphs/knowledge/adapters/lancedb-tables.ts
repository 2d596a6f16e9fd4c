// The tables of the LanceDB store: their columns, indexes and names, and the literals of its SQL.
import { Index, type Connection, type Table } from '@lancedb/lancedb'
import { Field, FixedSizeList, Float32, Schema, Utf8 } from 'apache-arrow'
import { TributaryError } from '#shared/errors.ts'
import type { EmbeddingSpace } from '../ports/vector-store.ts'
import { digestOf } from './space-names.ts'

export const TEXTS = 'texts'
const VECTORS_PREFIX = 'vectors_'
/** What every search is restricted by. */
const SCOPE_COLUMNS = ['workspace_id', 'knowledge_base_id']
/** Metadata of the column of vectors: the model that made them. */
const MODEL_NAME_KEY = 'tributary:model_name'

export const indexedColumns = (tableName: string): string[] =>
  tableName === TEXTS ? [...SCOPE_COLUMNS, 'text'] : SCOPE_COLUMNS

export const indexOf = (column: string): Index => (column === 'text' ? textIndex() : Index.bitmap())

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

/** A table of vectors with a space, of texts without one. */
export function createTable(connection: Connection, name: string, space: EmbeddingSpace | null): Promise<Table> {
  const columns = ['id', 'workspace_id', 'knowledge_base_id', 'document_id'].map(
    (column) => new Field(column, new Utf8(), false),
  )
  const content =
    space === null
      ? new Field('text', new Utf8(), false)
      : new Field(
          'vector',
          new FixedSizeList(space.dimensions, new Field('item', new Float32(), true)),
          false,
          new Map([[MODEL_NAME_KEY, space.modelName]]),
        )
  return connection.createEmptyTable(name, new Schema([...columns, content]), { mode: 'create', existOk: true })
}

/** Tables of an earlier version do not say whose vectors they hold; the next writer who knows notes it. */
export async function noteSpace(table: Table, space: EmbeddingSpace): Promise<void> {
  const column = await vectorColumn(table)
  if (column?.metadata.get(MODEL_NAME_KEY) === space.modelName) return
  await table.updateFieldMetadata([{ path: 'vector', metadata: { [MODEL_NAME_KEY]: space.modelName } }])
}

export async function spaceOf(table: Table): Promise<EmbeddingSpace> {
  const column = await vectorColumn(table)
  const modelName = column?.metadata.get(MODEL_NAME_KEY)
  if (!column || modelName === undefined)
    throw new TributaryError(
      'INTERNAL_SERVER_ERROR',
      'Vectors of an earlier version do not say which model made them; ingest a document with that model, then read them again.',
    )
  return { modelName, dimensions: (column.type as FixedSizeList).listSize }
}

const vectorColumn = async (table: Table) => (await table.schema()).fields.find(({ name }) => name === 'vector')

/** An id names one chunk of its workspace. */
export function merge(table: Table, rows: Record<string, unknown>[]): Promise<unknown> {
  return table.mergeInsert(['workspace_id', 'id']).whenMatchedUpdateAll().whenNotMatchedInsertAll().execute(rows)
}

export const tableOf = (space: EmbeddingSpace): string => VECTORS_PREFIX + digestOf(space, 32)

/** A condition in LanceDB's SQL (DataFusion); an empty list of values matches nothing. */
export const matches = (columns: Readonly<Record<string, string | readonly string[]>>): string =>
  Object.entries(columns)
    .map(([column, value]) => {
      if (typeof value === 'string') return `${column} = ${literal(value)}`
      return value.length === 0 ? 'false' : `${column} in (${value.map(literal).join(', ')})`
    })
    .join(' and ')

/** A string literal: a quote is written twice, and nothing else is special. */
const literal = (value: string): string => `'${value.replaceAll("'", "''")}'`
