// Fields that are moving between subgraphs: each label says for itself whether its fields have moved.
import { parse, type OperationDefinitionNode } from 'graphql'
import { expect, test } from 'vitest'
import { noContext } from '../execution/testing/no-context.ts'
import { openLibrary } from '../execution/testing/library.ts'
import { executeOurs } from '../execution/testing/prepare-for-test.ts'
import { createBuildPlan } from './build-plan.ts'
import { createDrawMoved } from './override-labels.ts'
import { createPlansForCallers } from './plan-for-caller.ts'
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
  const planned = planHere(graph.supergraph, document, operation, { moved })
  if (planned.kind !== 'request') throw new Error('A request was planned as a subscription.')
  const { data } = await executeOurs(graph, { source, variables: {}, document, operation, planned })
  const asked = graph.takeRequests().map(({ subgraph }) => subgraph)
  expect(asked.toSorted()).toEqual(subgraphs)
  expect(data).toEqual((await graph.executeMonolith(document, {})).data)
})

test('shares are drawn for each operation, named labels have moved for all, and there is a plan for each outcome', async () => {
  await using graph = await openLibrary()
  let drawn = 0.5
  const draw = (moved: string[]) => createDrawMoved(graph.supergraph.sdl, new Set(moved), () => drawn)()
  expect(draw([])).toEqual([])
  expect(draw(['births'])).toEqual(['births'])
  drawn = 0.29
  expect(draw([])).toEqual(['percent(30)'])
  expect(draw(['births'])).toEqual(['births', 'percent(30)'])

  const asked: (readonly string[])[] = []
  const buildPlan = createBuildPlan(graph.supergraph.sdl)
  const plans = createPlansForCallers({
    supergraph: graph.supergraph,
    planner: {
      async plan(request) {
        asked.push(request.moved)
        return JSON.stringify(buildPlan(request))
      },
    },
    random: () => drawn,
  })
  const plan = () => plans.planFor(document, operation, noContext, {})
  const moved = await plan()
  drawn = 0.3
  const own = await plan()
  expect(plan()).toBe(own)
  drawn = 0
  expect(plan()).toBe(moved)
  expect(asked).toEqual([['percent(30)'], []])
  expect(plans.mostUsed(2).map(({ caller }) => caller.moved)).toEqual([['percent(30)'], []])
})
