// What is read from the graph, and the stable orders in which it is paged.
import type { EntityType } from './entity.ts'

/** A place in a document: a name, or a sentence that shows a relationship. Offsets in UTF-16 code units of Document.text. */
export interface MentionPlace {
  startOffset: number
  endOffset: number
  /** Counted from 1; null when the document has no pages. */
  page: number | null
  /** The chunk that holds the start; null when none does. */
  chunkId: string | null
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
  /** The pages that its selection asked for, by `pageKey`. */
  relationships: ReadonlyMap<string, readonly RelationshipRecord[]>
  mentions: ReadonlyMap<string, readonly MentionRecord[]>
}

/** An entity within a document or knowledge base: `rank` is how often it is mentioned there. */
export interface RankedEntity extends EntityRecord {
  rank: number
}

export interface RelationshipRecord {
  id: string
  type: RelationshipType
  /** The number of its mentions. */
  weight: number
  /** Null when its selection did not ask for it, or when it was deleted while it was read. */
  source: EntityRecord | null
  target: EntityRecord | null
  /** The pages that its selection asked for, by `pageKey`. */
  mentions: ReadonlyMap<string, readonly MentionRecord[]>
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
/** Applied to each id of the scope on its own. */
export interface PageOf<Position> {
  limit: number
  /** Null starts at the beginning. */
  after: Position | null
}

/** Rows by the id that was asked for; an id without rows is absent. */
export type RowsById<Row> = ReadonlyMap<string, readonly Row[]>
