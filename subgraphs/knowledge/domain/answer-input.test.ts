import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { SOURCES_DEFAULT, SOURCES_MAX } from './answer-input.ts'

test('the schema tells clients how many sources an answer has', () => {
  const schema = readFileSync(new URL('../../../schema/knowledge.graphql', import.meta.url), 'utf8')
  const description = schema.match(/"([^"]*)"\s*maxSources:/u)?.[1]
  expect(description).toContain(`1 to ${SOURCES_MAX}. Null means ${SOURCES_DEFAULT}.`)
})
