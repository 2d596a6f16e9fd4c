import { buildSchema, isInterfaceType, isObjectType, TypeInfo, validate, visit, visitWithTypeInfo } from 'graphql'
import { getVariableValues } from 'graphql/execution/values.js'
import { readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { readExampleOperations, type ExampleOperation } from './operations.ts'
import { readSchemaFile } from './sources.ts'

const schema = buildSchema(readSchemaFile('api.graphql'))
const operations = readExampleOperations()

test.each(operations)('operation $name is valid, says what it shows and has fitting variables', (operation) => {
  expect(validate(schema, operation.document)).toEqual([])
  expect(operation.description).toMatch(/^[A-Z].+\.$/)
  const [definition] = operation.document.definitions
  if (definition?.kind !== 'OperationDefinition') throw new Error('unreachable: the reader checks it')
  const declared = definition.variableDefinitions ?? []
  expect(getVariableValues(schema, declared, operation.variables).errors).toBeUndefined()
  expect(Object.keys(operation.variables)).toEqual(declared.map(({ variable }) => variable.name.value))
})

test('no file with variables is without its operation', () => {
  const names = readdirSync(new URL('operations/', import.meta.url)).filter((file) => file.endsWith('.variables.json'))
  expect(
    names
      .map((file) => file.replace('.variables.json', ''))
      .filter((name) => !operations.some((operation) => operation.name === name)),
  ).toEqual([])
})

/** Coordinates of the fields an operation selects; a field of an interface counts for every type that implements it. */
function selectedFields({ document }: ExampleOperation): string[] {
  const found: string[] = []
  const typeInfo = new TypeInfo(schema)
  visit(
    document,
    visitWithTypeInfo(typeInfo, {
      Field: ({ name }) => {
        const parent = typeInfo.getParentType()
        if (!parent) return
        const types = isInterfaceType(parent) ? [parent, ...schema.getPossibleTypes(parent)] : [parent]
        found.push(...types.map((type) => `${type.name}.${name.value}`))
      },
    }),
  )
  return found
}

test('nothing is exposed without an operation that uses it', () => {
  const used = new Set(operations.flatMap(selectedFields))
  const exposed = Object.values(schema.getTypeMap()).flatMap((type) => {
    // Edges and nodes are two ways to the same thing; an example takes one of them.
    if (type.name.startsWith('__') || /(Connection|Edge)$/.test(type.name)) return []
    return isObjectType(type) ? Object.values(type.getFields()).map(({ name }) => `${type.name}.${name}`) : []
  })
  expect(exposed.length).toBeGreaterThan(200)
  expect(exposed.filter((coordinate) => !used.has(coordinate))).toEqual([])
})
