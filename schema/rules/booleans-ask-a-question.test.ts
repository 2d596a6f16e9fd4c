import { expect, test } from 'vitest'
import { booleansAskAQuestion } from './booleans-ask-a-question.ts'
import { brokenAt, exampleApi } from './example.ts'

test('booleans-ask-a-question: conforming', () => {
  expect(
    brokenAt(
      booleansAskAQuestion,
      exampleApi(`type Model { isLoaded(canWait: Boolean): Boolean! island: String hasHosts: Boolean! }`),
    ),
  ).toEqual([])
})

test('booleans-ask-a-question: violating', () => {
  expect(
    brokenAt(
      booleansAskAQuestion,
      exampleApi(`type Model { loaded(wait: Boolean): Boolean! isA: String } input ModelInput { detached: Boolean }`),
    ),
  ).toEqual(['Model.loaded', 'Model.isA', 'Model.loaded(wait:)', 'ModelInput.detached'])
})
