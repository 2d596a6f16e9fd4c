// Where the stock gateway answers otherwise than one server would, and this one does not follow it. `section`: of the GraphQL specification, October 2021.
import { isAbstractType, Kind, parse, print, type GraphQLSchema, type SelectionSetNode } from 'graphql'
import { interfaceObjectsOf } from '../../planning/interface-objects.ts'
import { namesThatPlansAdd } from '../../planning/required-fields.ts'
import { responseNameOf } from '../collect-fields.ts'
import { errorsOf, type Explained } from './compare-answers.ts'
import {
  findDifferences,
  surroundingsOf,
  withoutOwnCode,
  type DataDifference,
  type Selected,
  type Surroundings,
} from './find-differences.ts'
import { REFUSED, type Answer, type OpenedSupergraph } from './open-supergraph.ts'
import type { PreparedForTest } from './prepare-for-test.ts'
import { isMissingBy, refusedFetchesOf, type RefusedFetch } from './refused-fetches.ts'

interface About {
  graph: OpenedSupergraph
  prepared: PreparedForTest
  stock: Answer
  ours: Answer
}

export interface NamedDeviation {
  name: string
  /** What stock does. */
  stock: string
  section: string
  /** What the specification says there, in other words. */
  says: string
  /** Whether it is why the data differs in one place. */
  explainsData?(difference: DataDifference, around: Surroundings, about: About): boolean
  /** Whether it is why only this engine, or only stock, tells of an error, although the data is the same there. */
  explainsError?(error: Explained, of: 'stock' | 'ours', about: About): boolean
  /** Whether it is why a subgraph refused a fetch. */
  explainsRefusal?(fetch: RefusedFetch, about: About): boolean
}

