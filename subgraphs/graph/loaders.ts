// One batch per question and operation: the entities of fifty documents are one statement, whatever page of them is asked for.
import DataLoader from 'dataloader'
import { createLoader } from '#shared/graphql/loader.ts'
import type { BrowseGraph, EntityFilter } from './browse-graph.ts'
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

/** At most `page.limit` rows of one owner. */
type PageLoader<Position, Row, Rest extends unknown[] = []> = (
  id: string,
  page: PageOf<Position>,
  ...rest: Rest
) => Promise<readonly Row[]>

export interface Loaders {
  entity: { load(id: string): Promise<EntityRecord | null> }
  relationship: { load(id: string): Promise<RelationshipRecord | null> }
  entitiesOfDocument: PageLoader<RankPosition, RankedEntity>
  entitiesOfKnowledgeBase: PageLoader<RankPosition, RankedEntity, [filter: EntityFilter]>
  relationshipsOfEntity: PageLoader<RankPosition, RelationshipRecord>
  mentionsOfEntity: PageLoader<MentionPosition, MentionRecord>
  mentionsOfRelationship: PageLoader<MentionPosition, MentionRecord>
}

export function createLoaders(graph: BrowseGraph): Loaders {
  return {
    entity: createLoader((ids) => graph.findEntities(ids)),
    relationship: createLoader((ids) => graph.findRelationships(ids)),
    entitiesOfDocument: createPageLoader(graph.entitiesOfDocuments),
    entitiesOfKnowledgeBase: createPageLoader(graph.entitiesOfKnowledgeBases),
    relationshipsOfEntity: createPageLoader(graph.relationshipsOfEntities),
    mentionsOfEntity: createPageLoader(graph.mentionsOfEntities),
    mentionsOfRelationship: createPageLoader(graph.mentionsOfRelationships),
  }
}

/** Asks once for all ids with the same other arguments; in practice one field of a query has one set of them. */
function createPageLoader<Row, Rest extends unknown[]>(
  find: (ids: readonly string[], ...rest: Rest) => Promise<RowsById<Row>>,
): (id: string, ...rest: Rest) => Promise<readonly Row[]> {
  const loader = new DataLoader<{ id: string; rest: Rest }, readonly Row[], string>(
    async (keys) => {
      const found = new Map<string, RowsById<Row>>()
      for (const [question, [first, ...others]] of Map.groupBy(keys, ({ rest }) => JSON.stringify(rest))) {
        if (first)
          found.set(
            question,
            await find(
              [first, ...others].map(({ id }) => id),
              ...first.rest,
            ),
          )
      }
      return keys.map(({ id, rest }) => found.get(JSON.stringify(rest))?.get(id) ?? [])
    },
    { cacheKeyFn: ({ id, rest }) => `${id} ${JSON.stringify(rest)}` },
  )
  return (id, ...rest) => loader.load({ id, rest })
}
