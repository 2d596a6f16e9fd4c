// Who may what in accounts. Denied unless a rule allows it.
import { shield } from '#shared/graphql/shield.ts'
import {
  canAdminister,
  canRead,
  denyAll,
  federationRules,
  type PermissionRules,
} from '../../contracts/permission-rules.ts'

export const rules = {
  Query: { ...federationRules, node: canRead, viewer: canRead, apiKeys: canAdminister },
  Mutation: { apiKeyCreate: canAdminister, apiKeyRevoke: canAdminister },
  _Service: canRead,
  Workspace: canRead,
  Viewer: canRead,
  ApiKey: canAdminister,
  ApiKeyCreatePayload: canAdminister,
  ApiKeyRevokePayload: canAdminister,
  AccountsUserError: canAdminister,
  // Stubs that `node` answers with; their owners guard the fields.
  ...Object.fromEntries(
    [
      'Model',
      'ModelHost',
      'Generation',
      'KnowledgeBase',
      'Document',
      'Chunk',
      'Answer',
      'Upload',
      'IngestionJob',
      'IngestionItem',
      'Entity',
      'Relationship',
    ].map((typeName) => [typeName, { id: canRead }]),
  ),
} satisfies PermissionRules

export const permissions = shield(rules, { fallbackRule: denyAll, allowExternalErrors: true })
