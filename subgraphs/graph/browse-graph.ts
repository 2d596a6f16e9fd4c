// Reading the graph: every question is about many ids at once and one workspace. Ids come from callers: what is no id of the right type
// is unknown, and never reaches the store.
import { hasPrefix } from '#shared/ids.ts'
import type { EntityType } from './domain/entity.ts'
import type {
  EntityRecord,
  MentionPosition,
  MentionRecord,
  PageOf,
  RankedEntity,
  RankPosition,
  RelationshipRecord,
  RowsById,
} from './domain/graph-records.ts'
import type { GraphStore } from './ports/graph-store.ts'

export interface EntityFilter {
  /** Part of the name, in any case. */
  query: string | null
  type: EntityType | null
}

type Ids = readonly string[]
type Found<Row> = Promise<RowsById<Row>>

export interface BrowseGraph {
  findEntities(ids: Ids): Promise<EntityRecord[]>
  findRelationships(ids: Ids): Promise<RelationshipRecord[]>
  entitiesOfDocuments(ids: Ids, page: PageOf<RankPosition>): Found<RankedEntity>
  entitiesOfKnowledgeBases(ids: Ids, page: PageOf<RankPosition>, filter: EntityFilter): Found<RankedEntity>
  relationshipsOfEntities(ids: Ids, page: PageOf<RankPosition>): Found<RelationshipRecord>
  mentionsOfEntities(ids: Ids, page: PageOf<MentionPosition>): Found<MentionRecord>
  mentionsOfRelationships(ids: Ids, page: PageOf<MentionPosition>): Found<MentionRecord>
}

export function createBrowseGraph(options: { store: GraphStore; workspaceId: string }): BrowseGraph {
  const { store, workspaceId } = options
  const only = (prefix: string, ids: Ids) => ids.filter((id) => hasPrefix(id, prefix))
  return {
    findEntities: (ids) => store.findEntities(workspaceId, only('ent', ids)),
    findRelationships: (ids) => store.findRelationships(workspaceId, only('rel', ids)),
    entitiesOfDocuments: (ids, page) =>
      store.entitiesOf(workspaceId, { kind: 'documents', ids: only('doc', ids) }, page),
    entitiesOfKnowledgeBases: (ids, page, filter) =>
      store.entitiesOf(workspaceId, { kind: 'knowledge-bases', ids: only('kb', ids) }, page, filter),
    relationshipsOfEntities: (ids, page) => store.relationshipsOf(workspaceId, only('ent', ids), page),
    mentionsOfEntities: (ids, page) => store.mentionsOf(workspaceId, { kind: 'entities', ids: only('ent', ids) }, page),
    mentionsOfRelationships: (ids, page) =>
      store.mentionsOf(workspaceId, { kind: 'relationships', ids: only('rel', ids) }, page),
  }
}
