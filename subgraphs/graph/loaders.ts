// One batch per question and operation: the entities of fifty documents are one statement, whatever page of them is asked for.
import DataLoader from 'dataloader'
import { createLoader } from '#shared/graphql/loader.ts'
import { hasPrefix } from '#shared/ids.ts'
import type { EntityType } from './domain/entity.ts'
import type {
  EntityRecord,
  GraphStore,
  MentionPosition,
  MentionRecord,
  PageOf,
  RankedEntity,
  RankPosition,
  RelationshipRecord,
  RowsById,
} from './ports/graph-store.ts'

export interface EntityFilter {
  query: string | null
  type: EntityType | null
}

/** Rows of one owner; the store reads one more than `limit`, which tells whether there is a next page. */
type PageLoader<Position, Row> = (id: string, page: PageOf<Position>) => Promise<readonly Row[]>

export interface Loaders {
  entity: { load(id: string): Promise<EntityRecord | null> }
  relationship: { load(id: string): Promise<RelationshipRecord | null> }
  entitiesOfDocument: PageLoader<RankPosition, RankedEntity>
  entitiesOfKnowledgeBase: (
    id: string,
    page: PageOf<RankPosition>,
    filter: EntityFilter,
  ) => Promise<readonly RankedEntity[]>
  relationshipsOfEntity: PageLoader<RankPosition, RelationshipRecord>
  mentionsOfEntity: PageLoader<MentionPosition, MentionRecord>
  mentionsOfRelationship: PageLoader<MentionPosition, MentionRecord>
}

export function createLoaders(workspaceId: string, store: GraphStore): Loaders {
  const only = (prefix: string, ids: readonly string[]) => ids.filter((id) => hasPrefix(id, prefix))
  const entitiesOfDocument = createBatchLoader((ids, { page }: { page: PageOf<RankPosition> }) =>
    store.entitiesOf(workspaceId, { kind: 'documents', ids: only('doc', ids) }, page),
  )
  const entitiesOfKnowledgeBase = createBatchLoader(
    (ids, { page, filter }: { page: PageOf<RankPosition>; filter: EntityFilter }) =>
      store.entitiesOf(workspaceId, { kind: 'knowledge-bases', ids: only('kb', ids) }, page, filter),
  )
  const relationshipsOfEntity = createBatchLoader((ids, { page }: { page: PageOf<RankPosition> }) =>
    store.relationshipsOf(workspaceId, ids, page),
  )
  const mentionsOfEntity = createBatchLoader((ids, { page }: { page: PageOf<MentionPosition> }) =>
    store.mentionsOf(workspaceId, { kind: 'entities', ids }, page),
  )
  const mentionsOfRelationship = createBatchLoader((ids, { page }: { page: PageOf<MentionPosition> }) =>
    store.mentionsOf(workspaceId, { kind: 'relationships', ids }, page),
  )
  return {
    // Ids come from callers: what is no id of the type is unknown, and never reaches a store.
    entity: createLoader((ids) => store.findEntities(workspaceId, only('ent', ids))),
    relationship: createLoader((ids) => store.findRelationships(workspaceId, only('rel', ids))),
    entitiesOfDocument: (id, page) => entitiesOfDocument(id, { page }),
    entitiesOfKnowledgeBase: (id, page, filter) => entitiesOfKnowledgeBase(id, { page, filter }),
    relationshipsOfEntity: (id, page) => relationshipsOfEntity(id, { page }),
    mentionsOfEntity: (id, page) => mentionsOfEntity(id, { page }),
    mentionsOfRelationship: (id, page) => mentionsOfRelationship(id, { page }),
  }
}

/** Asks once for all ids that want the same (page, filter); in practice one field of a query wants one. */
function createBatchLoader<Question, Row>(
  find: (ids: readonly string[], question: Question) => Promise<RowsById<Row>>,
) {
  const loader = new DataLoader<{ id: string; question: Question }, readonly Row[], string>(
    async (keys) => {
      const groups = Map.groupBy(keys, ({ question }) => JSON.stringify(question))
      const found = new Map<string, RowsById<Row>>()
      for (const [group, [first, ...others]] of groups) {
        if (!first) continue
        found.set(
          group,
          await find(
            [first, ...others].map(({ id }) => id),
            first.question,
          ),
        )
      }
      return keys.map(({ id, question }) => found.get(JSON.stringify(question))?.get(id) ?? [])
    },
    { cacheKeyFn: ({ id, question }) => `${id} ${JSON.stringify(question)}` },
  )
  return (id: string, question: Question) => loader.load({ id, question })
}
