// A selection as an operation on the schema of neo4j-schema.ts, and its result as records. Pages are asked for as connections: compiled as plain
// lists, what is below would be read for every row before the page is cut. The text depends on the form of the selection alone;
// what differs from call to call travels in variables, so that the server finds its plan again.
import type {
  EntityRecord,
  MentionPosition,
  MentionRecord,
  PageOf,
  RankPosition,
  RelationshipRecord,
} from '../domain/graph-records.ts'
import { pageKey, type EntitySelection, type RelationshipSelection } from '../domain/graph-selection.ts'

export interface Connection<Node, Properties = never> {
  edges: { node: Node; properties: Properties }[]
}

/** What the operation answers for an entity: its own fields, and pages under `r0`, `r1`, … and `m0`, `m1`, …. */
export type EntityAnswer = Pick<EntityRecord, 'id' | 'name' | 'type' | 'mentionCount'> & Record<string, unknown>
export type RelationshipAnswer = Pick<RelationshipRecord, 'id' | 'type' | 'weight'> &
  Record<string, unknown> & { source?: EntityAnswer[]; target?: EntityAnswer[] }

export interface Question {
  /** Declares a variable and answers how it is written. */
  variable(type: string, value: unknown): string
  entity(selection: EntitySelection): string
  relationship(selection: RelationshipSelection): string
  /** The whole operation around its root field. */
  operation(root: string): { source: string; variables: Record<string, unknown> }
}

export function createQuestion(): Question {
  const variables: Record<string, unknown> = {}
  const declarations: string[] = []

  function variable(type: string, value: unknown): string {
    const name = `v${declarations.length}`
    declarations.push(`$${name}: ${type}`)
    variables[name] = value
    return `$${name}`
  }

  function entity(selection: EntitySelection): string {
    const relationships = selection.relationships.map(({ page, each }, index) => {
      const where = variable('EntityRelationshipsConnectionWhere', onNode(isBehindRank(page, 'weight')))
      const sort = '[{ node: { weight: DESC } }, { node: { id: ASC } }]'
      return `r${index}: relationshipsConnection(where: ${where}, first: ${variable('Int', page.limit)}, sort: ${sort}) { edges { node ${relationship(each)} } }`
    })
    return `{ id name type mentionCount ${[...relationships, ...mentions('Entity', selection.mentions)].join(' ')} }`
  }

  function relationship({ source, target, mentions: pages }: RelationshipSelection): string {
    const ends = [
      ...(source === null ? [] : [`source ${entity(source)}`]),
      ...(target === null ? [] : [`target ${entity(target)}`]),
    ]
    return `{ id type weight ${[...ends, ...mentions('Relationship', pages)].join(' ')} }`
  }

  function mentions(owner: 'Entity' | 'Relationship', pages: readonly PageOf<MentionPosition>[]): string[] {
    return pages.map((page, index) => {
      const where = variable(`${owner}MentionsConnectionWhere`, onNode(isBehindMention(page)))
      const sort = '[{ node: { documentId: ASC } }, { node: { startOffset: ASC } }, { node: { endOffset: ASC } }]'
      const fields = 'documentId startOffset endOffset page chunkId'
      return `m${index}: mentionsConnection(where: ${where}, first: ${variable('Int', page.limit)}, sort: ${sort}) { edges { node { ${fields} } } }`
    })
  }

  return {
    variable,
    entity,
    relationship,
    operation: (root) => ({
      source: `query ${declarations.length === 0 ? '' : `(${declarations.join(', ')})`} { ${root} }`,
      variables,
    }),
  }
}

const onNode = (filter: object | null): object | null => filter && { node: filter }

/** Rows behind a position in the order `rank` descending, `id` ascending, as a filter on the node; null for all. */
function isBehindRank({ after }: PageOf<RankPosition>, rank: string): object | null {
  if (after === null) return null
  return { OR: [{ [rank]: { lt: after.rank } }, { [rank]: { eq: after.rank }, id: { gt: after.id } }] }
}

function isBehindMention({ after }: PageOf<MentionPosition>): object | null {
  if (after === null) return null
  const { documentId, startOffset, endOffset } = after
  const inDocument = { documentId: { eq: documentId } }
  return {
    OR: [
      { documentId: { gt: documentId } },
      { ...inDocument, startOffset: { gt: startOffset } },
      { ...inDocument, startOffset: { eq: startOffset }, endOffset: { gt: endOffset } },
    ],
  }
}

export function toEntity(answer: EntityAnswer, selection: EntitySelection): EntityRecord {
  const { id, name, type, mentionCount } = answer
  const relationships = selection.relationships.map(({ page, each }, index) => {
    const rows = nodesOf(answer[`r${index}`] as Connection<RelationshipAnswer>)
    return [pageKey(page), rows.map((row) => toRelationship(row, each))] as const
  })
  return {
    id,
    name,
    type,
    mentionCount,
    relationships: new Map(relationships),
    mentions: toMentions(answer, selection),
  }
}

export function toRelationship(answer: RelationshipAnswer, selection: RelationshipSelection): RelationshipRecord {
  const { id, type, weight } = answer
  const end = (rows: EntityAnswer[] | undefined, asked: EntitySelection | null) =>
    asked === null || rows?.[0] === undefined ? null : toEntity(rows[0], asked)
  return {
    id,
    type,
    weight,
    source: end(answer.source, selection.source),
    target: end(answer.target, selection.target),
    mentions: toMentions(answer, selection),
  }
}

function toMentions(answer: Record<string, unknown>, { mentions }: Pick<EntitySelection, 'mentions'>) {
  return new Map(
    mentions.map((page, index) => {
      const rows = nodesOf(answer[`m${index}`] as Connection<MentionRecord>)
      return [pageKey(page), rows.map(toMention)] as const
    }),
  )
}

/** Without what the compiler adds for itself. */
const toMention = ({ documentId, startOffset, endOffset, page, chunkId }: MentionRecord): MentionRecord => ({
  documentId,
  startOffset,
  endOffset,
  page,
  chunkId,
})

const nodesOf = <Node>({ edges }: Connection<Node>): Node[] => edges.map(({ node }) => node)
