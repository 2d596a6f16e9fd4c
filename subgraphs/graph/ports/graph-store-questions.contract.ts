// A GraphStore asked one thing at a time, as the cases of its contract do: flat rows, and a signal that never aborts.
import type {
  EntityScope,
  MentionPosition,
  MentionRecord,
  PageOf,
  RankedEntity,
  RankPosition,
} from '../domain/graph-records.ts'
import { OWN_FIELDS, pageKey, type EntityFilter } from '../domain/graph-selection.ts'
import type { GraphStore, StoredContributions } from './graph-store.ts'

export type MentionOwner = { kind: 'entities' | 'relationships'; ids: readonly string[] }

export interface FlatRelationship {
  id: string
  type: string
  sourceId: string
  targetId: string
  weight: number
}

export type FlatEntity = Omit<RankedEntity, 'relationships' | 'mentions'>

export type GraphQuestions = ReturnType<typeof askGraphStore>

export function askGraphStore(store: GraphStore) {
  const signal = new AbortController().signal
  const ends = { ...OWN_FIELDS, source: OWN_FIELDS, target: OWN_FIELDS }
  return {
    store,
    replaceDocument: (workspaceId: string, contributions: StoredContributions) =>
      store.replaceDocument(workspaceId, contributions, signal),
    readDocument: (workspaceId: string, knowledgeBaseId: string, documentId: string) =>
      store.readDocument(workspaceId, knowledgeBaseId, documentId, signal),
    deleteDocument: (workspaceId: string, knowledgeBaseId: string, documentId: string) =>
      store.deleteDocument(workspaceId, knowledgeBaseId, documentId, signal),
    deleteKnowledgeBase: (workspaceId: string, knowledgeBaseId: string) =>
      store.deleteKnowledgeBase(workspaceId, knowledgeBaseId, signal),

    async entitiesOf(
      workspaceId: string,
      scope: EntityScope,
      page: PageOf<RankPosition>,
      filter: EntityFilter = {},
    ): Promise<Map<string, FlatEntity[]>> {
      const found = await store.entitiesOf({ workspaceId, scope, page, filter, selection: OWN_FIELDS, signal })
      return new Map(
        Array.from(found, ([id, rows]) => [id, rows.map(({ relationships: _r, mentions: _m, ...row }) => row)]),
      )
    },

    async findEntities(workspaceId: string, ids: readonly string[]) {
      const found = await store.findEntities(ids, { workspaceId, selection: OWN_FIELDS, signal })
      return found.map(({ id, name, type, mentionCount }) => ({ id, name, type, mentionCount }))
    },

    async findRelationships(workspaceId: string, ids: readonly string[]) {
      const found = await store.findRelationships(ids, { workspaceId, selection: OWN_FIELDS, signal })
      return found.map(({ id, type, weight }) => ({ id, type, weight }))
    },

    /** An entity without any is left out. */
    async relationshipsOf(
      workspaceId: string,
      entityIds: readonly string[],
      page: PageOf<RankPosition>,
    ): Promise<Map<string, FlatRelationship[]>> {
      const selection = { ...OWN_FIELDS, relationships: [{ page, each: ends }] }
      const found = await store.findEntities(entityIds, { workspaceId, selection, signal })
      return nonEmpty(
        found.map(({ id, relationships }) => [
          id,
          relationships.get(pageKey(page))!.map(({ source, target, id: relationshipId, type, weight }) => ({
            id: relationshipId,
            type,
            sourceId: source!.id,
            targetId: target!.id,
            weight,
          })),
        ]),
      )
    },

    /** The same for mentions. */
    async mentionsOf(
      workspaceId: string,
      owner: MentionOwner,
      page: PageOf<MentionPosition>,
    ): Promise<Map<string, MentionRecord[]>> {
      const options = { workspaceId, selection: { ...OWN_FIELDS, mentions: [page] }, signal }
      const found: readonly { id: string; mentions: ReadonlyMap<string, readonly MentionRecord[]> }[] =
        owner.kind === 'entities'
          ? await store.findEntities(owner.ids, options)
          : await store.findRelationships(owner.ids, options)
      return nonEmpty(found.map(({ id, mentions }) => [id, [...mentions.get(pageKey(page))!]]))
    },
  }
}

const nonEmpty = <Row>(entries: readonly (readonly [string, Row[]])[]) =>
  new Map(entries.filter(([, rows]) => rows.length > 0))
