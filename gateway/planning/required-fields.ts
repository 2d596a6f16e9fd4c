// What plans do with @requires, put right. The planner asks for what is required under its own name, and merges it with whatever has that name: the
// client's `x(limit: 1)` with `@requires(fields: "x(limit: 3)")`, or two requirements with each other, whatever their arguments. So it plans over a
// supergraph in which each required field with its arguments is a field of its own, without arguments; in its plans they become aliases, and
// representations get the real names. And it puts fields into one fetch that cannot share a representation: those that require one field with
// different arguments, and conditional ones, whose requirements are missing when their condition leaves them out. Such fetches are split.
import type { FetchNode, PlanNode, QueryPlanSelectionNode } from '@apollo/query-planner'
import {
  Kind,
  parse,
  print,
  stripIgnoredCharacters,
  visit,
  type ArgumentNode,
  type ConstDirectiveNode,
  type DocumentNode,
  type FieldDefinitionNode,
  type FragmentDefinitionNode,
  type InterfaceTypeDefinitionNode,
  type ObjectTypeDefinitionNode,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
  type TypeNode,
  type VariableDefinitionNode,
} from 'graphql'
import { internalName } from './internal-names.ts'

export interface RequiredFields {
  /** What the planner is to plan over; null where that is the supergraph as it is. */
  sdl: string | null
  /** A plan over it as one over the real subgraphs. */
  restore(node: PlanNode): PlanNode
}

type Composite = ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode

interface RequiredField {
  name: string
  internalName: string
  arguments: readonly ArgumentNode[]
}

interface Requirements {
  byInternalName: Map<string, RequiredField>
  /** What a field needs as paths of (internal) names, by subgraph, type and field. */
  needs: Map<string, ReadonlySet<string>>
  /** The paths of all keys of a type, by subgraph and type. */
  keys: ReadonlyMap<string, ReadonlySet<string>>
}

export function nameRequiredFields(supergraphSdl: string): RequiredFields {
  const document = parse(supergraphSdl, { noLocation: true })
  const composites = new Map(document.definitions.filter(isComposite).map((type) => [type.name.value, type]))
  const subgraphNames = subgraphNamesOf(document)
  const requirements: Requirements = {
    byInternalName: new Map(),
    needs: new Map(),
    keys: keysOf(composites, subgraphNames),
  }
  /** By type; with the subgraphs that require it there. */
  const added = new Map<string, Map<RequiredField, Set<string>>>()

  const requiredField = (
    type: Composite,
    name: string,
    given: readonly ArgumentNode[],
    graph: string,
  ): RequiredField => {
    const text = `${name}(${given.map(print).toSorted().join(',')})`
    const known = [...requirements.byInternalName.values()].find((each) => textOf(each) === text)
    const field = known ?? {
      name,
      internalName: internalName(requirements.byInternalName.size, name),
      arguments: given,
    }
    requirements.byInternalName.set(field.internalName, field)
    for (const each of [type, ...implementationsOf(composites, type)]) {
      const fields = added.get(each.name.value) ?? new Map<RequiredField, Set<string>>()
      added.set(each.name.value, fields.set(field, (fields.get(field) ?? new Set()).add(graph)))
    }
    return field
  }

  /** The selection with internal names in it; the names are added to `used`. */
  const rename = (
    graph: string,
    typeName: string,
    selectionSet: SelectionSetNode,
    used: Set<string>,
  ): SelectionSetNode => ({
    ...selectionSet,
    selections: selectionSet.selections.map((selection): SelectionNode => {
      if (selection.kind === Kind.INLINE_FRAGMENT)
        return {
          ...selection,
          selectionSet: rename(graph, selection.typeCondition?.name.value ?? typeName, selection.selectionSet, used),
        }
      if (selection.kind !== Kind.FIELD) return selection
      const type = composites.get(typeName)
      const field = type?.fields?.find(({ name }) => name.value === selection.name.value)
      if (!type || !field) return selection
      const below = selection.selectionSet && rename(graph, namedTypeOf(field.type), selection.selectionSet, used)
      const renamed = { ...selection, ...(below ? { selectionSet: below } : {}) }
      if (!field.arguments?.length) return renamed
      const required = requiredField(type, field.name.value, selection.arguments ?? [], graph)
      used.add(required.internalName)
      return { ...renamed, name: { kind: Kind.NAME, value: required.internalName }, arguments: [] }
    }),
  })

  const renameRequires = (type: Composite, field: FieldDefinitionNode): FieldDefinitionNode => ({
    ...field,
    directives: (field.directives ?? []).map((directive) => {
      const requires = stringArgument(directive, 'requires')
      const graph = graphOf(directive)
      if (directive.name.value !== 'join__field' || requires === null || graph === null) return directive
      const used = new Set<string>()
      const selectionSet = rename(graph, type.name.value, fieldSetOf(requires), used)
      requirements.needs.set(
        `${subgraphNames.get(graph)} ${type.name.value}.${field.name.value}`,
        new Set(leavesOf(selectionSet)),
      )
      if (used.size === 0) return directive
      return withArgument(directive, 'requires', stripIgnoredCharacters(print(selectionSet)).slice(1, -1))
    }),
  })

  const renamed = new Map(
    [...composites].map(([name, type]) => [name, (type.fields ?? []).map((field) => renameRequires(type, field))]),
  )
  const restore = (node: PlanNode) => restoreNode(node, requirements)
  if (requirements.byInternalName.size === 0) return { sdl: null, restore }

  const definitions = document.definitions.map((definition) => {
    if (!isComposite(definition)) return definition
    const fields = renamed.get(definition.name.value) ?? []
    const required = added.get(definition.name.value) ?? new Map<RequiredField, Set<string>>()
    const own = [...required].flatMap(([each, graphs]) => {
      const field = fields.find(({ name }) => name.value === each.name)
      return field ? [asFieldOfItsOwn(field, each, graphs)] : []
    })
    const names = new Set([...required.keys()].map(({ name }) => name))
    const others = fields.map((field) =>
      names.has(field.name.value) ? withoutUnusedExternals(field, definition, composites) : field,
    )
    return { ...definition, fields: [...others, ...own] }
  })
  return { sdl: print({ ...document, definitions }), restore }
}

