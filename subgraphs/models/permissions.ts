// Who may what in models. Denied unless a rule allows it.
import { shield } from '#shared/graphql/shield.ts'
import { canAsk, canRead, denyAll, federationRules, type PermissionRules } from '../../contracts/permission-rules.ts'

export const rules = {
  Query: { ...federationRules, models: canRead, model: canRead, modelHosts: canRead, generation: canRead },
  Mutation: { generationStart: canAsk, generationCancel: canAsk },
  Subscription: { generationStream: canAsk, generationEvents: canRead },
  _Service: canRead,
  PageInfo: canRead,
  TokenUsage: canRead,
  Model: canRead,
  ModelHost: canRead,
  ModelConnection: canRead,
  ModelEdge: canRead,
  Generation: canRead,
  GenerationStartPayload: canAsk,
  GenerationCancelPayload: canAsk,
  GenerationStarted: canRead,
  GenerationDelta: canRead,
  GenerationCompleted: canRead,
  GenerationFailed: canRead,
  ModelsUserError: canAsk,
} satisfies PermissionRules

export const permissions = shield(rules, { fallbackRule: denyAll, allowExternalErrors: true })
