// What a platform has stored, without ids and times: two installations that were given the same documents and questions have equal dumps,
// whatever happened to their processes meanwhile.
import { connect } from '@lancedb/lancedb'
import { sql, type SQL } from 'drizzle-orm'
import path from 'node:path'
import { rowsOf, type Database } from '#shared/database.ts'

/** Sorted rows by what they are. */
export type CanonicalDump = Record<string, string[]>

const ENTITY = sql`e.type || ' ' || e.normalized_name`

/** A row as it is, whatever columns it has or gets, but for those that differ between installations. */
const rest = (row: string, ...left: string[]): SQL => {
  const columns = ['id', 'workspace_id', 'knowledge_base_id', 'document_id', 'created_at', 'updated_at', ...left]
  return sql.raw(`(to_jsonb(${row}) - '{${columns.join(',')}}'::text[])::text`)
}

/** Each answers rows of one text column; titles and names stand for ids. */
const QUERIES: Record<string, SQL> = {
  documents: sql`select concat_ws(' | ', k.name, ${rest('d', 'attempt', 'content_key', 'chunks_key')}) as row
    from knowledge.document d join knowledge.knowledge_base k on k.id = d.knowledge_base_id`,
  chunks: sql`select concat_ws(' | ', d.title, ${rest('c')}) as row
    from knowledge.chunk c join knowledge.document d on d.id = c.document_id`,
  'vectors left behind': sql`select 'for ' || document_id as row from knowledge.chunk_embedding`,
  answers: sql`select concat_ws(' | ', question, mode, status, verdict, text) as row from knowledge.answer`,
  citations: sql`select concat_ws(' | ', a.question, d.title, ${rest('c', 'answer_id', 'chunk_id')}) as row
    from knowledge.answer_citation c join knowledge.answer a on a.id = c.answer_id
    left join knowledge.document d on d.id = c.document_id`,
  'answer sources': sql`select concat_ws(' | ', a.question, s.marker, c.ordinal, d.title) as row
    from knowledge.answer_source s join knowledge.answer a on a.id = s.answer_id
    left join knowledge.chunk c on c.id = s.chunk_id left join knowledge.document d on d.id = c.document_id`,
  entities: sql`select ${rest('e')} as row from graph.entity e`,
  contributions: sql`select concat_ws(' | ', d.title, ${ENTITY}, ${rest('c', 'entity_id')}) as row
    from graph.contribution c join graph.entity e on e.id = c.entity_id left join knowledge.document d on d.id = c.document_id`,
  mentions: sql`select concat_ws(' | ', d.title, ${ENTITY}, k.ordinal, ${rest('m', 'entity_id', 'chunk_id')}) as row
    from graph.mention m join graph.entity e on e.id = m.entity_id
    left join knowledge.document d on d.id = m.document_id left join knowledge.chunk k on k.id = m.chunk_id`,
  relationships: sql`select concat_ws(' | ', s.normalized_name, t.normalized_name, ${rest('r', 'source_id', 'target_id')}) as row
    from graph.relationship r join graph.entity s on s.id = r.source_id join graph.entity t on t.id = r.target_id`,
  'places of relationships': sql`select concat_ws(' | ', d.title, s.normalized_name, t.normalized_name, k.ordinal, ${rest('m', 'relationship_id', 'chunk_id')}) as row
    from graph.relationship_mention m join graph.relationship r on r.id = m.relationship_id
    join graph.entity s on s.id = r.source_id join graph.entity t on t.id = r.target_id
    left join knowledge.document d on d.id = m.document_id left join knowledge.chunk k on k.id = m.chunk_id`,
  usage: sql`select concat_ws(' | ', kind, model_name, prompt_tokens, completion_tokens) as row from metrics.usage_event`,
  'usage of knowledge bases': sql`select concat_ws(' | ', k.name, u.kind) as row
    from metrics.knowledge_base_usage u left join knowledge.knowledge_base k on k.id = u.knowledge_base_id`,
  items: sql`select concat_ws(' | ', name, status, size_bytes, media_type,
      (select string_agg((s ->> 'name') || ' ' || (s ->> 'status'), ', ') from jsonb_array_elements(steps) s)) as row
    from ingestion.item`,
  'jobs unfinished': sql`select id || ' ' || status as row from ingestion.job where status in ('QUEUED', 'RUNNING')`,
}

export async function canonicalDump(database: Database, dataDirectory: string): Promise<CanonicalDump> {
  const dump: CanonicalDump = {}
  for (const [name, query] of Object.entries(QUERIES))
    dump[name] = (await rowsOf<{ row: string }>(database.sql, query)).map(({ row }) => row).toSorted()
  const chunks = await rowsOf<{ id: string; place: string }>(
    database.sql,
    sql`select c.id, d.title || ' #' || c.ordinal as place from knowledge.chunk c join knowledge.document d on d.id = c.document_id`,
  )
  const placeOf = new Map(chunks.map(({ id, place }) => [id, place]))
  dump['search entries'] = await searchEntries(path.join(dataDirectory, 'vectors'), placeOf)
  return dump
}

/** Vectors to four decimals: what is computed again in the same batches agrees far closer. */
async function searchEntries(directory: string, placeOf: ReadonlyMap<string, string>): Promise<string[]> {
  const connection = await connect(directory)
  const entries: string[] = []
  for (const name of await connection.tableNames()) {
    const table = await connection.openTable(name)
    for (const row of (await table.query().toArray()) as { id: string; text?: string; vector?: Iterable<number> }[]) {
      const place = placeOf.get(row.id) ?? `nowhere (${row.id})`
      entries.push(
        `${name} | ${place} | ${row.text ?? Array.from(row.vector!, (value) => Math.round(value * 1e4)).join(' ')}`,
      )
    }
    table.close()
  }
  connection.close()
  return entries.toSorted()
}

export interface OpenMessage {
  name: string
  state: string
}

/** The durable messages that wait or are being handled. */
export const openMessages = (database: Database): Promise<OpenMessage[]> =>
  rowsOf<OpenMessage>(
    database.sql,
    sql`select name, state::text from queue.job where state in ('created', 'retry', 'active') and name not like '\\_\\_%'`,
  )

/** Resolves when no durable message waits or is being handled. */
export async function waitForQuiet(database: Database, timeoutMs = 120_000): Promise<void> {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    const open = await openMessages(database)
    if (open.length === 0) return
    if (Date.now() > deadline) throw new Error(`Messages are still open: ${JSON.stringify(open)}`)
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}