export const NAMED_DEVIATIONS: readonly NamedDeviation[] = [
  {
    name: 'nothing left to select',
    stock: 'answers null for an object all of whose fields stand under conditions',
    section: '6.4.3',
    says: 'an object is completed to a map of the selected fields, of which there may be none',
    explainsData: ({ stock, ours }, { near }) =>
      isNothing(stock) &&
      (hasEmptyObject(ours) ||
        (!isLeaf(ours) && near.slice(1).some((level) => level.every(({ isConditional }) => isConditional)))),
  },
  {
    name: 'arguments of requirements',
    stock: 'asks once for a field that the client and @requires, or two @requires, want with different arguments',
    section: '6.4.1',
    says: 'a field is resolved with the argument values that its own selection gives',
    // Where the subgraph refuses the fetch, what else it has is missing, too.
    explainsData: ({ stock, ours }, { near, at }, { graph }) =>
      near.some((level) => {
        const rivals = rivalsOf(level, requiredBy(graph))
        return (
          rivals.size > 0 &&
          (isNothing(stock) ||
            !isLeaf(ours) ||
            at.some((each) => rivals.has(each.name) || isRequiringOneOf(each, rivals, requiredBy(graph))))
        )
      }),
    explainsRefusal({ conflicts }, about) {
      const rivals = new Set(allLevels(about).flatMap((level) => [...rivalsOf(level, requiredBy(about.graph))]))
      return conflicts.some(({ name, isOfArguments }) => isOfArguments && rivals.has(name))
    },
  },
  {
    name: 'response names of keys',
    stock: 'takes a field that the client named like a key or a required field for that field',
    section: '6.3.2',
    says: 'fields are told apart by response names, and an alias is the response name whatever it is',
    explainsData: (_difference, around, { graph }) =>
      takenIn([...around.near, ...belowRequired(around, graph)], graph).size > 0,
    // It fails when it takes the leaf that it finds under that name for an object, and tells of names that it gave to fields for itself.
    explainsError: ({ path }, of, about) =>
      of === 'stock' &&
      (path === '' ? takenNames(about).size > 0 : ownNamesIn(path).some((name) => takenNames(about).has(name))),
    explainsRefusal: ({ conflicts }, about) => conflicts.some(({ name }) => takenNames(about).has(name)),
  },
  {
    name: 'conditions in fetches',
    stock:
      'leaves out fields whose fetch they share with a conditional field that is left out, or asks for a left out field of a fetch all the same',
    section: '3.13.2',
    says: 'a condition decides about the selection that it stands on, and about no other',
    explainsData: ({ stock, path }, around, about) =>
      (isNothing(stock) &&
        (around.near.some((level) =>
          level.some(
            ({ typeName, name, isLeftOut }) => isLeftOut && requiredBy(about.graph).has(`${typeName}.${name}`),
          ),
        ) ||
          (about.stock.errors ?? []).some(
            (error) =>
              startsWith(namesIn(error.path ?? []), namesIn(path.slice(0, -1))) && isLeftOutAt(error.path ?? [], about),
          ))) ||
      belowRequired(around, about.graph).some((level) => level.some(({ isLeftOut }) => isLeftOut)),
    explainsError: ({ path }, of, about) => of === 'stock' && isLeftOutAt(path.split('.'), about),
  },
  {
    name: 'order of fields',
    stock: 'has fields of a fragment before those that the operation has before it, also the root fields of a mutation',
    section: '6.3.2',
    says: 'fields are collected in the order of the selections, which is also that in which those of a mutation are executed',
    explainsData: ({ stock, ours }, { levels: [root] }, { prepared }) =>
      prepared.operation.operation === 'mutation' &&
      typeof stock === 'number' &&
      typeof ours === 'number' &&
      hasFragmentBesideFields(root!),
    // Of an object that is null, the first field that may not be null is told of.
    explainsError({ path, code }, of, about) {
      const parent = parentOf(path)
      return (
        path !== '' &&
        errorsOf((of === 'stock' ? about.ours : about.stock).errors).some(
          (other) => other.path !== path && parentOf(other.path) === parent && withoutOwnCode(other).code === code,
        ) &&
        hasFragmentBesideFields(surroundingsOfPath(path, about).levels.at(-1)!)
      )
    },
  },
  {
    name: 'types of an interface object',
    stock: 'fetches nothing for a type of which another type requires more, and mixes up fields of one response name',
    section: '6.3.2',
    says: 'selections under a type condition are collected for objects of that type alone',
    explainsData: (_difference, around, { graph }) => isAmongTypesOfInterfaceObject(around, graph),
    // A fetch that stock's subgraph refuses, of which no field was needed; or one that it did not send, of which a field would have been null.
    explainsError: ({ path }, of, about) =>
      of === 'stock'
        ? path.endsWith('_entities') && hasTypesOfInterfaceObject(surroundingsOfPath(path, about).near, about.graph)
        : isAmongTypesOfInterfaceObject(surroundingsOfPath(path, about), about.graph),
    explainsRefusal: ({ conflicts }, about) =>
      allLevels(about).some(
        (level) =>
          hasTypesOfInterfaceObject([level], about.graph) &&
          level.some(({ field }) => conflicts.some(({ name }) => name === responseNameOf(field))),
      ),
  },
  {
    name: 'other interfaces of an interface object',
    stock: 'cannot plan a condition on another interface below an interface that a subgraph has as an object',
    section: '5.5.2.3',
    says: 'a fragment may be spread wherever some type fits both its condition and the place',
    explainsData({ stock }, { near }, { graph }) {
      const { interfaces } = interfaceObjectsOf(graph.supergraph.sdl)
      const isOther = (typeName: string): boolean =>
        isAbstractType(graph.supergraph.apiSchema.getType(typeName)) && !interfaces.has(typeName)
      return (
        typeof stock === 'string' &&
        interfaces.size > 0 &&
        near.some((level) => level.some((each) => each.fragments.some(isOther)))
      )
    },
  },
  {
    name: 'fragments in wider fragments',
    stock:
      'leaves out what is selected of a type under a condition on its interface, where no type name was fetched, and declares variables of what fits no type there',
    section: '6.3.2',
    says: 'a fragment applies to an object when its condition is the type of the object, wherever the fragment stands',
    explainsData: ({ stock }, { near, at }, { graph }) =>
      isNothing(stock) &&
      [at, ...near.slice(1)].some((level) =>
        level.some(
          ({ fragments: [outer, ...inner] }) =>
            outer !== undefined && inner.length > 0 && isAbstractType(graph.supergraph.apiSchema.getType(outer)),
        ),
      ),
    explainsRefusal({ unused }, about) {
      const { apiSchema } = about.graph.supergraph
      return (
        unused !== null &&
        allLevels(about).some((level) =>
          level.some(({ variables, fragments }) => variables.includes(unused) && !fitTogether(apiSchema, fragments)),
        )
      )
    },
  },
  {
    name: 'hidden errors',
    stock: 'tells of values that do not fit their type in an extension, or not at all beside other errors',
    section: '6.4.4',
    says: 'a value that cannot be completed is a field error, and is added to the errors of the response',
    explainsError: ({ path }, of, { stock }) =>
      of === 'ours' &&
      ((stock.errors ?? []).length > 0 ||
        (stock.extensions?.valueCompletion ?? []).some((error) => (error.path ?? []).join('.') === path)),
  },
  {
    name: 'places of entity errors',
    stock:
      'counts only objects that were fetched in the path of an error, and tells it at one of several equal objects',
    section: '7.1.2',
    says: 'the path of an error leads to the field that experienced it, with the index in the list of the response',
    explainsError({ path, code }, of, about) {
      const { errorsOfStock, errorsOfOurs } = findDifferences(about.stock, about.ours)
      const fields = fieldsAt(path, about)
      return (of === 'ours' ? errorsOfStock : errorsOfOurs).some(
        (other) =>
          other.code === code &&
          // Equal objects may stand under several response names.
          (namesOf(other.path) === namesOf(path) ||
            fieldsAt(other.path, about).some((field) => fields.includes(field))),
      )
    },
  },
]

