// The promise to clients, kept word for word: every name with its type, nullability and default.

import {
  buildSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  type GraphQLArgument,
  type GraphQLNamedType,
} from 'graphql'
import { expect, test } from 'vitest'
import { readSchemaFile } from './sources.ts'

function signatureOf({ name, type, defaultValue }: Pick<GraphQLArgument, 'name' | 'type' | 'defaultValue'>): string {
  return `${name}: ${String(type)}${defaultValue === undefined ? '' : ` = ${JSON.stringify(defaultValue)}`}`
}

/** Everything a type promises, one line each. */
function promisesOf(type: GraphQLNamedType): string[] {
  if (isEnumType(type)) return [type.name, ...type.getValues().map(({ name }) => `${type.name}.${name}`)]
  if (isInputObjectType(type)) {
    return [type.name, ...Object.values(type.getFields()).map((field) => `${type.name}.${signatureOf(field)}`)]
  }
  if (!isObjectType(type) && !isInterfaceType(type)) return [type.name]
  return [
    type.name,
    ...type.getInterfaces().map(({ name }) => `${type.name} implements ${name}`),
    ...Object.values(type.getFields()).flatMap((field) => [
      `${type.name}.${field.name}: ${String(field.type)}`,
      ...field.args.map((argument) => `${type.name}.${field.name}(${signatureOf(argument)})`),
    ]),
  ]
}

function promisesOfSdl(sdl: string): string[] {
  return Object.values(buildSchema(sdl).getTypeMap())
    .filter(({ name }) => !name.startsWith('__'))
    .flatMap(promisesOf)
}

test('the API keeps every promise of the contract', () => {
  const kept = new Set(promisesOfSdl(readSchemaFile('api.graphql')))
  const promised = promisesOfSdl(readSchemaFile('contract.test-fixture.graphql'))
  expect(promised.length).toBeGreaterThan(300)
  expect(promised.filter((promise) => !kept.has(promise))).toEqual([])
})
