// What an operation selects below an entity or a relationship, read from it before the first resolver below runs. Two fields that ask for the
// same page are one page with all that either selects; a page that its own resolver is going to refuse is left out.
import type { GraphQLResolveInfo } from 'graphql'
import { parseResolveInfo, type FieldsByTypeName, type ResolveTree } from 'graphql-parse-resolve-info'
import { TributaryError } from '#shared/errors.ts'
import type { PageOf } from '../domain/graph-records.ts'
import { pageKey, type EntitySelection, type RelationshipSelection } from '../domain/graph-selection.ts'
import { readMentionPage, readRankedPage } from './pages.ts'

/** Of a field that answers an Entity, or of `_entities`. */
export const entitySelectionOf = (info: GraphQLResolveInfo): EntitySelection => readEntity(fieldsBelow(info, 'Entity'))

/** Of a field that answers a Relationship, or of `_entities`. */
export const relationshipSelectionOf = (info: GraphQLResolveInfo): RelationshipSelection =>
  readRelationship(fieldsBelow(info, 'Relationship'))

/** Of a field that answers a connection of entities. */
export const nodesSelectionOf = (info: GraphQLResolveInfo): EntitySelection =>
  readEntity(nodesBelow([parsed(info)], 'EntityConnection', 'EntityEdge', 'Entity'))

function readEntity(fields: readonly ResolveTree[]): EntitySelection {
  return {
    relationships: pagesOf(named(fields, 'relationships'), readRankedPage).map(([page, asked]) => ({
      page,
      each: readRelationship(nodesBelow(asked, 'RelationshipConnection', 'RelationshipEdge', 'Relationship')),
    })),
    mentions: mentionPagesOf(fields),
  }
}

function readRelationship(fields: readonly ResolveTree[]): RelationshipSelection {
  const end = (name: string): EntitySelection | null => {
    const asked = named(fields, name)
    return asked.length === 0 ? null : readEntity(asked.flatMap((field) => fieldsOf(field, 'Entity')))
  }
  return { source: end('source'), target: end('target'), mentions: mentionPagesOf(fields) }
}

const mentionPagesOf = (fields: readonly ResolveTree[]) =>
  pagesOf(named(fields, 'mentions'), readMentionPage).map(([page]) => page)

/** Each page once, with the fields that ask for it. */
function pagesOf<Page extends PageOf<object>>(
  fields: readonly ResolveTree[],
  read: (page: object) => Page,
): [page: Page, asked: ResolveTree[]][] {
  const pages = new Map<string, [Page, ResolveTree[]]>()
  for (const field of fields) {
    const page = orUndefined(() => read(field.args))
    if (page === undefined) continue
    const [, asked] = pages.get(pageKey(page)) ?? [page, []]
    pages.set(pageKey(page), [page, [...asked, field]])
  }
  return [...pages.values()]
}

/** The resolver of the field reads its arguments again, and throws there. */
function orUndefined<Value>(read: () => Value): Value | undefined {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof TributaryError)) throw error
    return undefined
  }
}

/** What is selected of the nodes of connections, by `nodes` and by `edges { node }`. */
function nodesBelow(connections: readonly ResolveTree[], connection: string, edge: string, node: string) {
  const fields = connections.flatMap((each) => fieldsOf(each, connection))
  const nodes = [
    ...named(fields, 'nodes'),
    ...named(
      named(fields, 'edges').flatMap((each) => fieldsOf(each, edge)),
      'node',
    ),
  ]
  return nodes.flatMap((each) => fieldsOf(each, node))
}

const fieldsBelow = (info: GraphQLResolveInfo, type: string) => fieldsOf(parsed(info), type)

const parsed = (info: GraphQLResolveInfo) => parseResolveInfo(info) as ResolveTree

function fieldsOf({ fieldsByTypeName }: { fieldsByTypeName: FieldsByTypeName }, type: string): ResolveTree[] {
  return Object.values(fieldsByTypeName[type] ?? {})
}

const named = (fields: readonly ResolveTree[], name: string) => fields.filter((field) => field.name === name)
