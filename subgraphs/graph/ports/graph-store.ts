// Where entities, relationships and their mentions are kept. The workspace is part of every call and every key; an empty list of ids
// asks for nothing and gets nothing, never everything.
import type { EntityType } from '../domain/entity.ts'

/** A place in a document: a name, or a sentence that shows a relationship. Offsets in UTF-16 code units of Document.text. */
export interface MentionPlace {
  startOffset: number
  endOffset: number
  /** Counted from 1; null when the document has no pages. */
  page: number | null
  /** The chunk that holds the start; null when none does. */
  chunkId: string | null
}

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

export const relationshipTypes = ['CO_MENTIONED'] as const
export type RelationshipType = (typeof relationshipTypes)[number]

export interface EntityRecord {
  id: string
  /** The form that all documents together write most often. */
  name: string
  type: EntityType
  /** Places in all documents of the knowledge base. */
  mentionCount: number
}

/** An entity within a document or knowledge base: `rank` is how often it is mentioned there. */
export interface RankedEntity extends EntityRecord {
  rank: number
}

export interface RelationshipRecord {
  id: string
  type: RelationshipType
  sourceId: string
  targetId: string
  /** The number of its mentions. */
  weight: number
}

export interface MentionRecord extends MentionPlace {
  documentId: string
}

/** The part of an order that a page continues after. */
export interface RankPosition {
  rank: number
  id: string
}
export interface MentionPosition {
  documentId: string
  startOffset: number
  endOffset: number
}

export type EntityScope =
  { kind: 'documents'; ids: readonly string[] } | { kind: 'knowledge-bases'; ids: readonly string[] }
export type MentionOwner =
  { kind: 'entities'; ids: readonly string[] } | { kind: 'relationships'; ids: readonly string[] }

/** Applied to each id of the scope on its own. */
export interface PageOf<Position> {
  limit: number
  /** Null starts at the beginning. */
  after: Position | null
}

/** Rows by the id that was asked for; an id without rows is absent. */
export type RowsById<Row> = ReadonlyMap<string, readonly Row[]>

export interface GraphStore {
  /**
   * Replaces what the document contributed, in one transaction: what no other document supports is gone afterwards. Answers `deleted`
   * and changes nothing when the document or its knowledge base was deleted before, so that a late command brings nothing back.
   */
  replaceDocument(workspaceId: string, contributions: StoredContributions): Promise<'replaced' | 'deleted'>
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