/** The names of all fields that the planner adds to selections for itself: those of keys, and required ones. */
export function namesThatPlansAdd(supergraphSdl: string): ReadonlySet<string> {
  const names = new Set(['__typename'])
  visit(parse(supergraphSdl, { noLocation: true }), {
    Directive(directive) {
      const fields =
        directive.name.value === 'join__type'
          ? stringArgument(directive, 'key')
          : directive.name.value === 'join__field'
            ? stringArgument(directive, 'requires')
            : null
      if (fields !== null) visit(fieldSetOf(fields), { Field: ({ name }) => void names.add(name.value) })
    },
  })
  return names
}

const isComposite = (definition: { kind: string }): definition is Composite =>
  definition.kind === Kind.OBJECT_TYPE_DEFINITION || definition.kind === Kind.INTERFACE_TYPE_DEFINITION

const textOf = (field: RequiredField): string => `${field.name}(${field.arguments.map(print).toSorted().join(',')})`

const implementationsOf = (composites: ReadonlyMap<string, Composite>, { kind, name }: Composite): Composite[] =>
  kind === Kind.INTERFACE_TYPE_DEFINITION
    ? [...composites.values()].filter((type) => type.interfaces?.some((each) => each.name.value === name.value))
    : []

/** `requiredIn`: the subgraphs that may have it although it is external to them. */
function asFieldOfItsOwn(
  field: FieldDefinitionNode,
  required: RequiredField,
  requiredIn: ReadonlySet<string>,
): FieldDefinitionNode {
  return {
    ...field,
    name: { kind: Kind.NAME, value: required.internalName },
    arguments: [],
    directives: (field.directives ?? []).filter(
      (directive) =>
        directive.name.value === 'join__field' && (!isExternal(directive) || requiredIn.has(graphOf(directive) ?? '')),
    ),
  }
}

