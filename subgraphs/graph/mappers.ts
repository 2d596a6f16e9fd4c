// What the resolvers of graph are given as parent: records of the store.
import type { EntityRecord, MentionRecord, RelationshipRecord } from './domain/graph-records.ts'

export type EntityMapper = EntityRecord
export type RelationshipMapper = RelationshipRecord
export type MentionMapper = MentionRecord
