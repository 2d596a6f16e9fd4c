// Who may what in metrics: figures of a knowledge base belong to whoever may read it, the workspace's usage to its administrators.
// Denied unless a rule allows it.
import { shield } from '#shared/graphql/shield.ts'
import {
  canAdminister,
  canRead,
  denyAll,
  federationRules,
  type PermissionRules,
} from '../../contracts/permission-rules.ts'

export const rules = {
  Query: { ...federationRules, usage: canAdminister },
  _Service: canRead,
  UsageBucket: canAdminister,
  KnowledgeBase: canRead,
  KnowledgeBaseMetrics: canRead,
  Percentiles: canRead,
} satisfies PermissionRules

export const permissions = shield(rules, { fallbackRule: denyAll, allowExternalErrors: true })
