import { expect, test } from 'vitest'
import { breakingChangeEntries, missingEntries } from './breaking-changes.ts'

const earlier = 'type Query { model(name: String): String size: Int } enum Mode { FAST SLOW }'

test('additions break nobody', () => {
  const later =
    'type Query { model(name: String, kind: String): String! size: Int other: Mode } enum Mode { FAST SLOW }'
  expect(breakingChangeEntries(earlier, later)).toEqual([])
})

test('each change that can break a client asks for its line', () => {
  const later = 'type Query { model(name: String!): String other: Int } enum Mode { FAST }'
  expect(breakingChangeEntries(earlier, later)).toEqual([
    '- BREAKING: Query.size was removed.',
    '- BREAKING: Query.model arg name has changed type from String to String!.',
    '- BREAKING: SLOW was removed from enum type Mode.',
  ])
})

test('a line of the changelog may say more, but not less', () => {
  const entries = ['- BREAKING: Query.size was removed.', '- BREAKING: Query.model was removed.']
  const changelog =
    '# Changes\n\n- BREAKING: Query.size was removed. Use Query.sizeBytes.\n- Query.model was removed.\n'
  expect(missingEntries(entries, changelog)).toEqual(['- BREAKING: Query.model was removed.'])
})
