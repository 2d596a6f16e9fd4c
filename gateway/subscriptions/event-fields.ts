// What the response keys of a subscription's events stand for: aliases make `text` any name, and each type of event has its own.
import {
  getNamedType,
  getOperationAST,
  isAbstractType,
  isObjectType,
  Kind,
  parse,
  type GraphQLObjectType,
  type GraphQLSchema,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql'
import { deltasOf } from './delta-directive.ts'

export interface EventType {
  /** Keys whose values are pieces of a text. */
  deltas: ReadonlySet<string>
  /** Keys that say where the piece stands. */
  positions: ReadonlySet<string>
  /** Key of the field `cursor`; null where it is not asked for. */
  cursor: string | null
}

export interface EventFields {
  /** Of the one root field. */
  rootKey: string
  /** What an event without `__typename` is. Null: each says its type. */
  onlyType: string | null
  types: ReadonlyMap<string, EventType>
}

const CURSOR = 'cursor'

/** Null where the operation has not exactly one root field, or one that gives no object. `operation`: the text that a subgraph is asked. */
export function readEventFields(schema: GraphQLSchema, operation: string): EventFields | null {
  const document = parse(operation, { noLocation: true })
  const [selection, ...others] = getOperationAST(document)?.selectionSet.selections ?? []
  if (selection?.kind !== Kind.FIELD || !selection.selectionSet || others.length > 0) return null
  const field = schema.getSubscriptionType()?.getFields()[selection.name.value]
  const type = field && getNamedType(field.type)
  if (!isAbstractType(type) && !isObjectType(type)) return null
  const fragments = new Map(
    document.definitions.flatMap((definition) =>
      definition.kind === Kind.FRAGMENT_DEFINITION ? [[definition.name.value, definition] as const] : [],
    ),
  )
  /** The keys by field, of what is selected of the type. */
  const keysOf = (of: GraphQLObjectType, { selections }: SelectionSetNode): [key: string, field: string][] =>
    selections.flatMap((node: SelectionNode): [string, string][] => {
      if (node.kind === Kind.FIELD) return [[node.alias?.value ?? node.name.value, node.name.value]]
      const fragment = node.kind === Kind.INLINE_FRAGMENT ? node : fragments.get(node.name.value)
      return fragment && applies(schema, fragment.typeCondition?.name.value, of)
        ? keysOf(of, fragment.selectionSet)
        : []
    })
  const possible = isObjectType(type) ? [type] : schema.getPossibleTypes(type)
  return {
    rootKey: selection.alias?.value ?? selection.name.value,
    onlyType: isObjectType(type) ? type.name : null,
    types: new Map(
      possible.map((one) => [one.name, eventTypeOf(schema, one, keysOf(one, selection.selectionSet!))] as const),
    ),
  }
}

function eventTypeOf(schema: GraphQLSchema, type: GraphQLObjectType, keys: readonly [string, string][]): EventType {
  const deltas = deltasOf(schema)
  const positions = new Set(keys.flatMap(([, field]) => deltas.get(`${type.name}.${field}`) ?? []))
  const where = (matches: (field: string) => boolean) =>
    new Set(keys.flatMap(([key, field]) => (matches(field) ? [key] : [])))
  return {
    deltas: where((field) => deltas.has(`${type.name}.${field}`)),
    positions: where((field) => positions.has(field)),
    cursor: keys.find(([, field]) => field === CURSOR)?.[0] ?? null,
  }
}

function applies(schema: GraphQLSchema, condition: string | undefined, type: GraphQLObjectType): boolean {
  if (condition === undefined || condition === type.name) return true
  const named = schema.getType(condition)
  return isAbstractType(named) && schema.isSubType(named, type)
}