/** The names of the deviations that explain all in which stock differs, or what is left unexplained. */
export function explainDifferences(about: About): { names: ReadonlySet<string>; unexplained: readonly unknown[] } {
  const { data, errorsOfStock, errorsOfOurs } = findDifferences(about.stock, about.ours)
  const refused = refusedFetchesOf(about.stock)
  const names = new Set<string>()
  const unexplained: unknown[] = []
  const note = (deviation: NamedDeviation | undefined, what: unknown): void => {
    if (deviation) names.add(deviation.name)
    else unexplained.push(what)
  }
  for (const difference of data) {
    const around = surroundingsOf(about.graph.supergraph.apiSchema, about.prepared, difference.path)
    const missing = refused.filter((each) =>
      isMissingBy(each, difference, around, about.graph.supergraph.apiSchema, about.prepared.operation.operation),
    )
    note(
      NAMED_DEVIATIONS.find((each) => missing.some((fetch) => each.explainsRefusal?.(fetch, about))) ??
        NAMED_DEVIATIONS.find((each) => each.explainsData?.(difference, around, about)),
      difference,
    )
  }
  for (const fetch of refused)
    note(
      NAMED_DEVIATIONS.find((each) => each.explainsRefusal?.(fetch, about)),
      fetch,
    )
  for (const [of, errors] of [
    ['stock', errorsOfStock.filter(({ code }) => code !== REFUSED)],
    ['ours', errorsOfOurs],
  ] as const)
    for (const error of errors)
      note(
        NAMED_DEVIATIONS.find((each) => each.explainsError?.(error, of, about)),
        { of, error },
      )
  return { names, unexplained }
}

const isNothing = (value: unknown): boolean => value === null || value === undefined
const isLeaf = (value: unknown): boolean => typeof value !== 'object' || value === null
const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('.')))
const namesOf = (path: string): string => path.replaceAll(/\.\d+/g, '')

