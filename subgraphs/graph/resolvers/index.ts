// The resolvers of graph: read arguments, ask one loader, map to the payload.
import { TributaryError } from '#shared/errors.ts'
import { scalars } from '#shared/graphql/scalars.ts'
import { entityTypes } from '../domain/entity.ts'
import type { EntityRecord, MentionPosition, PageOf, RankedEntity } from '../domain/graph-records.ts'
import { pageKey } from '../domain/graph-selection.ts'
import type { Resolvers } from '../schema.generated.ts'
import { connectMentions, connectRanked, readMentionPage, readRankedPage } from './pages.ts'
import { entitySelectionOf, nodesSelectionOf, relationshipSelectionOf } from './selection.ts'

/** Longest part of a name that is searched for, in UTF-16 code units. */
const QUERY_MAXIMUM_LENGTH = 200

export const resolvers: Resolvers = {
  ...scalars,
  Query: {
    entity: (_parent, { id }, { loaders }, info) => loaders.entity(id, entitySelectionOf(info)),
  },
  Entity: {
    __resolveReference: async ({ id }, { loaders }, info) => loaders.entity(id, entitySelectionOf(info)),
    // Descriptions are derived by a later step; nothing is made up in the meantime.
    description: () => null,
    mentions: (entity, page) => mentionsOf(entity, readMentionPage(page)),
    relationships({ relationships }, arguments_) {
      const page = readRankedPage(arguments_)
      return connectRanked(page, selected(relationships, page), ({ weight }) => weight)
    },
  },
  Relationship: {
    __resolveReference: async ({ id }, { loaders }, info) => loaders.relationship(id, relationshipSelectionOf(info)),
    source: ({ source }) => source ?? endIsGone(),
    target: ({ target }) => target ?? endIsGone(),
    description: () => null,
    mentions: (relationship, page) => mentionsOf(relationship, readMentionPage(page)),
  },
  Mention: {
    document: ({ documentId }) => ({ __typename: 'Document', id: documentId }),
    chunk: ({ chunkId }) => (chunkId === null ? null : { __typename: 'Chunk', id: chunkId }),
    span: ({ startOffset, endOffset, page }) => ({ startOffset, endOffset, page }),
  },
  KnowledgeBase: {
    async entities({ id }, { query, type, ...page }, { loaders }, info) {
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
      const asked = readRankedPage(page)
      const isUnknownType = type != null && !known
      const rows = isUnknownType ? [] : await loaders.entitiesOfKnowledgeBase(id, nodesSelectionOf(info), asked, filter)
      return connectRanked<RankedEntity>(asked, rows, ({ rank }) => rank)
    },
  },
  Document: {
    async entities({ id }, page, { loaders }, info) {
      const asked = readRankedPage(page)
      const rows = await loaders.entitiesOfDocument(id, nodesSelectionOf(info), asked)
      return connectRanked<RankedEntity>(asked, rows, ({ rank }) => rank)
    },
  },
}

function mentionsOf({ mentions }: Pick<EntityRecord, 'mentions'>, page: PageOf<MentionPosition>) {
  return connectMentions(page, selected(mentions, page))
}

/** A page is always there: it was read because the operation selects it. */
function selected<Row>(pages: ReadonlyMap<string, readonly Row[]>, page: PageOf<object>): readonly Row[] {
  const rows = pages.get(pageKey(page))
  if (!rows) throw new TributaryError('INTERNAL_SERVER_ERROR', 'A page of the graph was selected but not read.')
  return rows
}

/** Both ends live as long as the relationship; only a deletion between two statements can take one away. */
function endIsGone(): never {
  throw new TributaryError('NOT_FOUND', 'The relationship was deleted while it was read.')
}
