import { expect, test } from 'vitest'
import { descriptionsAreSentences } from './descriptions-are-sentences.ts'
import { brokenAt, exampleApi } from './example.ts'

test('descriptions-are-sentences: conforming', () => {
  expect(
    brokenAt(
      descriptionsAreSentences,
      exampleApi(`"A model. It has a name." type Model { "\`x\` or what it is called." name: String }`),
    ),
  ).toEqual([])
})

test('descriptions-are-sentences: violating', () => {
  expect(
    brokenAt(
      descriptionsAreSentences,
      exampleApi(`"a model." type Model { "The name" name: String "${'Very long '.repeat(20)}. Short." text: String }`),
    ),
  ).toEqual(['Model', 'Model.name', 'Model.text'])
})
