// The reading half of the PostgreSQL GraphStore: a selection is read level by level, each level one statement per kind of page, for all of
// its owners together. An entity that is reached twice at one level is read once.
import { sql, type SQL } from 'drizzle-orm'
import { rowsOf, type SqlExecutor } from '#shared/database.ts'
import type {
  EntityRecord,
  MentionPosition,
  MentionRecord,
  PageOf,
  RankPosition,
  RelationshipRecord,
} from '../domain/graph-records.ts'
import { pageKey, type EntitySelection, type RelationshipSelection } from '../domain/graph-selection.ts'

export type EntityRow = Pick<EntityRecord, 'id' | 'name' | 'type' | 'mentionCount'>
type RelationshipRow = Pick<RelationshipRecord, 'id' | 'type' | 'weight'> & { sourceId: string; targetId: string }

export interface GraphReads {
  /** The rows with all that the selection asks for below them; one record per row, in their order. */
  completeEntities<Row extends EntityRow>(
    rows: readonly Row[],
    selection: EntitySelection,
  ): Promise<(Row & EntityRecord)[]>
  findEntities(ids: readonly string[], selection: EntitySelection): Promise<EntityRecord[]>
  findRelationships(ids: readonly string[], selection: RelationshipSelection): Promise<RelationshipRecord[]>
}

export function createGraphReads(database: SqlExecutor, workspaceId: string): GraphReads {
  async function byAskedId<Row>(statement: SQL): Promise<Map<string, Row[]>> {
    const groups = new Map<string, Row[]>()
    for (const { askedId, ...row } of await rowsOf<Row & { askedId: string }>(database, statement)) {
      const group = groups.get(askedId) ?? []
      group.push(row as Row)
      groups.set(askedId, group)
    }
    return groups
  }

  async function completeEntities<Row extends EntityRow>(rows: readonly Row[], selection: EntitySelection) {
    const ids = [...new Set(rows.map(({ id }) => id))]
    const relationships = await Promise.all(
      selection.relationships.map(async ({ page, each }) => {
        const found = await byAskedId<RelationshipRow>(relationshipsOf(workspaceId, ids, page))
        const records = await completeRelationships([...found.values()].flat(), each)
        return [pageKey(page), mapRows(found, ({ id }) => records.get(id)!)] as const
      }),
    )
    const mentions = await readMentions('mention', ids, selection.mentions)
    return rows.map((row) => ({
      ...row,
      relationships: new Map(relationships.map(([key, found]) => [key, found.get(row.id) ?? []])),
      mentions: new Map(mentions.map(([key, found]) => [key, found.get(row.id) ?? []])),
    }))
  }

  async function completeRelationships(
    rows: readonly RelationshipRow[],
    selection: RelationshipSelection,
  ): Promise<Map<string, RelationshipRecord>> {
    const unique = new Map(rows.map((row) => [row.id, row]))
    const endsOf = async (end: EntitySelection | null, idOf: (row: RelationshipRow) => string) => {
      if (end === null) return new Map<string, EntityRecord>()
      const found = await findEntities([...new Set(Array.from(unique.values(), idOf))], end)
      return new Map(found.map((entity) => [entity.id, entity]))
    }
    const sources = await endsOf(selection.source, ({ sourceId }) => sourceId)
    const targets = await endsOf(selection.target, ({ targetId }) => targetId)
    const mentions = await readMentions('relationship_mention', [...unique.keys()], selection.mentions)
    const complete = ({ id, type, weight, sourceId, targetId }: RelationshipRow): RelationshipRecord => ({
      id,
      type,
      weight,
      source: sources.get(sourceId) ?? null,
      target: targets.get(targetId) ?? null,
      mentions: new Map(mentions.map(([key, found]) => [key, found.get(id) ?? []])),
    })
    return new Map(Array.from(unique.values(), (row) => [row.id, complete(row)]))
  }

  function readMentions(table: MentionTable, ids: readonly string[], pages: readonly PageOf<MentionPosition>[]) {
    return Promise.all(
      pages.map(
        async (page) =>
          [pageKey(page), await byAskedId<MentionRecord>(mentionsOf(workspaceId, table, ids, page))] as const,
      ),
    )
  }

  async function findEntities(ids: readonly string[], selection: EntitySelection): Promise<EntityRecord[]> {
    if (ids.length === 0) return []
    const rows = await rowsOf<EntityRow>(
      database,
      sql`select e.id, e.name, e.type, e.mention_count as "mentionCount"
        from graph.entity e join ${askedFor(ids)} on asked.id = e.id where e.workspace_id = ${workspaceId}`,
    )
    return completeEntities(rows, selection)
  }

  return {
    completeEntities,
    findEntities,
    async findRelationships(ids, selection) {
      if (ids.length === 0) return []
      const rows = await rowsOf<RelationshipRow>(
        database,
        sql`select ${relationshipColumns} from graph.relationship r join ${askedFor(ids)} on asked.id = r.id
          where r.workspace_id = ${workspaceId}`,
      )
      return [...(await completeRelationships(rows, selection)).values()]
    },
  }
}

type MentionTable = 'mention' | 'relationship_mention'

const relationshipColumns = sql`r.id, r.type, r.source_id as "sourceId", r.target_id as "targetId", r.weight`

function relationshipsOf(workspaceId: string, entityIds: readonly string[], page: PageOf<RankPosition>): SQL {
  return sql`select asked.id as "askedId", ${relationshipColumns}
    from ${askedFor(entityIds)} cross join lateral (
      select * from graph.relationship r
      where r.workspace_id = ${workspaceId} and (r.source_id = asked.id or r.target_id = asked.id)
        and ${isAfter(page, sql`r.weight`, sql`r.id`)}
      order by r.weight desc, r.id limit ${page.limit}
    ) r order by r.weight desc, r.id`
}

function mentionsOf(
  workspaceId: string,
  table: MentionTable,
  ids: readonly string[],
  { limit, after }: PageOf<MentionPosition>,
): SQL {
  const column = table === 'mention' ? sql`entity_id` : sql`relationship_id`
  const isBehind =
    after === null
      ? sql`true`
      : sql`(m.document_id, m.start_offset, m.end_offset) >
          (${after.documentId}, ${after.startOffset}::integer, ${after.endOffset}::integer)`
  return sql`select asked.id as "askedId", m.document_id as "documentId", m.start_offset as "startOffset",
      m.end_offset as "endOffset", m.page, m.chunk_id as "chunkId"
    from ${askedFor(ids)} cross join lateral (
      select * from graph.${sql.identifier(table)} m
      where m.workspace_id = ${workspaceId} and m.${column} = asked.id and ${isBehind}
      order by m.document_id, m.start_offset, m.end_offset limit ${limit}
    ) m order by m.document_id, m.start_offset, m.end_offset`
}

/** The ids as a table named `asked`, each once; with a lateral join every id gets a page of its own from the index. */
export function askedFor(ids: readonly string[]): SQL {
  return sql`(select distinct id from jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb) as t(id)) asked`
}

export function isAfter({ after }: PageOf<RankPosition>, rank: SQL, id: SQL): SQL {
  if (after === null) return sql`true`
  return sql`(${rank} < ${after.rank}::integer or (${rank} = ${after.rank}::integer and ${id} > ${after.id}))`
}

const mapRows = <Row, Result>(groups: ReadonlyMap<string, readonly Row[]>, map: (row: Row) => Result) =>
  new Map(Array.from(groups, ([id, rows]) => [id, rows.map(map)]))
