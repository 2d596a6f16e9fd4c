// What is read together with an entity or a relationship, to any depth: a store is told all of it at once, so that it can answer with one
// statement, or with a number that the depth of the selection bounds.
import type { EntityType } from './entity.ts'
import type { MentionPosition, PageOf, RankPosition } from './graph-records.ts'

/** What the entities of a knowledge base or document are narrowed to. */
export interface EntityFilter {
  /** Part of the name, in any case. */
  query?: string | null
  /** Exactly this one. */
  type?: EntityType | null
}

export interface EntitySelection {
  /** Heaviest first, then by id, in either direction. Each page once. */
  relationships: readonly { page: PageOf<RankPosition>; each: RelationshipSelection }[]
  /** By document and place. Each page once. */
  mentions: readonly PageOf<MentionPosition>[]
}

export interface RelationshipSelection {
  /** Null: not asked for. */
  source: EntitySelection | null
  target: EntitySelection | null
  mentions: readonly PageOf<MentionPosition>[]
}

/** Its own fields and nothing below. */
export const OWN_FIELDS: EntitySelection & RelationshipSelection = {
  relationships: [],
  mentions: [],
  source: null,
  target: null,
}

/** Names a page among those of one owner. */
export const pageKey = ({ limit, after }: PageOf<object>): string => JSON.stringify([limit, after])

/** The most rows that a selection can bring below one entity: every page full. */
export function countEntityRows(selection: EntitySelection): number {
  const relationships = selection.relationships.map(({ page, each }) => page.limit * (1 + countRelationshipRows(each)))
  return sum([...relationships, ...selection.mentions.map(({ limit }) => limit)])
}

/** The same below one relationship. */
export function countRelationshipRows({ source, target, mentions }: RelationshipSelection): number {
  const ends = [source, target].map((end) => (end === null ? 0 : 1 + countEntityRows(end)))
  return sum([...ends, ...mentions.map(({ limit }) => limit)])
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0)