function hasEmptyObject(value: unknown): boolean {
  if (isLeaf(value)) return false
  const values = Object.values(value as object)
  return (values.length === 0 && !Array.isArray(value)) || values.some(hasEmptyObject)
}

const isName = (step: string): boolean => !/^(\d+|@|_entities)$/.test(step)
const namesIn = (path: readonly (string | number)[]): string[] => path.map(String).filter(isName)
const startsWith = (path: readonly string[], start: readonly string[]): boolean =>
  start.every((step, index) => path[index] === step)

/** Whether some type is of all of them. */
function fitTogether(schema: GraphQLSchema, typeNames: readonly string[]): boolean {
  const [first = [], ...others] = typeNames.map((name) => {
    const type = schema.getType(name)
    return isAbstractType(type) ? schema.getPossibleTypes(type).map((possible) => possible.name) : [name]
  })
  return typeNames.length === 0 || first.some((name) => others.every((other) => other.includes(name)))
}

/** The selections of every object that the operation asks for. */
const allLevels = ({ graph, prepared }: About): Surroundings['near'] =>
  surroundingsOf(graph.supergraph.apiSchema, prepared, []).near

const hasFragmentBesideFields = (level: readonly Selected[]): boolean =>
  level.some(({ fragments }) => fragments.length > 0) && level.length > 1

/** Response names that are those of keys or required fields, but of other fields. */
function takenIn(levels: Surroundings['near'], { supergraph }: OpenedSupergraph): ReadonlySet<string> {
  const added = namesThatPlansAdd(supergraph.sdl)
  return new Set(
    levels
      .flat()
      .filter(({ field, name }) => responseNameOf(field) !== name && added.has(responseNameOf(field)))
      .map(({ field }) => responseNameOf(field)),
  )
}

/** Selections of the objects that the field that differs requires. */
function belowRequired({ at, levels, levelsBelow }: Surroundings, graph: OpenedSupergraph): Surroundings['near'] {
  const required = requiredBy(graph)
  const names = at.flatMap(({ typeName, name }) => (required.get(`${typeName}.${name}`) ?? []).map((call) => call.name))
  return levelsBelow(levels.at(-1)!.filter(({ name }) => names.includes(name)))
}

/** Of a path of an error, those that stock added something to. */
const ownNamesIn = (path: string): string[] =>
  path.split('.').flatMap((name) => (/__alias_\d+$/.test(name) ? [name.replace(/__alias_\d+$/, '')] : []))

const takenNames = (about: About): ReadonlySet<string> => takenIn(allLevels(about), about.graph)

const surroundingsOfPath = (path: string, { graph, prepared }: About): Surroundings =>
  surroundingsOf(graph.supergraph.apiSchema, prepared, namesIn(path.split('.')))

/** The field that a path leads to, of each type that it is selected of. */
const fieldsAt = (path: string, about: About): string[] =>
  surroundingsOfPath(path, about).at.map(({ typeName, name }) => `${typeName}.${name}`)

/** Whether the operation has the field there, but conditions leave it out. */
function isLeftOutAt(path: readonly (string | number)[], { graph, prepared }: About): boolean {
  const { at } = surroundingsOf(graph.supergraph.apiSchema, prepared, namesIn(path))
  return at.length > 0 && at.every(({ isLeftOut }) => isLeftOut)
}

const isOfInterfaceObject = (typeName: string, fieldName: string, graph: OpenedSupergraph): boolean => {
  const { interfaces, fields } = interfaceObjectsOf(graph.supergraph.sdl)
  return fields.has(fieldName) && isOneOf(graph, typeName, interfaces)
}

