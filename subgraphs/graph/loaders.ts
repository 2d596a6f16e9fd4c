// One batch per question and operation: the entities of fifty documents are asked for at once, with all that is selected below them.
import DataLoader from 'dataloader'
import type { BrowseGraph } from './browse-graph.ts'
import type { EntityRecord, PageOf, RankedEntity, RankPosition, RelationshipRecord } from './domain/graph-records.ts'
import type { EntityFilter, EntitySelection, RelationshipSelection } from './domain/graph-selection.ts'

export interface Loaders {
  entity(id: string, selection: EntitySelection): Promise<EntityRecord | null>
  relationship(id: string, selection: RelationshipSelection): Promise<RelationshipRecord | null>
  /** At most `page.limit` rows of one owner. */
  entitiesOfDocument(
    id: string,
    selection: EntitySelection,
    page: PageOf<RankPosition>,
  ): Promise<readonly RankedEntity[]>
  entitiesOfKnowledgeBase(
    id: string,
    selection: EntitySelection,
    page: PageOf<RankPosition>,
    filter: EntityFilter,
  ): Promise<readonly RankedEntity[]>
}

export function createLoaders(graph: BrowseGraph): Loaders {
  const byId =
    <Row extends { id: string }, Selection>(
      find: (ids: readonly string[], selection: Selection) => Promise<readonly Row[]>,
    ) =>
    async (ids: readonly string[], selection: Selection) =>
      new Map((await find(ids, selection)).map((row) => [row.id, row]))
  const entity = createBatchLoader(byId(graph.findEntities))
  const relationship = createBatchLoader(byId(graph.findRelationships))
  const entitiesOfDocument = createBatchLoader(graph.entitiesOfDocuments)
  const entitiesOfKnowledgeBase = createBatchLoader(graph.entitiesOfKnowledgeBases)
  return {
    entity: async (id, selection) => (await entity(id, selection)) ?? null,
    relationship: async (id, selection) => (await relationship(id, selection)) ?? null,
    entitiesOfDocument: async (...question) => (await entitiesOfDocument(...question)) ?? [],
    entitiesOfKnowledgeBase: async (...question) => (await entitiesOfKnowledgeBase(...question)) ?? [],
  }
}

/** Asks once for all ids with the same other arguments; in practice one field of a query has one set of them. */
function createBatchLoader<Answer, Rest extends unknown[]>(
  find: (ids: readonly string[], ...rest: Rest) => Promise<ReadonlyMap<string, Answer>>,
): (id: string, ...rest: Rest) => Promise<Answer | undefined> {
  const loader = new DataLoader<{ id: string; rest: Rest }, Answer | undefined, string>(
    async (keys) => {
      const questions = [...Map.groupBy(keys, ({ rest }) => JSON.stringify(rest))]
      const answers = await Promise.all(
        questions.map(async ([question, asked]) => {
          const ids = asked.map(({ id }) => id)
          return [question, await find(ids, ...asked[0]!.rest).catch(toError)] as const
        }),
      )
      const found = new Map(answers)
      return keys.map(({ id, rest }) => {
        const answer = found.get(JSON.stringify(rest))!
        return answer instanceof Error ? answer : answer.get(id)
      })
    },
    { cacheKeyFn: ({ id, rest }) => `${id} ${JSON.stringify(rest)}` },
  )
  return (id, ...rest) => loader.load({ id, rest })
}

/** One question that fails leaves the others of the batch alone. */
const toError = (reason: unknown): Error => (reason instanceof Error ? reason : new Error(String(reason)))
