import { expect, test } from 'vitest'
import { everyElementDescribed } from './every-element-described.ts'
import { brokenAt, exampleApi } from './example.ts'

test('every-element-described: conforming', () => {
  expect(
    brokenAt(
      everyElementDescribed,
      exampleApi(
        `"A." scalar Long "A." type Model { "A." name("A." of: NameInput): Mode } "A." input NameInput { "A." text: String } "A." enum Mode { "A." FAST }`,
      ),
    ),
  ).toEqual([])
})

test('every-element-described: violating', () => {
  expect(
    brokenAt(
      everyElementDescribed,
      exampleApi(
        `scalar Long type Model { name(of: NameInput): Mode } input NameInput { text: String } enum Mode { "" FAST }`,
      ),
    ),
  ).toEqual(['Long', 'Model', 'NameInput', 'Mode', 'Model.name', 'Model.name(of:)', 'NameInput.text', 'Mode.FAST'])
})