/** A subgraph may not have external fields that it does not use: neither do requirements use this one any more, nor an interface. */
function withoutUnusedExternals(
  field: FieldDefinitionNode,
  type: Composite,
  composites: ReadonlyMap<string, Composite>,
): FieldDefinitionNode {
  const isNeededByInterface = (graph: string | null): boolean =>
    (type.interfaces ?? []).some(({ name }) => {
      const interfaceType = composites.get(name.value)
      const declared = interfaceType?.fields?.find((each) => each.name.value === field.name.value)
      const joined = declared?.directives?.filter((directive) => directive.name.value === 'join__field') ?? []
      return (
        declared !== undefined &&
        (joined.length > 0 ? joined : (interfaceType?.directives ?? [])).some(
          (directive) => graphOf(directive) === graph && !isExternal(directive),
        )
      )
    })
  return {
    ...field,
    directives: (field.directives ?? []).filter(
      (directive) => !isExternal(directive) || isNeededByInterface(graphOf(directive)),
    ),
  }
}

const isExternal = ({ name, arguments: given }: ConstDirectiveNode): boolean =>
  name.value === 'join__field' &&
  (given ?? []).some(
    (argument) => argument.name.value === 'external' && argument.value.kind === Kind.BOOLEAN && argument.value.value,
  )

/** As the enum of the supergraph names it. */
function graphOf({ arguments: given }: ConstDirectiveNode): string | null {
  const value = given?.find(({ name }) => name.value === 'graph')?.value
  return value?.kind === Kind.ENUM ? value.value : null
}

function namedTypeOf(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : namedTypeOf(type.type)
}

function fieldSetOf(fields: string): SelectionSetNode {
  const text = fields.trim()
  const document = parse(text.startsWith('{') ? text : `{ ${text} }`, { noLocation: true })
  return (document.definitions[0] as OperationDefinitionNode).selectionSet
}

function stringArgument(
  { arguments: given }: { arguments?: readonly ArgumentNode[] | undefined },
  name: string,
): string | null {
  const value = given?.find((argument) => argument.name.value === name)?.value
  return value?.kind === Kind.STRING ? value.value : null
}

const withArgument = (directive: ConstDirectiveNode, name: string, value: string): ConstDirectiveNode => ({
  ...directive,
  arguments: (directive.arguments ?? []).map((argument) =>
    argument.name.value === name ? { ...argument, value: { kind: Kind.STRING, value } } : argument,
  ),
})

function keysOf(
  composites: ReadonlyMap<string, Composite>,
  subgraphNames: ReadonlyMap<string, string>,
): Map<string, Set<string>> {
  const keys = new Map<string, Set<string>>()
  for (const [typeName, { directives = [] }] of composites)
    for (const directive of directives) {
      const key = directive.name.value === 'join__type' ? stringArgument(directive, 'key') : null
      if (key === null) continue
      const owner = `${subgraphNames.get(graphOf(directive) ?? '')} ${typeName}`
      keys.set(owner, new Set([...(keys.get(owner) ?? []), ...leavesOf(fieldSetOf(key))]))
    }
  return keys
}

/** By the name that a supergraph gives them in its enum. */
function subgraphNamesOf(document: DocumentNode): Map<string, string> {
  return new Map(
    document.definitions.flatMap((definition) =>
      definition.kind === Kind.ENUM_TYPE_DEFINITION && definition.name.value === 'join__Graph'
        ? (definition.values ?? []).map(
            (value) =>
              [
                value.name.value,
                value.directives?.map((directive) => stringArgument(directive, 'name')).find((name) => name !== null) ??
                  value.name.value,
              ] as const,
          )
        : [],
    ),
  )
}

function restoreNode(node: PlanNode, requirements: Requirements): PlanNode {
  switch (node.kind) {
    case 'Sequence':
    case 'Parallel':
      return { ...node, nodes: node.nodes.map((child) => restoreNode(child, requirements)) }
    case 'Flatten':
      return { ...node, node: restoreNode(node.node, requirements) }
    case 'Condition':
      return {
        ...node,
        ...(node.ifClause ? { ifClause: restoreNode(node.ifClause, requirements) } : {}),
        ...(node.elseClause ? { elseClause: restoreNode(node.elseClause, requirements) } : {}),
      }
    case 'Fetch': {
      const fetches = splitFetch(node, requirements)
      return fetches.length === 1 ? fetches[0]! : { kind: 'Parallel', nodes: fetches }
    }
    case 'Defer':
      return node
  }
}

