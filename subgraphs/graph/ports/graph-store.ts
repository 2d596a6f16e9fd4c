// Where entities, relationships and their mentions are kept. The workspace is part of every call and every key; an empty list of ids
// asks for nothing and gets nothing, never everything.
import { TributaryError } from '#shared/errors.ts'
import type { EntityType } from '../domain/entity.ts'
import type {
  EntityRecord,
  EntityScope,
  MentionPlace,
  PageOf,
  RankedEntity,
  RankPosition,
  RelationshipRecord,
  RelationshipType,
  RowsById,
} from '../domain/graph-records.ts'
import type { EntityFilter, EntitySelection, RelationshipSelection } from '../domain/graph-selection.ts'

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

/** What is read, with all that is read below it. */
export interface ReadOptions<Selection> {
  workspaceId: string
  selection: Selection
  signal: AbortSignal
}

export interface EntitiesOfOptions extends ReadOptions<EntitySelection> {
  scope: EntityScope
  page: PageOf<RankPosition>
  filter?: EntityFilter
}

/**
 * A call ends with its signal: it rejects with the signal's reason, and what it had begun to write is written whole or not at all. The number of statements of a reading call
 * depends on the selection alone, never on how many rows there are.
 */
export interface GraphStore {
  /**
   * Replaces what the document contributed, in one transaction: what no other document supports is gone afterwards. Answers `deleted`
   * and changes nothing when the document or its knowledge base was deleted before, so that a late command brings nothing back.
   */
  replaceDocument(
    workspaceId: string,
    contributions: StoredContributions,
    signal: AbortSignal,
  ): Promise<'replaced' | 'deleted'>
  /** What the document contributes now, as `replaceDocument` takes it; empty when it contributes nothing. Owners by id, mentions by their place. */
  readDocument(
    workspaceId: string,
    knowledgeBaseId: string,
    documentId: string,
    signal: AbortSignal,
  ): Promise<StoredContributions>
  deleteDocument(workspaceId: string, knowledgeBaseId: string, documentId: string, signal: AbortSignal): Promise<void>
  /** Begun and killed, it is finished by the next call. */
  deleteKnowledgeBase(workspaceId: string, knowledgeBaseId: string, signal: AbortSignal): Promise<void>
  /** A page for each document or knowledge base of the scope: most mentioned first, then by id. */
  entitiesOf(options: EntitiesOfOptions): Promise<RowsById<RankedEntity>>
  findEntities(ids: readonly string[], options: ReadOptions<EntitySelection>): Promise<EntityRecord[]>
  findRelationships(ids: readonly string[], options: ReadOptions<RelationshipSelection>): Promise<RelationshipRecord[]>
  close(): Promise<void>
}

/** The store could not write what it had to, and will neither be read nor written until somebody restarts it. Retryable. `where` names the store and its variable. */
export const graphStoreStopped = (where: string, cause: unknown) =>
  new TributaryError(
    'UPSTREAM_UNAVAILABLE',
    `${where} has stopped, most often because its disk is full. Make room on it and restart it; then try again.`,
    { cause },
  )

/** The store does not answer. Retryable. */
export const graphStoreUnavailable = (cause: unknown) =>
  new TributaryError('UPSTREAM_UNAVAILABLE', 'The graph store cannot be used now.', { cause })
