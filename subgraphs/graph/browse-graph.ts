// Reading the graph: every question is about many ids at once and one workspace, and says all that is wanted below them. Ids come from callers:
// what is no id of the right type is unknown, and never reaches the store.
import { TributaryError } from '#shared/errors.ts'
import { hasPrefix } from '#shared/ids.ts'
import type {
  EntityRecord,
  PageOf,
  RankedEntity,
  RankPosition,
  RelationshipRecord,
  RowsById,
} from './domain/graph-records.ts'
import {
  countEntityRows,
  countRelationshipRows,
  type EntityFilter,
  type EntitySelection,
  type RelationshipSelection,
} from './domain/graph-selection.ts'
import type { GraphStore } from './ports/graph-store.ts'

type Ids = readonly string[]

export interface BrowseGraph {
  findEntities(ids: Ids, selection: EntitySelection): Promise<EntityRecord[]>
  findRelationships(ids: Ids, selection: RelationshipSelection): Promise<RelationshipRecord[]>
  entitiesOfDocuments(ids: Ids, selection: EntitySelection, page: PageOf<RankPosition>): Promise<RowsById<RankedEntity>>
  entitiesOfKnowledgeBases(
    ids: Ids,
    selection: EntitySelection,
    page: PageOf<RankPosition>,
    filter: EntityFilter,
  ): Promise<RowsById<RankedEntity>>
}

/** The most rows that one question may bring, were every page full. A statement that joins so many takes about a second. */
export const ROWS_MAXIMUM = 100_000

/** Throws BAD_USER_INPUT for a question that could bring more than ROWS_MAXIMUM rows. */
export function createBrowseGraph(options: {
  store: GraphStore
  workspaceId: string
  signal: AbortSignal
}): BrowseGraph {
  const { store, ...rest } = options
  const only = (prefix: string, ids: Ids) => ids.filter((id) => hasPrefix(id, prefix))
  return {
    async findEntities(ids, selection) {
      refuseTooMany(ids.length * (1 + countEntityRows(selection)))
      return store.findEntities(only('ent', ids), { ...rest, selection })
    },
    async findRelationships(ids, selection) {
      refuseTooMany(ids.length * (1 + countRelationshipRows(selection)))
      return store.findRelationships(only('rel', ids), { ...rest, selection })
    },
    async entitiesOfDocuments(ids, selection, page) {
      refuseTooMany(ids.length * page.limit * (1 + countEntityRows(selection)))
      return store.entitiesOf({ ...rest, scope: { kind: 'documents', ids: only('doc', ids) }, page, selection })
    },
    async entitiesOfKnowledgeBases(ids, selection, page, filter) {
      refuseTooMany(ids.length * page.limit * (1 + countEntityRows(selection)))
      const scope = { kind: 'knowledge-bases', ids: only('kb', ids) } as const
      return store.entitiesOf({ ...rest, scope, page, filter, selection })
    },
  }
}

function refuseTooMany(rows: number): void {
  if (rows <= ROWS_MAXIMUM) return
  throw new TributaryError(
    'BAD_USER_INPUT',
    `This reads up to ${rows.toLocaleString('en')} entities, relationships and mentions, and at most ${ROWS_MAXIMUM.toLocaleString('en')} may be read at once. Ask for smaller pages with the argument "first", or for fewer levels.`,
  )
}