function restoreFetch(fetch: FetchNode, { byInternalName }: Requirements): FetchNode {
  const usedVariables = new Set<string>()
  let isChanged = false
  const document = visit(parse(fetch.operation, { noLocation: true }), {
    VariableDefinition: () => false,
    Variable: ({ name }) => void usedVariables.add(name.value),
    Field(node) {
      const required = byInternalName.get(node.name.value)
      if (!required) return undefined
      isChanged = true
      return {
        ...node,
        alias: node.alias ?? { kind: Kind.NAME, value: required.internalName },
        name: { kind: Kind.NAME, value: required.name },
        arguments: required.arguments,
      }
    },
  })
  // The planner also declares variables of what it found out not to fit any type there, and subgraphs refuse what is declared in vain.
  const isUsed = ({ variable }: VariableDefinitionNode): boolean => usedVariables.has(variable.name.value)
  const definitions = document.definitions.map((definition) => {
    if (!('variableDefinitions' in definition) || definition.variableDefinitions?.every(isUsed)) return definition
    isChanged = true
    return { ...definition, variableDefinitions: (definition.variableDefinitions ?? []).filter(isUsed) }
  })
  const { operationDocumentNode: _outdated, variableUsages, ...rest } = fetch
  return {
    ...rest,
    ...(variableUsages ? { variableUsages: variableUsages.filter((name) => usedVariables.has(name)) } : {}),
    ...(isChanged ? { operation: stripIgnoredCharacters(print({ ...document, definitions })) } : {}),
    ...(fetch.requires ? { requires: restoreSelections(fetch.requires, byInternalName) } : {}),
  }
}

/** In representations a required field has its real name; it is read under the other one. */
function restoreSelections(
  selections: readonly QueryPlanSelectionNode[],
  byInternalName: ReadonlyMap<string, RequiredField>,
): QueryPlanSelectionNode[] {
  return selections.map((selection) => {
    const below = selection.selections && restoreSelections(selection.selections, byInternalName)
    if (selection.kind === 'InlineFragment') return { ...selection, selections: below ?? [] }
    const required = byInternalName.get(selection.name)
    return {
      ...selection,
      ...(required ? { name: required.name, alias: required.internalName } : {}),
      ...(below ? { selections: below } : {}),
    }
  })
}

/** Fields that can share a representation, and those of one condition only where they need something. */
interface Group {
  condition: string
  needs: Set<string>
  fields: Set<SelectionNode>
}

/** A fetch for entities that may lack what only some of its fields require: of those, each part is asked whose own requirements are there. */
export interface FetchInParts extends FetchNode {
  parts?: readonly FetchNode[]
}

function splitFetch(fetch: FetchNode, requirements: Requirements): FetchInParts[] {
  if (!fetch.requires) return [restoreFetch(fetch, requirements)]
  const document = parse(fetch.operation, { noLocation: true })
  const groups: Group[] = []
  const needsOfField = new Map<SelectionNode, ReadonlySet<string>>()
  const typeOfField = new Map<SelectionNode, string | null>()
  const assign = (selections: readonly SelectionNode[], typeName: string | null, outer: string): void => {
    for (const selection of selections) {
      const condition = outer + (selection.directives ?? []).map(print).join('')
      if (selection.kind === Kind.INLINE_FRAGMENT) {
        assign(selection.selectionSet.selections, selection.typeCondition?.name.value ?? typeName, condition)
      } else {
        const needs =
          selection.kind === Kind.FIELD
            ? needsOf(fetch.serviceName, typeName, selection.name.value, requirements)
            : new Set<string>()
        needsOfField.set(selection, needs)
        typeOfField.set(selection, typeName)
        // Of an interface object, what only some types require may be missing for the others.
        const apart = fetch.inputRewrites ? [...needs].join(' ') : ''
        join(groups, needs.size > 0 ? condition + apart : '', needs, selection, requirements)
      }
    }
  }
  assign(topSelectionOf(document), null, '')
  const allNeeds = new Set([...needsOfField.values()].flatMap((needs) => [...needs]))
  const only = ({ fields, needs }: { fields: ReadonlySet<SelectionNode>; needs: ReadonlySet<string> }): FetchNode =>
    restoreFetch(
      {
        ...fetch,
        ...onlyGroup(document, (selection) => fields.has(selection)),
        requires: onlyNeeded(
          ofTypes(fetch, new Set([...fields].map((field) => typeOfField.get(field) ?? null))),
          (path, typeName) => {
            // What one type requires may be in the key of another.
            const isInKey = requirements.keys.get(`${fetch.serviceName} ${typeName}`)?.has(path) ?? false
            return isInKey || needs.has(path) || !allNeeds.has(path)
          },
        ),
      },
      requirements,
    )
  const merged = mergeable(groups, requirements)
  if (merged.length === 0) return [restoreFetch(fetch, requirements)]
  return merged.map((group) => {
    const parts = partsOf(group, needsOfField)
    const whole = merged.length > 1 ? only(group) : restoreFetch(fetch, requirements)
    return parts.length > 1 ? { ...whole, parts: parts.map(only) } : whole
  })
}