/** Whether fields that an interface object has are selected of one of its types. */
function hasTypesOfInterfaceObject(levels: Surroundings['near'], graph: OpenedSupergraph): boolean {
  const { interfaces, fields } = interfaceObjectsOf(graph.supergraph.sdl)
  const isOfInterface = (typeName: string): boolean => isOneOf(graph, typeName, interfaces)
  return levels.some((level) =>
    level.some(
      ({ typeName, name, fragments }) =>
        fields.has(name) &&
        isOfInterface(typeName) &&
        (!interfaces.has(typeName) || fragments.length > 0 || level.some((each) => each.fragments.some(isOfInterface))),
    ),
  )
}

/** Also below such a field, as stock mixes up what is selected of it. */
const isAmongTypesOfInterfaceObject = ({ near, levels, above }: Surroundings, graph: OpenedSupergraph): boolean =>
  hasTypesOfInterfaceObject(near, graph) ||
  above.some(
    (selected, index) =>
      hasTypesOfInterfaceObject([levels[index]!], graph) &&
      selected.some(({ typeName, name }) => isOfInterfaceObject(typeName, name, graph)),
  )

function isOneOf({ supergraph }: OpenedSupergraph, typeName: string, interfaces: ReadonlySet<string>): boolean {
  const type = supergraph.apiSchema.getType(typeName)
  return (
    interfaces.has(typeName) ||
    (type !== undefined && 'getInterfaces' in type && type.getInterfaces().some(({ name }) => interfaces.has(name)))
  )
}

/** By `Type.field`: the fields that it requires of its object, as they are called. */
type RequiredBy = ReadonlyMap<string, readonly Call[]>

interface Call {
  name: string
  /** With its arguments as text. */
  text: string
}

const known = new WeakMap<OpenedSupergraph, RequiredBy>()

function requiredBy(graph: OpenedSupergraph): RequiredBy {
  const read = known.get(graph) ?? readRequirements(graph.supergraph.sdl)
  known.set(graph, read)
  return read
}

function readRequirements(sdl: string): RequiredBy {
  const found = new Map<string, readonly Call[]>()
  for (const definition of parse(sdl, { noLocation: true }).definitions) {
    if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION && definition.kind !== Kind.INTERFACE_TYPE_DEFINITION) continue
    for (const field of definition.fields ?? [])
      for (const directive of field.directives ?? []) {
        const value = directive.arguments?.find(({ name }) => name.value === 'requires')?.value
        if (directive.name.value !== 'join__field' || value?.kind !== Kind.STRING) continue
        const [operation] = parse(`{ ${value.value} }`, { noLocation: true }).definitions
        if (operation?.kind !== Kind.OPERATION_DEFINITION) continue
        const place = `${definition.name.value}.${field.name.value}`
        found.set(place, [...(found.get(place) ?? []), ...callsOf(operation.selectionSet)])
      }
  }
  return found
}

const callsOf = ({ selections }: SelectionSetNode): Call[] =>
  selections.flatMap((selection) =>
    selection.kind === Kind.FIELD
      ? [{ name: selection.name.value, text: textOf(selection.arguments ?? []) }]
      : selection.kind === Kind.INLINE_FRAGMENT
        ? callsOf(selection.selectionSet)
        : [],
  )

const textOf = (given: Parameters<typeof print>[0][] | readonly Parameters<typeof print>[0][]): string =>
  given.map(print).toSorted().join()

/** The names of fields that a requirement and something else of one object call with different arguments. */
function rivalsOf(level: readonly Selected[], required: RequiredBy): ReadonlySet<string> {
  const needed = level.flatMap(({ typeName, name }) => required.get(`${typeName}.${name}`) ?? [])
  const own = level.map(({ name, field }) => ({ name, text: textOf(field.arguments ?? []) }))
  return new Set(
    needed
      .filter((call) => [...needed, ...own].some((other) => other.name === call.name && other.text !== call.text))
      .map(({ name }) => name),
  )
}

const isRequiringOneOf = ({ typeName, name }: Selected, rivals: ReadonlySet<string>, required: RequiredBy): boolean =>
  (required.get(`${typeName}.${name}`) ?? []).some((call) => rivals.has(call.name))
