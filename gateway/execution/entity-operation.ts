// The operations of entity fetches, as far as several of them can be one: each asks `_entities` once, with representations of its own, and all
// mean the same by their variables and fragments.
import {
  Kind,
  OperationTypeNode,
  parse,
  print,
  stripIgnoredCharacters,
  type FieldNode,
  type OperationDefinitionNode,
} from 'graphql'
import { internalName, looksInternal } from '../planning/internal-names.ts'
import type { FetchInParts } from '../planning/required-fields.ts'
import type { SubgraphOperation } from '../subgraphs/subgraph-client.ts'

export interface EntityOperation {
  /** Equal for fetches that ask the same of the same kind of representations. */
  key: string
  entities: FieldNode
  /** The type of `$representations`. */
  representationsType: string
  /** Other variables and fragments, as text by their names. */
  variables: ReadonlyMap<string, string>
  fragments: ReadonlyMap<string, string>
}

const REPRESENTATIONS = 'representations'

/** Null for what is sent as the planner has made it. */
export function entityOperationOf(fetch: FetchInParts): EntityOperation | null {
  if (!fetch.requires || fetch.operationKind === OperationTypeNode.MUTATION) return null
  if (fetch.variableUsages?.some((name) => name === REPRESENTATIONS || looksInternal(name))) return null
  const { definitions } = parse(fetch.operation, { noLocation: true })
  const operation = definitions.find((each): each is OperationDefinitionNode => each.kind === Kind.OPERATION_DEFINITION)
  const [entities, ...others] = operation?.selectionSet.selections ?? []
  if (!operation || operation.directives?.length || others.length > 0 || !isEntities(entities)) return null
  const variables = new Map(
    (operation.variableDefinitions ?? []).map((each) => [each.variable.name.value, print(each)] as const),
  )
  const representationsType = operation.variableDefinitions?.find(
    ({ variable }) => variable.name.value === REPRESENTATIONS,
  )?.type
  if (!representationsType) return null
  variables.delete(REPRESENTATIONS)
  const fragments = new Map(
    definitions.flatMap((each) =>
      each.kind === Kind.FRAGMENT_DEFINITION ? [[each.name.value, print(each)] as const] : [],
    ),
  )
  const { requires, inputRewrites, outputRewrites, contextRewrites, parts } = fetch
  return {
    key: JSON.stringify([
      print(entities),
      [...variables.values()].toSorted(),
      [...fragments.values()].toSorted(),
      [requires, inputRewrites, outputRewrites, contextRewrites, parts?.map(({ operation }) => operation)],
    ]),
    entities,
    representationsType: print(representationsType),
    variables,
    fragments,
  }
}

function isEntities(node: unknown): node is FieldNode {
  const { kind, name, alias, arguments: given } = (node ?? {}) as FieldNode
  if (kind !== Kind.FIELD || name.value !== '_entities' || alias || given?.length !== 1) return false
  const { value } = given[0]!
  return value.kind === Kind.VARIABLE && value.name.value === REPRESENTATIONS
}

/** Whether names mean the same in both. */
export const areCompatible = (one: EntityOperation, other: EntityOperation): boolean =>
  isSameWhereBoth(one.variables, other.variables) && isSameWhereBoth(one.fragments, other.fragments)

const isSameWhereBoth = (one: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>): boolean =>
  [...one].every(([name, text]) => (other.get(name) ?? text) === text)

/** How a part of a joined operation is called in it. */
export const entitiesOfPart = (index: number): string => internalName(index, 'entities')
export const representationsOfPart = (index: number): string => internalName(index, REPRESENTATIONS)

/** One operation that asks for all; they must be compatible. */
export function joinOperations(
  operations: readonly EntityOperation[],
  operationName: string | undefined,
): SubgraphOperation {
  const variables = new Map(operations.flatMap((each) => [...each.variables]))
  const fragments = new Map(operations.flatMap((each) => [...each.fragments]))
  const definitions = [
    ...operations.map(({ representationsType }, index) => `$${representationsOfPart(index)}: ${representationsType}`),
    ...variables.values(),
  ]
  const fields = operations.map(({ entities }, index) => {
    const { selectionSet } = entities
    return `${entitiesOfPart(index)}: _entities(representations: $${representationsOfPart(index)}) ${print(selectionSet!)}`
  })
  const text = `query ${operationName ?? ''}(${definitions.join(', ')}) { ${fields.join('\n')} }\n${[...fragments.values()].join('\n')}`
  return { kind: 'query', query: stripIgnoredCharacters(text), operationName }
}
