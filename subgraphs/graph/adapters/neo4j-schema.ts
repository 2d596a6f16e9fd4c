// The graph as @neo4j/graphql sees it: what is stored, not what clients see. Whatever is read through it is compiled into one Cypher statement,
// and its authorization filters pin the workspace at every level.
import { Neo4jGraphQL } from '@neo4j/graphql'
import type { GraphQLSchema } from 'graphql'
import { randomBytes } from 'node:crypto'

const OF_WORKSPACE =
  '@node @authorization(filter: [{ where: { node: { workspaceId: { eq: "$jwt.workspaceId" } } } }]) @mutation(operations: []) @subscription(events: [])'

/**
 * A relationship is a node, since it has places of its own that show it:
 * (Entity)-[:TAKES_PART_IN]->(Relationship)-[:HAS_SOURCE|HAS_TARGET]->(Entity). What a document says of an entity is on NAMES.
 */
const TYPE_DEFINITIONS = `
  type JWT @jwt { workspaceId: String! }

  type KnowledgeBase ${OF_WORKSPACE} {
    workspaceId: String!
    id: String!
    entities: [Entity!]! @relationship(type: "HAS_ENTITY", direction: OUT, aggregate: false)
  }

  type Document ${OF_WORKSPACE} {
    workspaceId: String!
    id: String!
    entities: [Entity!]! @relationship(type: "NAMES", direction: OUT, properties: "Contribution", aggregate: false)
  }

  type Contribution @relationshipProperties {
    mentionCount: Int!
  }

  type Entity ${OF_WORKSPACE} {
    workspaceId: String!
    id: String!
    type: String!
    name: String!
    normalizedName: String!
    mentionCount: Int!
    relationships: [Relationship!]! @relationship(type: "TAKES_PART_IN", direction: OUT, aggregate: false)
    mentions: [Mention!]! @relationship(type: "MENTIONED_AT", direction: OUT, aggregate: false)
  }

  type Relationship ${OF_WORKSPACE} {
    workspaceId: String!
    id: String!
    type: String!
    weight: Int!
    source: [Entity!]! @relationship(type: "HAS_SOURCE", direction: OUT, aggregate: false)
    target: [Entity!]! @relationship(type: "HAS_TARGET", direction: OUT, aggregate: false)
    mentions: [Mention!]! @relationship(type: "SHOWN_AT", direction: OUT, aggregate: false)
  }

  type Mention ${OF_WORKSPACE} {
    workspaceId: String!
    documentId: String!
    startOffset: Int!
    endOffset: Int!
    page: Int
    chunkId: String
  }
`

export function buildNeo4jSchema(): Promise<GraphQLSchema> {
  return new Neo4jGraphQL({
    typeDefs: TYPE_DEFINITIONS,
    features: {
      filters: { String: { GT: true } },
      // No token is ever decoded: the workspace comes with each call as claims that were verified before.
      authorization: { key: randomBytes(32).toString('hex') },
    },
  }).getSchema()
}
