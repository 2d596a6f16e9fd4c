import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { buildSupergraph } from '../supergraph/load-supergraph.ts'
import { readDeltaFields } from './delta-directive.ts'
import { readEventFields } from './event-fields.ts'
import { cursorOf, mergeEvents } from './merge-events.ts'

const SDL = await readFile(new URL('../../schema/supergraph.graphql', import.meta.url), 'utf8')
const { apiSchema } = buildSupergraph(SDL)
const fieldsOf = (selection: string) =>
  readEventFields(apiSchema, `subscription { ${selection} }`) ?? expect.unreachable('it has event fields')

const FIELDS = fieldsOf(`told: answerStream(input: { question: "?", knowledgeBaseIds: [] }) {
  __typename cursor
  ... on AnswerDelta { piece: text at: occurredAt number: sequence model { id } }
  ... on AnswerCited { at: occurredAt }
}`)
const delta = (number: number, more: object = {}) => ({
  __typename: 'AnswerDelta',
  cursor: `c${number}`,
  piece: `${number} `,
  at: `2026-12-01T00:00:0${number}Z`,
  number,
  model: { id: 'mdl_1' },
  ...more,
})
const merge = (one: unknown, other: unknown, fields = FIELDS) =>
  mergeEvents(fields, { data: { told: one } }, { data: { told: other } })?.event ?? null

test('the platform says which fields hold pieces of a text, and what stands beside them', () => {
  const positions = ['cursor', 'occurredAt', 'sequence']
  expect(Object.fromEntries(readDeltaFields(SDL))).toEqual({
    'AnswerDelta.text': positions,
    'GenerationDelta.text': positions,
  })
  // A directive of that name is somebody else's unless the specification is linked.
  expect(readDeltaFields(SDL.replace('tributary.dev/specs/stream/', 'example.com/stream/')).size).toBe(0)
})

test('two deltas are one: pieces joined, positions of the later, under any alias', () => {
  expect(merge(delta(1), delta(2))).toEqual({ data: { told: { ...delta(2), piece: '1 2 ' } } })
  const [one, two, three] = [1, 2, 3].map((number) => delta(number))
  expect(mergeEvents(FIELDS, { data: { told: one } }, { data: { told: two } })!.addedBytes).toBe(2)
  expect(merge(merge(one, two)!.data!['told'], three)).toEqual({ data: { told: { ...three, piece: '1 2 3 ' } } })
})

test.each([
  ['of other types', delta(1), { __typename: 'AnswerCited', cursor: 'c2', at: '' }],
  [
    'both without a delta',
    { __typename: 'AnswerCited', cursor: 'c1', at: '' },
    { __typename: 'AnswerCited', cursor: 'c2', at: '' },
  ],
  ['with another value beside it', delta(1), delta(2, { model: { id: 'mdl_2' } })],
  ['with a value that only one has', delta(1), delta(2, { model: undefined, other: 1 })],
  ['with other fields', delta(1), { ...delta(2), more: 1 }],
  ['of which one is no text', delta(1), delta(2, { piece: null })],
  ['of a type that is not known', delta(1, { __typename: 'X' }), delta(2, { __typename: 'X' })],
  ['of which one is nothing', null, delta(2)],
])('events %s stay two', (_, one, other) => {
  expect(merge(one, other)).toBeNull()
})

test('events with errors stay by themselves', () => {
  const [one, other] = [{ data: { told: delta(1) } }, { data: { told: delta(2) } }]
  const errors = [{ message: 'x' }]
  expect(mergeEvents(FIELDS, { ...one, errors }, other)).toBeNull()
  expect(mergeEvents(FIELDS, one, { ...other, errors })).toBeNull()
})

test('without the text nothing is merged: whoever counts events gets all of them', () => {
  const fields = fieldsOf(
    'told: generationEvents(id: "gen_1") { __typename ... on GenerationDelta { cursor sequence } }',
  )
  const event = (sequence: number) => ({ __typename: 'GenerationDelta', cursor: `c${sequence}`, sequence })
  expect(merge(event(1), event(2), fields)).toBeNull()
})

test('named fragments and conditions of interfaces are looked into', () => {
  const fields = readEventFields(
    apiSchema,
    `subscription { told: generationEvents(id: "gen_1") { __typename ...Position ... on GenerationEvent { ... on GenerationDelta { text } } } }
     fragment Position on GenerationEvent { position: cursor }`,
  )!
  const event = (number: number) => ({ __typename: 'GenerationDelta', position: `c${number}`, text: String(number) })
  expect(merge(event(1), event(2), fields)).toEqual({ data: { told: { ...event(2), text: '12' } } })
  expect(cursorOf(fields, { told: event(2) })).toBe('c2')
})

test('the cursor of an event is found under its key, and only there', () => {
  expect(cursorOf(FIELDS, { told: delta(3) })).toBe('c3')
  expect(cursorOf(FIELDS, { told: { __typename: 'X', cursor: 'c' } })).toBeNull()
  expect(cursorOf(FIELDS, { told: null })).toBeNull()
  expect(cursorOf(FIELDS, null)).toBeNull()
  const without = fieldsOf('told: generationEvents(id: "gen_1") { __typename ... on GenerationDelta { text } }')
  expect(cursorOf(without, { told: { __typename: 'GenerationDelta', text: '' } })).toBeNull()
})

test('an operation of several root fields, or of one that gives no object, has no event fields', () => {
  expect(readEventFields(apiSchema, 'subscription { __typename }')).toBeNull()
  expect(
    readEventFields(
      apiSchema,
      'subscription { a: generationEvents(id: "") { cursor } b: generationEvents(id: "") { cursor } }',
    ),
  ).toBeNull()
})
