// The resolvers of ingestion: read arguments, call one use case, map to the payload.
import { readPage } from '#shared/graphql/connection.ts'
import { scalars } from '#shared/graphql/scalars.ts'
import type { JobResult } from '../create-job.ts'
import { warningsOf } from '../domain/warnings.ts'
import { MOST_SAME_NAME_ITEMS } from '../loaders.ts'
import type { Resolvers } from '../schema.generated.ts'
import { subscription } from './subscription.ts'

const jobPayload = (result: JobResult) =>
  'mistakes' in result
    ? { ingestionJob: null, userErrors: result.mistakes }
    : { ingestionJob: result.job, userErrors: [] }

export const resolvers: Resolvers = {
  ...scalars,
  Query: {
    ingestionJobs: (_parent, page, { readJobs, identity }) => readJobs.list(identity.workspaceId, readPage(page)),
    ingestionJob: (_parent, { id }, { loaders }) => loaders.job.load(id),
  },
  Mutation: {
    uploadCreate: async (_parent, { input }, { uploads, identity }) => {
      const { fileName, sizeBytes, mediaType } = input
      const result = await uploads.create(identity.workspaceId, {
        fileName,
        sizeBytes: Number(sizeBytes),
        mediaType: mediaType ?? null,
      })
      return 'mistakes' in result
        ? { upload: null, userErrors: result.mistakes }
        : { upload: result.upload, userErrors: [] }
    },
    ingestionJobCreate: async (_parent, { input }, { createJob, identity, signal }) => {
      const job = {
        knowledgeBaseId: input.knowledgeBaseId,
        uploadIds: input.uploadIds ?? [],
        texts: (input.texts ?? []).map(({ title, text, mediaType }) => ({ title, text, mediaType: mediaType ?? null })),
        tags: input.tags ?? [],
        idempotencyKey: input.idempotencyKey ?? null,
      }
      return jobPayload(await createJob(identity, job, signal))
    },
    ingestionJobCancel: async (_parent, { id }, { endJobs, identity }) =>
      jobPayload(await endJobs.cancel(identity.workspaceId, id)),
    ingestionJobRetry: async (_parent, { id }, { endJobs, identity }) =>
      jobPayload(await endJobs.retry(identity.workspaceId, id)),
  },
  Subscription: subscription,
  Upload: {
    __resolveReference: async ({ id }, { loaders }) => loaders.upload.load(id),
    url: (upload, _arguments, { uploads, publicUrl }) => uploads.addressOf(upload, publicUrl),
    isReceived: (upload, _arguments, { uploads, signal }) => uploads.hasArrived(upload, signal),
  },
  IngestionJob: {
    __resolveReference: async ({ id }, { loaders }) => loaders.job.load(id),
    knowledgeBase: ({ knowledgeBaseId, isKnowledgeBaseDeleted }) =>
      isKnowledgeBaseDeleted ? null : { __typename: 'KnowledgeBase', id: knowledgeBaseId },
    items: ({ id }, page, { loaders }) => loaders.itemsOfJob.load({ jobId: id, page: readPage(page) }),
  },
  IngestionItem: {
    __resolveReference: async ({ id }, { loaders }) => loaders.item.load(id),
    warnings: (item) => warningsOf(item),
    sameNameItems: async (item, _arguments, { loaders }) => {
      const items = await loaders.itemsOfName.load(item)
      return items.filter(({ id }) => id !== item.id).slice(0, MOST_SAME_NAME_ITEMS)
    },
    document: ({ documentId, isDocumentDeleted }) =>
      isDocumentDeleted ? null : { __typename: 'Document', id: documentId },
  },
  Document: {
    // Knowledge says whether the document exists; here it is only known by the item that it came in with.
    __resolveReference: async ({ id }, { loaders }) =>
      (await loaders.itemOfDocument.load(id)) ? { __typename: 'Document', id } : null,
    ingestionItem: ({ id }, _arguments, { loaders }) => loaders.itemOfDocument.load(id),
    ingestionJob: async ({ id }, _arguments, { loaders }) => {
      const item = await loaders.itemOfDocument.load(id)
      return item && loaders.job.load(item.jobId)
    },
  },
}
