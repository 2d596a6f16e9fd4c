// The resolvers of graph: read arguments, ask one loader, map to the payload.
import { TributaryError } from '#shared/errors.ts'
import { scalars } from '#shared/graphql/scalars.ts'
import { entityTypes } from '../domain/entity.ts'
import type { EntityRecord, RankedEntity } from '../domain/graph-records.ts'
import type { Context } from '../context.ts'
import type { Resolvers } from '../schema.generated.ts'
import { connectMentions, connectRanked } from './pages.ts'

/** Longest part of a name that is searched for, in UTF-16 code units. */
const QUERY_MAXIMUM_LENGTH = 200

export const resolvers: Resolvers = {
  ...scalars,
  Query: {
    entity: (_parent, { id }, { loaders }) => loaders.entity.load(id),
  },
  Entity: {
    __resolveReference: async ({ id }, { loaders }) => loaders.entity.load(id),
    // Descriptions are derived by a later step; nothing is made up in the meantime.
    description: () => null,
    mentions: ({ id }, page, { loaders }) => connectMentions(page, (asked) => loaders.mentionsOfEntity(id, asked)),
    relationships: ({ id }, page, { loaders }) =>
      connectRanked(
        page,
        (relationship) => relationship.weight,
        (asked) => loaders.relationshipsOfEntity(id, asked),
      ),
  },
  Relationship: {
    __resolveReference: async ({ id }, { loaders }) => loaders.relationship.load(id),
    source: ({ sourceId }, _arguments, context) => endOf(sourceId, context),
    target: ({ targetId }, _arguments, context) => endOf(targetId, context),
    description: () => null,
    mentions: ({ id }, page, { loaders }) =>
      connectMentions(page, (asked) => loaders.mentionsOfRelationship(id, asked)),
  },
  Mention: {
    document: ({ documentId }) => ({ __typename: 'Document', id: documentId }),
    chunk: ({ chunkId }) => (chunkId === null ? null : { __typename: 'Chunk', id: chunkId }),
    span: ({ startOffset, endOffset, page }) => ({ startOffset, endOffset, page }),
  },
  KnowledgeBase: {
    entities: ({ id }, { query, type, ...page }, { loaders }) => {
      if ((query?.length ?? 0) > QUERY_MAXIMUM_LENGTH) {
        throw new TributaryError(
          'BAD_USER_INPUT',
          `The argument "query" is longer than ${QUERY_MAXIMUM_LENGTH} characters; pass a part of a name.`,
          { path: ['query'] },
        )
      }
      // A type that does not exist has no entities.
      const known = entityTypes.find((each) => each === type)
      const filter = { query: query ?? null, type: known ?? null }
      return connectRanked<RankedEntity>(
        page,
        (entity) => entity.rank,
        async (asked) => (type != null && !known ? [] : loaders.entitiesOfKnowledgeBase(id, asked, filter)),
      )
    },
  },
  Document: {
    entities: ({ id }, page, { loaders }) =>
      connectRanked<RankedEntity>(
        page,
        (entity) => entity.rank,
        (asked) => loaders.entitiesOfDocument(id, asked),
      ),
  },
}

/** Both ends live as long as the relationship; only a deletion between two statements can take one away. */
async function endOf(entityId: string, { loaders }: Context): Promise<EntityRecord> {
  const entity = await loaders.entity.load(entityId)
  if (!entity) throw new TributaryError('NOT_FOUND', 'The relationship was deleted while it was read.')
  return entity
}
