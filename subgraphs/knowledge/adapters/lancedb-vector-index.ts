// The index of a table's vectors: it holds them as they are (IVF_FLAT) in the memory of whoever searches, and all of its partitions are
// searched, so that what is found stays exact. Without it each search reads and decodes the files: for 20,000 × 384 three times the time.
//
// Rows that it does not hold yet are searched in the files beside it. Each maintenance of the table gives new rows an index of their own, which
// costs a search about a millisecond: when there are several, all rows are indexed anew.
import { Index, type Table } from '@lancedb/lancedb'

/** Fewer rows are read as fast from the files. */
const INDEXED_ROWS_MIN = 2000
/** Making the index anew reads every row, half a second for 20,000: it is not done for each document. */
const PARTS_MAX = 4
/** Of the metric that searches ask for; an index of another is passed over. */
const METRIC = 'dot'
/** As LanceDB names it by default. */
const INDEX_NAME = 'vector_idx'
/** More than any index has: all partitions. */
const PROBES = 1_000_000

/** Makes the index, or makes it anew where that is due. */
export async function maintainVectorIndex(table: Table, rowsMin = INDEXED_ROWS_MIN): Promise<void> {
  const stats = await table.indexStats(INDEX_NAME)
  const isDue = stats === undefined ? (await table.countRows()) >= rowsMin : (stats.numIndices ?? 1) > PARTS_MAX
  if (isDue) await table.createIndex('vector', { config: Index.ivfFlat({ distanceType: METRIC }), name: INDEX_NAME })
}

/** The nearest rows of all, by the index and beside it. For vectors of unit length the distance is 1 − cosine. */
export const nearestTo = (table: Table, vector: Float32Array) =>
  table.query().nearestTo(vector).distanceType(METRIC).nprobes(PROBES)