/** What it requires of those types only, as far as they are the ones that it requires something of: entities of others need not be sent. */
function ofTypes({ requires = [], inputRewrites }: FetchNode, types: ReadonlySet<string | null>) {
  const conditions = requires.map((selection) => (selection.kind === 'InlineFragment' ? selection.typeCondition : null))
  if (inputRewrites || ![...types].every((type) => type !== null && conditions.includes(type))) return requires
  return requires.filter((_, index) => types.has(conditions[index] ?? null))
}

/** Its fields by what they need. */
function partsOf({ fields }: Group, needsOfField: ReadonlyMap<SelectionNode, ReadonlySet<string>>) {
  const parts = new Map<string, { needs: ReadonlySet<string>; fields: Set<SelectionNode> }>()
  for (const field of fields) {
    const needs = needsOfField.get(field) ?? new Set()
    const key = [...needs].toSorted().join(' ')
    const part = parts.get(key) ?? { needs, fields: new Set() }
    parts.set(key, part)
    part.fields.add(field)
  }
  return [...parts.values()]
}

function join(
  groups: Group[],
  condition: string,
  needs: ReadonlySet<string>,
  field: SelectionNode,
  requirements: Requirements,
): void {
  let group = groups.find((each) => each.condition === condition && !haveRivals(each.needs, needs, requirements))
  if (!group) groups.push((group = { condition, needs: new Set(), fields: new Set() }))
  for (const need of needs) group.needs.add(need)
  group.fields.add(field)
}

/** Conditional fields that need nothing more than unconditional ones go with those. */
function mergeable(groups: readonly Group[], requirements: Requirements): Group[] {
  const always = groups.filter(({ condition }) => condition === '')
  return [
    ...always,
    ...groups.filter((group) => {
      if (group.condition === '') return false
      const other = always.find(
        ({ needs }) =>
          [...group.needs].every((need) => needs.has(need)) && !haveRivals(needs, group.needs, requirements),
      )
      for (const field of group.fields) other?.fields.add(field)
      return !other
    }),
  ]
}

/** Whether a path of one has the name of another's, but other arguments. */
function haveRivals(some: ReadonlySet<string>, others: ReadonlySet<string>, { byInternalName }: Requirements): boolean {
  const isRival = (one: string, other: string): boolean => {
    const [steps, otherSteps] = [one.split('.'), other.split('.')]
    const at = steps.findIndex((step, index) => step !== otherSteps[index])
    const name = byInternalName.get(steps[at] ?? '')?.name
    return name !== undefined && name === byInternalName.get(otherSteps[at] ?? '')?.name
  }
  return [...some].some((one) => [...others].some((other) => isRival(one, other)))
}

function needsOf(
  subgraph: string,
  typeName: string | null,
  field: string,
  { needs }: Requirements,
): ReadonlySet<string> {
  const own = needs.get(`${subgraph} ${typeName}.${field}`)
  if (own) return own
  // Selected of an interface: what any of its types needs.
  const [start, end] = [`${subgraph} `, `.${field}`]
  return new Set([...needs].flatMap(([key, names]) => (key.startsWith(start) && key.endsWith(end) ? [...names] : [])))
}

