// Where entities, relationships and their mentions are kept. The workspace is part of every call and every key; an empty list of ids
// asks for nothing and gets nothing, never everything.
import type { EntityType } from '../domain/entity.ts'
import type {
  EntityRecord,
  EntityScope,
  MentionOwner,
  MentionPlace,
  MentionPosition,
  MentionRecord,
  PageOf,
  RankedEntity,
  RankPosition,
  RelationshipRecord,
  RelationshipType,
  RowsById,
} from '../domain/graph-records.ts'

/** All that one document brings. Ids are the same for the same name, so that a repeated run writes the same rows. */
export interface StoredContributions {
  knowledgeBaseId: string
  documentId: string
  entities: {
    id: string
    type: EntityType
    normalizedName: string
    /** The form this document writes most often. */
    name: string
    mentions: MentionPlace[]
  }[]
  relationships: { id: string; type: RelationshipType; sourceId: string; targetId: string; mentions: MentionPlace[] }[]
}

export interface GraphStore {
  /**
   * Replaces what the document contributed, in one transaction: what no other document supports is gone afterwards. Answers `deleted`
   * and changes nothing when the document or its knowledge base was deleted before, so that a late command brings nothing back.
   */
  replaceDocument(workspaceId: string, contributions: StoredContributions): Promise<'replaced' | 'deleted'>
  /** What the document contributes now, as `replaceDocument` takes it; empty when it contributes nothing. Owners by id, mentions by their place. */
  readDocument(workspaceId: string, knowledgeBaseId: string, documentId: string): Promise<StoredContributions>
  deleteDocument(workspaceId: string, knowledgeBaseId: string, documentId: string): Promise<void>
  deleteKnowledgeBase(workspaceId: string, knowledgeBaseId: string): Promise<void>
  /** Most mentioned first, then by id. `query`: part of the name, in any case; `type`: exactly this one. One statement. */
  entitiesOf(
    workspaceId: string,
    scope: EntityScope,
    page: PageOf<RankPosition>,
    filter?: { query?: string | null; type?: EntityType | null },
  ): Promise<RowsById<RankedEntity>>
  findEntities(workspaceId: string, ids: readonly string[]): Promise<EntityRecord[]>
  findRelationships(workspaceId: string, ids: readonly string[]): Promise<RelationshipRecord[]>
  /** In either direction; heaviest first, then by id. The position's rank is the weight. One statement. */
  relationshipsOf(
    workspaceId: string,
    entityIds: readonly string[],
    page: PageOf<RankPosition>,
  ): Promise<RowsById<RelationshipRecord>>
  /** By document and place. One statement. */
  mentionsOf(workspaceId: string, owner: MentionOwner, page: PageOf<MentionPosition>): Promise<RowsById<MentionRecord>>
}
