import { buildSchema } from 'graphql'
import { expect, test } from 'vitest'
import { findStyleProblems } from './check.ts'
import { exampleApi } from './rules/example.ts'
import { readCommonTypeDefs, readSchemaFile, readSubgraphSources } from './sources.ts'

test('the contract keeps every rule of schema style', () => {
  const api = buildSchema(readSchemaFile('api.graphql'))
  expect(findStyleProblems({ api, common: readCommonTypeDefs(), subgraphs: readSubgraphSources() })).toEqual([])
})

test('a problem names the place, what is wrong and the rule', () => {
  expect(findStyleProblems(exampleApi('"A." type Query { "The model. Null when unknown." getModel: Int }'))).toEqual([
    'Query.getModel begins with a verb; name the thing itself (no-verb-prefixes)',
  ])
})
