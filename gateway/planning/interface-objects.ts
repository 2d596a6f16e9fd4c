// What the planner cannot do below an interface that some subgraph has as an object: there it looks for conditions on other interfaces in vain, and it
// takes fields of one response name for the same, although different types may have them with different arguments.
import {
  isAbstractType,
  isInterfaceType,
  isObjectType,
  Kind,
  parse,
  TypeInfo,
  visit,
  visitWithTypeInfo,
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLSchema,
  type InlineFragmentNode,
  type SelectionNode,
} from 'graphql'

export interface InterfaceObjects {
  interfaces: ReadonlySet<string>
  /** Names of all fields of those interfaces. */
  fields: ReadonlySet<string>
}

export function interfaceObjectsOf(supergraphSdl: string): InterfaceObjects {
  const interfaces = new Set<string>()
  const fields = new Set<string>()
  for (const definition of parse(supergraphSdl, { noLocation: true }).definitions) {
    if (definition.kind !== Kind.INTERFACE_TYPE_DEFINITION) continue
    const isObjectSomewhere = definition.directives?.some(({ arguments: given }) =>
      given?.some(
        ({ name, value }) => name.value === 'isInterfaceObject' && value.kind === Kind.BOOLEAN && value.value,
      ),
    )
    if (!isObjectSomewhere) continue
    interfaces.add(definition.name.value)
    for (const field of definition.fields ?? []) fields.add(field.name.value)
  }
  return { interfaces, fields }
}

/** The same document with conditions on interfaces written as conditions on their types, where the planner needs that. */
export function expandInterfaces(
  document: DocumentNode,
  schema: GraphQLSchema,
  { interfaces }: InterfaceObjects,
): DocumentNode {
  if (interfaces.size === 0) return document
  const fragments = new Map(
    document.definitions
      .filter((definition): definition is FragmentDefinitionNode => definition.kind === Kind.FRAGMENT_DEFINITION)
      .map((fragment) => [fragment.name.value, fragment]),
  )
  const expand = (parentName: string, selection: SelectionNode): readonly SelectionNode[] => {
    const fragment = inlined(selection, fragments)
    const condition = fragment && schema.getType(fragment.typeCondition?.name.value ?? parentName)
    if (!fragment || condition?.name === parentName) return [selection]
    const parent = schema.getType(parentName)
    if (isObjectType(condition)) return isAbstractType(parent) && schema.isSubType(parent, condition) ? [selection] : []
    if (!isAbstractType(condition)) return [selection]
    return schema
      .getPossibleTypes(condition)
      .filter((type) => type === parent || (isAbstractType(parent) && schema.isSubType(parent, type)))
      .map((type) => ({
        ...fragment,
        typeCondition: { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: type.name } },
      }))
  }
  const types = new TypeInfo(schema)
  return visit(
    document,
    visitWithTypeInfo(types, {
      SelectionSet: {
        enter(node) {
          const parent = types.getParentType()
          if (!isInterfaceType(parent) && !isObjectType(parent)) return undefined
          if (![parent, ...parent.getInterfaces()].some(({ name }) => interfaces.has(name))) return undefined
          return { ...node, selections: node.selections.flatMap((selection) => expand(parent.name, selection)) }
        },
      },
    }),
  )
}

function inlined(
  selection: SelectionNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
): InlineFragmentNode | null {
  if (selection.kind === Kind.INLINE_FRAGMENT) return selection
  const fragment = selection.kind === Kind.FRAGMENT_SPREAD ? fragments.get(selection.name.value) : undefined
  return fragment
    ? {
        kind: Kind.INLINE_FRAGMENT,
        typeCondition: fragment.typeCondition,
        selectionSet: fragment.selectionSet,
        ...(selection.directives ? { directives: selection.directives } : {}),
      }
    : null
}
