import { expect, test } from 'vitest'
import { mutationArguments } from './mutation-arguments.ts'
import { brokenAt, exampleApi } from './example.ts'

test('mutation-arguments: conforming', () => {
  expect(
    brokenAt(
      mutationArguments,
      exampleApi(
        `type Mutation { keyCreate(input: KeyInput!): Int keyUpdate(id: ID!, input: KeyInput!): Int keyDelete(id: ID!): Int } input KeyInput { name: String }`,
      ),
    ),
  ).toEqual([])
})

test('mutation-arguments: violating', () => {
  expect(
    brokenAt(
      mutationArguments,
      exampleApi(
        `type Mutation { keyCreate(input: KeyInput): Int keyUpdate(id: ID!, name: String!): Int keyDelete(id: ID): Int keyClear: Int } input KeyInput { name: String }`,
      ),
    ),
  ).toEqual(['Mutation.keyCreate(input:)', 'Mutation.keyUpdate(name:)', 'Mutation.keyDelete(id:)', 'Mutation.keyClear'])
})
