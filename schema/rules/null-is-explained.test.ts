import { expect, test } from 'vitest'
import { nullIsExplained } from './null-is-explained.ts'
import { brokenAt, exampleApi } from './example.ts'

test('null-is-explained: conforming', () => {
  expect(
    brokenAt(
      nullIsExplained,
      exampleApi(
        `type Model { "Its name." name("How many." first: Int = 50 "Null means all." kind: String): String! "Its size. Null when unknown." size: Int } input ModelInput { "Left out or null: any." seed: Int }`,
      ),
    ),
  ).toEqual([])
})

test('null-is-explained: violating', () => {
  expect(
    brokenAt(
      nullIsExplained,
      exampleApi(
        `type Model { "Its name." name("Which." kind: String): String! "Its size." size: Int "May be nullable." words: Int } input ModelInput { "A seed." seed: Int }`,
      ),
    ),
  ).toEqual(['Model.size', 'Model.words', 'Model.name(kind:)', 'ModelInput.seed'])
})
