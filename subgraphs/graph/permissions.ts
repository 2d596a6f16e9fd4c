// Who may what in graph: everyone with a role reads; nothing is changed through the graph. Denied unless a rule allows it.
import { shield } from '#shared/graphql/shield.ts'
import { canRead, denyAll, federationRules, type PermissionRules } from '../../contracts/permission-rules.ts'

export const rules = {
  Query: { ...federationRules, entity: canRead },
  _Service: canRead,
  Entity: canRead,
  EntityConnection: canRead,
  EntityEdge: canRead,
  Relationship: canRead,
  RelationshipConnection: canRead,
  RelationshipEdge: canRead,
  Mention: canRead,
  MentionConnection: canRead,
  MentionEdge: canRead,
  KnowledgeBase: canRead,
  Document: canRead,
  Chunk: { id: canRead },
  PageInfo: canRead,
  TextSpan: canRead,
} satisfies PermissionRules

export const permissions = shield(rules, { fallbackRule: denyAll, allowExternalErrors: true })