function leavesOf({ selections }: SelectionSetNode, before = ''): string[] {
  return selections.flatMap((selection) => {
    if (selection.kind === Kind.INLINE_FRAGMENT) return leavesOf(selection.selectionSet, before)
    if (selection.kind !== Kind.FIELD) return []
    const path = before + selection.name.value
    return selection.selectionSet ? leavesOf(selection.selectionSet, `${path}.`) : [path]
  })
}

/** What is selected of `_entities`, for generated fragments are not asked of the planner. */
function topSelectionOf(document: DocumentNode): readonly SelectionNode[] {
  const operation = document.definitions.find((each): each is OperationDefinitionNode => 'operation' in each)
  const entities = operation?.selectionSet.selections[0]
  return entities?.kind === Kind.FIELD ? (entities.selectionSet?.selections ?? []) : []
}

function onlyGroup(
  document: DocumentNode,
  isKept: (selection: SelectionNode) => boolean,
): Pick<FetchNode, 'operation' | 'variableUsages'> {
  const filter = (selections: readonly SelectionNode[]): SelectionNode[] =>
    selections.flatMap((selection): SelectionNode[] => {
      if (selection.kind !== Kind.INLINE_FRAGMENT) return isKept(selection) ? [selection] : []
      const below = filter(selection.selectionSet.selections)
      return below.length > 0 ? [{ ...selection, selectionSet: { ...selection.selectionSet, selections: below } }] : []
    })
  const operation = document.definitions.find((each): each is OperationDefinitionNode => 'operation' in each)!
  const [entities] = operation.selectionSet.selections
  if (entities?.kind !== Kind.FIELD) return { operation: print(document) }
  const kept = {
    ...entities,
    selectionSet: { kind: Kind.SELECTION_SET as const, selections: filter(entities.selectionSet?.selections ?? []) },
  }
  const { fragments, variables } = usesOf(kept, document)
  const definition: OperationDefinitionNode = {
    ...operation,
    variableDefinitions: (operation.variableDefinitions ?? []).filter(({ variable }) =>
      variables.has(variable.name.value),
    ),
    selectionSet: { kind: Kind.SELECTION_SET, selections: [kept] },
  }
  return {
    operation: stripIgnoredCharacters(print({ ...document, definitions: [definition, ...fragments] })),
    variableUsages: [...variables].filter((name) => name !== 'representations'),
  }
}

function usesOf(
  node: SelectionNode,
  document: DocumentNode,
): { fragments: ReadonlySet<FragmentDefinitionNode>; variables: ReadonlySet<string> } {
  const fragments = new Set<FragmentDefinitionNode>()
  const variables = new Set<string>()
  const collect = (part: SelectionNode | FragmentDefinitionNode): void => {
    visit(part, {
      Variable: ({ name }) => void variables.add(name.value),
      FragmentSpread({ name }) {
        const fragment = document.definitions.find(
          (each): each is FragmentDefinitionNode =>
            each.kind === Kind.FRAGMENT_DEFINITION && each.name.value === name.value,
        )
        if (!fragment || fragments.has(fragment)) return
        fragments.add(fragment)
        collect(fragment)
      },
    })
  }
  collect(node)
  return { fragments, variables }
}

/** `isNeeded`: whether the field at a path is, of entities of a type. */
function onlyNeeded(
  selections: readonly QueryPlanSelectionNode[],
  isNeeded: (path: string, typeName: string | null) => boolean,
  before = '',
  typeName: string | null = null,
): QueryPlanSelectionNode[] {
  return selections.flatMap((selection): QueryPlanSelectionNode[] => {
    const isField = selection.kind === 'Field'
    const path = isField ? before + selection.name : before
    if (isField && !selection.selections) return isNeeded(path, typeName) ? [selection] : []
    const entityType = !isField && before === '' ? (selection.typeCondition ?? typeName) : typeName
    const below = onlyNeeded(selection.selections ?? [], isNeeded, isField ? `${path}.` : before, entityType)
    return below.length > 0 ? [{ ...selection, selections: below }] : []
  })
}
