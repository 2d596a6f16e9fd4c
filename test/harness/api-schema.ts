// Reads the API's schema, so that a rule that holds for all fields of a kind is tested on each of them, those to come included.
import {
  buildSchema,
  getNamedType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  type GraphQLField,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  type GraphQLNamedType,
} from 'graphql'
import { readSchemaFile } from '../../schema/sources.ts'

export type RootName = 'Query' | 'Mutation' | 'Subscription'

export interface IdField {
  name: string
  /** The type of the thing that the id names. */
  typeName: string
  /** Values for the other required arguments. */
  otherVariables: Record<string, unknown>
  argumentTypes: Record<string, string>
  /** The smallest selection that the answer allows. */
  selection: string
}

export function createSchemaReader() {
  const schema = buildSchema(readSchemaFile('api.graphql'))
  const rootFields = (root: RootName) => {
    const type = schema.getType(root)
    return isObjectType(type) ? Object.values(type.getFields()) : []
  }

  const selectionOf = (type: GraphQLNamedType): string => {
    if (!isCompositeType(type)) return ''
    const hasErrors = isObjectType(type) && 'userErrors' in type.getFields()
    return hasErrors ? '{ userErrors { code path message } }' : '{ __typename }'
  }

  return {
    /** Fields that take an `id` of something stored. */
    fieldsById: (root: RootName): IdField[] =>
      rootFields(root)
        .filter((field) => field.args.some(({ name }) => name === 'id'))
        .map((field) => ({
          name: field.name,
          typeName: subjectOf(field),
          otherVariables: Object.fromEntries(
            field.args
              .filter(({ name, type }) => name !== 'id' && isNonNullType(type))
              .map(({ name, type }) => [name, smallest(type)]),
          ),
          argumentTypes: Object.fromEntries(
            field.args
              .filter(({ name, type }) => name === 'id' || isNonNullType(type))
              .map(({ name, type }) => [name, String(type)]),
          ),
          selection: selectionOf(getNamedType(field.type)),
        })),
    operationById(kind: 'query' | 'mutation' | 'subscription', field: IdField): string {
      const declared = Object.entries(field.argumentTypes).map(([name, type]) => `$${name}: ${type}`)
      const passed = Object.keys(field.argumentTypes).map((name) => `${name}: $${name}`)
      return `${kind} (${declared.join(', ')}) { ${field.name}(${passed.join(', ')}) ${field.selection} }`
    },
  }
}

/** `knowledgeBaseUpdate(id)` is about a KnowledgeBase, `answerEvents(id)` about an Answer, `document(id)` about a Document. */
function subjectOf(field: GraphQLField<unknown, unknown>): string {
  const name = field.name.replace(/(Create|Update|Delete|Revoke|Cancel|Retry|Events)$/, '')
  return name[0]!.toUpperCase() + name.slice(1)
}

/** Values for the arguments a field cannot do without; they name nothing that exists, so that nothing happens. */
export function smallestArguments(field: GraphQLField<unknown, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    field.args.filter(({ type }) => isNonNullType(type)).map(({ name, type }) => [name, smallest(type)]),
  )
}

const SCALARS: Record<string, unknown> = { Int: 1, Long: 1, Float: 1, Boolean: false, DateTime: '2026-01-01T00:00:00Z' }

function smallest(type: GraphQLInputType): unknown {
  if (isNonNullType(type)) return smallest(type.ofType)
  if (isListType(type)) return [smallest(type.ofType)]
  const named = getNamedType(type)
  if (isEnumType(named)) return named.getValues()[0]!.name
  if (!isInputObjectType(named)) return SCALARS[named.name] ?? 'x'
  const withModel = 'modelName' in named.getFields() ? { modelName: 'no such model' } : {}
  return { ...withModel, ...required(named) }
}

function required(named: GraphQLInputObjectType): Record<string, unknown> {
  return Object.fromEntries(
    Object.values(named.getFields())
      .filter((field) => isNonNullType(field.type))
      .map((field) => [field.name, smallest(field.type)]),
  )
}
