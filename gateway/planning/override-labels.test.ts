// Fields that are moving between subgraphs: each label says for itself whether its fields have moved.
import { parse, type OperationDefinitionNode } from 'graphql'
import { expect, test } from 'vitest'
import { openLibrary } from '../execution/testing/library.ts'
import { executeOurs } from '../execution/testing/prepare-for-test.ts'
import { planHere } from './testing/plan-here.ts'

const source = '{ loans { borrower { name born } } }'
const document = parse(source)
const operation = document.definitions[0] as OperationDefinitionNode

test.each([
  [[], ['loans', 'people']],
  [['births'], ['desk', 'loans', 'people']],
  [
    ['births', 'percent(30)'],
    ['catalog', 'desk', 'loans'],
  ],
])('%j: asked are %j', async (moved, subgraphs) => {
  await using graph = await openLibrary()
  const planned = planHere(graph.supergraph, document, operation, moved)
  if (planned.kind !== 'request') throw new Error('A request was planned as a subscription.')
  const { data } = await executeOurs(graph, { source, variables: {}, document, operation, planned })
  const asked = graph.takeRequests().map(({ subgraph }) => subgraph)
  expect(asked.toSorted()).toEqual(subgraphs)
  expect(data).toEqual((await graph.executeMonolith(document, {})).data)
})
