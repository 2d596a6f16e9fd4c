// Ways through a schema that several rules take. Built-in scalars and introspection types are never visited: nobody here wrote them.

import {
  isEnumType,
  isInputObjectType,
  isIntrospectionType,
  isInterfaceType,
  isObjectType,
  isSpecifiedScalarType,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLInterfaceType,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
} from 'graphql'

export type OutputField = {
  readonly coordinate: string
  readonly parent: GraphQLObjectType | GraphQLInterfaceType
  readonly field: GraphQLField<unknown, unknown>
}

export type InputValue = { readonly coordinate: string; readonly value: GraphQLArgument | GraphQLInputField }

export type Element = { readonly coordinate: string; readonly name: string; readonly description: string | null }

export function namedTypes(schema: GraphQLSchema): GraphQLNamedType[] {
  return Object.values(schema.getTypeMap()).filter((type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type))
}

/** Fields of object and interface types, the root types included. */
export function outputFields(schema: GraphQLSchema): OutputField[] {
  return namedTypes(schema).flatMap((parent) => {
    if (!isObjectType(parent) && !isInterfaceType(parent)) return []
    return Object.values(parent.getFields()).map((field) => ({
      coordinate: `${parent.name}.${field.name}`,
      parent,
      field,
    }))
  })
}

/** Arguments and input fields. */
export function inputValues(schema: GraphQLSchema): InputValue[] {
  const argumentsOfFields = outputFields(schema).flatMap(({ coordinate, field }) =>
    field.args.map((value) => ({ coordinate: `${coordinate}(${value.name}:)`, value })),
  )
  const inputFields = namedTypes(schema).flatMap((type) =>
    isInputObjectType(type)
      ? Object.values(type.getFields()).map((value) => ({ coordinate: `${type.name}.${value.name}`, value }))
      : [],
  )
  return [...argumentsOfFields, ...inputFields]
}

export function enumValues(schema: GraphQLSchema): Element[] {
  return namedTypes(schema).flatMap((type) =>
    isEnumType(type)
      ? type.getValues().map(({ name, description }) => ({
          coordinate: `${type.name}.${name}`,
          name,
          description: description ?? null,
        }))
      : [],
  )
}

/** Everything that has a name and may have a description. */
export function elements(schema: GraphQLSchema): Element[] {
  return [
    ...namedTypes(schema).map(({ name, description }) => ({
      coordinate: name,
      name,
      description: description ?? null,
    })),
    ...outputFields(schema).map(({ coordinate, field }) => ({
      coordinate,
      name: field.name,
      description: field.description ?? null,
    })),
    ...inputValues(schema).map(({ coordinate, value }) => ({
      coordinate,
      name: value.name,
      description: value.description ?? null,
    })),
    ...enumValues(schema),
  ]
}

/** Fields of `Query`, `Mutation` or `Subscription`; none where the schema has no such type. */
export function rootFields(schema: GraphQLSchema, root: 'Query' | 'Mutation' | 'Subscription'): OutputField[] {
  return outputFields(schema).filter(({ parent }) => parent.name === root)
}
