// Who may what in ingestion. Denied unless a rule allows it.
import { shield } from '#shared/graphql/shield.ts'
import { canIngest, canRead, denyAll, federationRules, type PermissionRules } from '../../contracts/permission-rules.ts'

export const rules = {
  Query: { ...federationRules, ingestionJobs: canRead, ingestionJob: canRead },
  Mutation: {
    uploadCreate: canIngest,
    ingestionJobCreate: canIngest,
    ingestionJobCancel: canIngest,
    ingestionJobRetry: canIngest,
  },
  Subscription: { ingestionJobEvents: canRead },
  _Service: canRead,
  PageInfo: canRead,
  // Whoever has the address may send the bytes: the token in it asks for no role.
  Upload: { '*': canRead, url: canIngest },
  UploadCreatePayload: canIngest,
  IngestionJob: canRead,
  IngestionJobConnection: canRead,
  IngestionJobEdge: canRead,
  IngestionItem: canRead,
  IngestionItemConnection: canRead,
  IngestionItemEdge: canRead,
  IngestionStep: canRead,
  IngestionProgress: canRead,
  IngestionWarning: canRead,
  IngestionError: canRead,
  IngestionJobCreatePayload: canIngest,
  IngestionJobRetryPayload: canIngest,
  IngestionJobCancelPayload: canIngest,
  IngestionStepFinished: canRead,
  IngestionStepProgressed: canRead,
  IngestionJobFinished: canRead,
  IngestionUserError: canIngest,
  // Owned by knowledge: how a document came in is ours; of a knowledge base only its id is known here.
  Document: canRead,
  KnowledgeBase: { id: canRead },
} satisfies PermissionRules

export const permissions = shield(rules, { fallbackRule: denyAll, allowExternalErrors: true })
