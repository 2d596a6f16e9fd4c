// Shapes raw data into what the client asked for: only its fields, under its names, in its order, values completed and nulls propagated as the
// specification says (6.4.3 and 6.4.4). Compiled once per operation and set of conditions into closures, so that a result costs one pass
// over its values.
import {
  GraphQLError,
  isAbstractType,
  isEnumType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  isScalarType,
  Kind,
  specifiedScalarTypes,
  type DocumentNode,
  type FieldNode,
  type GraphQLAbstractType,
  type GraphQLEnumType,
  type GraphQLInterfaceType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLScalarType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql'
import { LRUCache } from 'lru-cache'
import { TributaryError } from '#shared/errors.ts'
import { createRefusalError, type Refusal } from '../authorization/refusal.ts'
import {
  createFieldCollector,
  isIncluded,
  responseNameOf,
  rootTypeOf,
  type Conditions,
  type FieldCollector,
} from './collect-fields.ts'
import { isJsonObject, type JsonObject } from './representation.ts'
import { createSharedValues, type SharedValues } from './shared-values.ts'

export interface Projected {
  data: JsonObject | null
  /** Where a value did not fit its type, with the path in the answer. */
  errors: GraphQLError[]
  /** Whether most of the data's objects are there because others are there several times. */
  isRepetitive: boolean
}

/** `variables`: coerced, for @skip and @include. `shared`: values of the data that stand at several places, each shaped once. Default: none. */
export type Project = (data: JsonObject, variables: Conditions, shared?: Shared) => Projected

type Shared = Pick<SharedValues, 'has' | 'isEmpty'>

/** Under which name the data has what a field selects, where that is not its response name. */
export type DataKeyOf = (field: FieldNode) => string

/** Each may select other fields. A client that varies more of them than this has its projection compiled again. */
const CONDITION_SETS = 32

export function compileProjection(options: {
  schema: GraphQLSchema
  document: DocumentNode
  operation: OperationDefinitionNode
  dataKeyOf?: DataKeyOf
  /** Selections that the caller may not make. A field is refused where all its nodes are. */
  refusals?: ReadonlyMap<FieldNode, Refusal>
}): Project {
  const { schema, document, operation, dataKeyOf = responseNameOf, refusals } = options
  const fields = createFieldCollector(schema, document)
  const root = rootTypeOf(schema, operation)
  if (!root) throw new TributaryError('INTERNAL_SERVER_ERROR', `The schema has no ${operation.operation} type.`)
  const compiled = new LRUCache<string, Complete>({ max: CONDITION_SETS })
  return (data, variables, shared = NOTHING_SHARED) => {
    const key = fields.conditionVariables.map((name) => (variables[name] === true ? '1' : '0')).join('')
    let complete = compiled.get(key)
    if (!complete) {
      complete = compileObject({ schema, fields, dataKeyOf, conditions: variables, refusals }, root, [
        operation.selectionSet,
      ])
      compiled.set(key, complete)
    }
    const completed = shared.isEmpty ? null : new Map<Complete, Map<unknown, Completed>>()
    const run: Run = { path: [], errors: [], shared, completed, made: 0, repeated: 0 }
    const result = complete(data, run)
    return {
      data: result === PROPAGATED ? null : (result as JsonObject | null),
      errors: run.errors,
      isRepetitive: run.repeated > run.made,
    }
  }
}

/** One result on its way. */
interface Run {
  /** Of the value that is being completed. */
  path: (string | number)[]
  errors: GraphQLError[]
  shared: Shared
  /** Of shared values, by what completes them. Null where none are shared. */
  completed: Map<Complete, Map<unknown, Completed>> | null
  /** How many objects there are by now, and how many more are there because they are repeated. */
  made: number
  repeated: number
}

interface Completed {
  result: unknown
  /** How many objects it shows. */
  size: number
}

/** What a value becomes in the answer; PROPAGATED where it is null and must not be. */
type Complete = (value: unknown, run: Run) => unknown

const NOTHING_SHARED: Shared = createSharedValues()
const PROPAGATED = Symbol('null that its parent must take')

interface CompiledField {
  complete: Complete
  /** What answers true needs no completing. */
  isUsual: ((value: unknown) => boolean) | null
}

interface Compilation {
  schema: GraphQLSchema
  fields: FieldCollector
  dataKeyOf: DataKeyOf
  conditions: Conditions
  refusals: ReadonlyMap<FieldNode, Refusal> | undefined
}

/** Where a value stands in the operation: for messages, and for what is selected below. */
interface Position {
  parent: GraphQLObjectType | GraphQLInterfaceType
  nodes: readonly FieldNode[]
}

function compileObject(
  compilation: Compilation,
  type: GraphQLObjectType | GraphQLInterfaceType,
  selectionSets: readonly SelectionSetNode[],
): Complete {
  const selected = compilation.fields.collect(type, selectionSets, compilation.conditions)
  const fields = [...selected].map(([key, nodes]) => {
    const dataKey = compilation.dataKeyOf(nodes[0]!)
    return {
      key,
      dataKey,
      isInherited: dataKey in Object.prototype,
      ...compileField(compilation, type, nodes),
    }
  })
  // Objects without a prototype are dictionaries: several times as slow to fill and to write. Only this name would not become a field of another.
  const create = fields.some(({ key }) => key === '__proto__')
    ? () => Object.create(null) as JsonObject
    : (): JsonObject => ({})
  return (value, run) => {
    const source = value as JsonObject
    const result = create()
    run.made += 1
    for (const { key, dataKey, isInherited, isUsual, complete } of fields) {
      const known = isInherited ? readOwn(source, dataKey) : source[dataKey]
      if (isUsual?.(known)) {
        result[key] = known
        continue
      }
      run.path.push(key)
      const completed =
        run.completed && run.shared.has(known)
          ? completeOnce(complete, known, run.completed, run)
          : complete(known, run)
      run.path.pop()
      if (completed === PROPAGATED) return PROPAGATED
      result[key] = completed
    }
    return result
  }
}

/** What is wrong with a value is told at each of its places. */
function completeOnce(complete: Complete, value: unknown, completed: NonNullable<Run['completed']>, run: Run): unknown {
  let results = completed.get(complete)
  if (!results) completed.set(complete, (results = new Map()))
  const known = results.get(value)
  if (known) {
    run.repeated += known.size
    return known.result
  }
  const errorCount = run.errors.length
  const shownBefore = run.made + run.repeated
  const result = complete(value, run)
  if (run.errors.length === errorCount) results.set(value, { result, size: run.made + run.repeated - shownBefore })
  return result
}

/** For an alias with the name of something that every object inherits. */
const readOwn = (source: JsonObject, key: string): unknown => (Object.hasOwn(source, key) ? source[key] : undefined)

function compileField(
  compilation: Compilation,
  parent: GraphQLObjectType | GraphQLInterfaceType,
  nodes: readonly FieldNode[],
): CompiledField {
  const name = nodes[0]!.name.value
  if (name === '__typename') return { complete: () => parent.name, isUsual: null }
  // Answered whole by introspection.
  if (name === '__schema' || name === '__type') return { complete: (value) => value ?? null, isUsual: null }
  const field = parent.getFields()[name]
  if (!field)
    throw new TributaryError('INTERNAL_SERVER_ERROR', `The schema has no field "${name}" on "${parent.name}".`)
  const position = { parent, nodes }
  const refusal = nodes.every((node) => compilation.refusals?.has(node)) && compilation.refusals?.get(nodes[0]!)
  if (refusal) return { complete: compileRefused(refusal, nodes, isNonNullType(field.type)), isUsual: null }
  const complete = compileType(compilation, field.type, position)
  return isNonNullType(field.type)
    ? { complete, isUsual: usualOf(field.type.ofType) }
    : { complete: orNull(complete), isUsual: usualOf(field.type) }
}

/** The test of most values of a leaf type, of which nothing else has to be looked at; null where there is none. */
function usualOf(type: GraphQLOutputType): ((value: unknown) => boolean) | null {
  if (isEnumType(type)) {
    const names = new Set<unknown>(type.getValues().map(({ name }) => name))
    return (value) => names.has(value)
  }
  return isScalarType(type) && SPECIFIED.has(type.name) ? (USUAL[type.name] ?? null) : null
}

/** Whatever is known of the value. */
function compileRefused(refusal: Refusal, nodes: readonly FieldNode[], isNonNull: boolean): Complete {
  const createError = createRefusalError(refusal, nodes)
  return (_value, run) => {
    run.errors.push(createError([...run.path]))
    return isNonNull ? PROPAGATED : null
  }
}

/** A place that may be null takes the nulls that come up to it. */
const orNull =
  (complete: Complete): Complete =>
  (value, run) => {
    const completed = complete(value, run)
    return completed === PROPAGATED ? null : completed
  }

function compileType(compilation: Compilation, type: GraphQLOutputType, position: Position): Complete {
  if (isNonNullType(type)) {
    const complete = compileType(compilation, type.ofType, position)
    const { parent, nodes } = position
    const message = `Cannot return null for non-nullable field ${parent.name}.${nodes[0]!.name.value}.`
    return (value, run) => {
      if (value === null || value === undefined) {
        fail(run, position, message)
        return PROPAGATED
      }
      // Whatever made it null has said so.
      return complete(value, run) ?? PROPAGATED
    }
  }
  const complete = compileNullable(compilation, type, position)
  return (value, run) => (value === null || value === undefined ? null : complete(value, run))
}

/** For values that are not null. */
function compileNullable(compilation: Compilation, type: GraphQLOutputType, position: Position): Complete {
  if (isListType(type)) return compileList(compilation, type.ofType, position)
  if (isObjectType(type)) return whenObject(type.name, position, compileBelow(compilation, type, position))
  if (isAbstractType(type)) return compileAbstract(compilation, type, position)
  return isEnumType(type) ? compileEnum(type, position) : compileScalar(type, position)
}

function compileList(compilation: Compilation, itemType: GraphQLOutputType, position: Position): Complete {
  const completeItem = compileType(compilation, itemType, position)
  const complete = isNonNullType(itemType) ? completeItem : orNull(completeItem)
  return (value, run) => {
    if (!Array.isArray(value)) return fail(run, position, `Expected a list${at(position)}.`)
    const result: unknown[] = []
    for (let index = 0; index < value.length; index += 1) {
      run.path.push(index)
      const completed = complete(value[index], run)
      run.path.pop()
      if (completed === PROPAGATED) return PROPAGATED
      result.push(completed)
    }
    return result
  }
}

const compileBelow = (
  compilation: Compilation,
  type: GraphQLObjectType | GraphQLInterfaceType,
  { nodes }: Position,
): Complete =>
  compileObject(
    compilation,
    type,
    nodes.flatMap(({ selectionSet }) => (selectionSet ? [selectionSet] : [])),
  )

const whenObject =
  (typeName: string, position: Position, complete: Complete): Complete =>
  (value, run) =>
    isJsonObject(value)
      ? complete(value, run)
      : fail(run, position, `Expected an object of type ${typeName}${at(position)}.`)

function compileAbstract(compilation: Compilation, type: GraphQLAbstractType, position: Position): Complete {
  const byTypeName = new Map<string, Complete>()
  for (const possible of compilation.schema.getPossibleTypes(type)) {
    let complete: Complete | undefined
    // Most answers hold few of the types that they could.
    byTypeName.set(possible.name, (value, run) => {
      complete ??= compileBelow(compilation, possible, position)
      return complete(value, run)
    })
  }
  const completeUntyped = isInterfaceType(type) ? compileUntyped(compilation, type, position) : undefined
  return whenObject(type.name, position, (value, run) => {
    const typeName = (value as JsonObject)['__typename']
    const complete = typeof typeName === 'string' && typeName !== type.name ? byTypeName.get(typeName) : completeUntyped
    return complete
      ? complete(value, run)
      : fail(run, position, `Expected an object of a type of ${type.name}${at(position)}, not of ${String(typeName)}.`)
  })
}

/** A subgraph that has an interface as an object does not know its types: enough, where nothing depends on them. */
function compileUntyped(
  compilation: Compilation,
  type: GraphQLInterfaceType,
  position: Position,
): Complete | undefined {
  const dependsOnType = (selections: readonly SelectionNode[]): boolean =>
    selections.some(
      (selection) =>
        isIncluded(selection.directives, compilation.conditions) &&
        (selection.kind !== Kind.FIELD || selection.name.value === '__typename'),
    )
  return position.nodes.some(({ selectionSet }) => dependsOnType(selectionSet?.selections ?? []))
    ? undefined
    : compileBelow(compilation, type, position)
}

function compileEnum(type: GraphQLEnumType, position: Position): Complete {
  const names = new Set(type.getValues().map(({ name }) => name))
  return (value, run) =>
    names.has(value as string)
      ? value
      : fail(run, position, `Enum "${type.name}" has no value ${JSON.stringify(value)}${at(position)}.`)
}

const SPECIFIED: ReadonlySet<string> = new Set(specifiedScalarTypes.map(({ name }) => name))

/** Those of the specification are held to it; of others only their subgraph knows what they are. */
function compileScalar(type: GraphQLScalarType, position: Position): Complete {
  if (!SPECIFIED.has(type.name)) return (value) => value
  const isUsual = USUAL[type.name]
  return (value, run) => {
    if (isUsual?.(value)) return value
    try {
      return type.serialize(value)
    } catch (error) {
      return fail(run, position, (error as Error).message)
    }
  }
}

const isText = (value: unknown): boolean => typeof value === 'string'
const isTruth = (value: unknown): boolean => typeof value === 'boolean'
const INT_MAX = 2 ** 31 - 1
const USUAL: Readonly<Record<string, (value: unknown) => boolean>> = {
  String: isText,
  ID: isText,
  Boolean: isTruth,
  Int: (value) => Number.isInteger(value) && (value as number) <= INT_MAX && (value as number) >= -INT_MAX - 1,
  Float: (value) => Number.isFinite(value),
}

function fail(run: Run, { nodes }: Position, message: string): null {
  run.errors.push(new GraphQLError(message, { nodes, path: [...run.path] }))
  return null
}

const at = ({ parent, nodes }: Position): string => ` at ${parent.name}.${nodes[0]!.name.value}`
