// How ids of the graph are made: within a workspace the same for the same name, so that a repeated run writes the same rows.
import { deterministicId } from '#shared/ids.ts'
import type { EntityKey } from './domain/entity.ts'
import type { RelationshipType } from './domain/graph-records.ts'

export const entityId = (workspaceId: string, knowledgeBaseId: string, { type, normalizedName }: EntityKey) =>
  deterministicId('ent', workspaceId, knowledgeBaseId, type, normalizedName)

export const relationshipId = (type: RelationshipType, sourceId: string, targetId: string) =>
  deterministicId('rel', type, sourceId, targetId)
