// Answers that come in an order of their own: what was asked for an object that several hold reaches each of them, also one that was told something else
// meanwhile.
import type { FetchNode, PlanNode } from '@apollo/query-planner'
import { buildSchema, OperationTypeNode } from 'graphql'
import { expect, test } from 'vitest'
import type { SubgraphClient, SubgraphResponse } from '../subgraphs/subgraph-client.ts'
import { executePlan } from './execute-plan.ts'
import type { PlanError } from './plan-execution.ts'
import type { JsonObject } from './representation.ts'
import { createSharedValues } from './shared-values.ts'
import { noContext } from './testing/no-context.ts'

const schema = buildSchema(`
  type Query { list: [Parcel!] }
  type Parcel { id: ID! mark: Int box: Box }
  type Box { size: Int owner: Owner }
  type Owner { id: ID! name: String }`)

const entities = (serviceName: string, typeCondition: string, fields: string[], selection: string): FetchNode => ({
  kind: 'Fetch',
  serviceName,
  operationKind: OperationTypeNode.QUERY,
  operationName: undefined,
  operation: `query($representations:[_Any!]!){_entities(representations:$representations){...on ${typeCondition}{${selection}}}}`,
  variableUsages: [],
  requires: [
    {
      kind: 'InlineFragment',
      typeCondition,
      selections: fields.map((name) => ({ kind: 'Field', name })),
    },
  ],
})
const at = (path: string[], node: FetchNode): PlanNode => ({ kind: 'Flatten', path, node })

const PLAN: PlanNode = {
  kind: 'Parallel',
  nodes: [
    {
      kind: 'Sequence',
      nodes: [
        at(['list', '@'], entities('boxes', 'Parcel', ['__typename', 'id'], 'box{owner{__typename id}}')),
        at(['list', '@', 'box', 'owner'], entities('owners', 'Owner', ['__typename', 'id'], 'name')),
      ],
    },
    at(['list', '@'], entities('sizes', 'Parcel', ['__typename', 'id', 'mark'], 'box{size}')),
  ],
}

/** Asks of `PLAN`, which are answered when the test says so. */
function run(plan: PlanNode, data: JsonObject) {
  const questions = new Map<
    string,
    { asked: PromiseWithResolvers<void>; answer: PromiseWithResolvers<SubgraphResponse> }
  >()
  const questionOf = (subgraph: string) => {
    const known = questions.get(subgraph) ?? {
      asked: Promise.withResolvers<void>(),
      answer: Promise.withResolvers<SubgraphResponse>(),
    }
    questions.set(subgraph, known)
    return known
  }
  const client: SubgraphClient = {
    request(subgraph) {
      const { asked, answer } = questionOf(subgraph)
      asked.resolve()
      return answer.promise
    },
    async close() {},
  }
  const errors: PlanError[] = []
  const done = executePlan(plan, data, {
    schema,
    client,
    context: noContext,
    variables: {},
    coercedVariables: {},
    errors,
    shared: createSharedValues(),
  })
  return {
    asked: (subgraph: string) => questionOf(subgraph).asked.promise,
    async answer(subgraph: string, answered: JsonObject | JsonObject[]) {
      const { asked, answer } = questionOf(subgraph)
      await asked.promise
      answer.resolve({ data: Array.isArray(answered) ? { _entities: answered } : answered })
    },
    async end() {
      await done
      expect(errors).toEqual([])
    },
  }
}

const sizesOf = (data: JsonObject) => (data['list'] as { box: JsonObject }[]).map(({ box }) => box['size'])

test('an object that is copied while something is asked for it gets the answer, too', async () => {
  const data: JsonObject = { list: [1, 2].map((mark) => ({ __typename: 'Parcel', id: 'p', mark })) }
  const { asked, answer, end } = run(PLAN, data)
  await answer('boxes', [{ box: { owner: { __typename: 'Owner', id: 'o' } } }])
  await asked('owners')
  await answer('sizes', [{ box: { size: 10 } }, { box: { size: 20 } }])
  await expect.poll(() => sizesOf(data)).toEqual([10, 20])
  await answer('owners', [{ name: 'Owner' }])
  await end()
  const owner = { __typename: 'Owner', id: 'o', name: 'Owner' }
  expect(data['list']).toMatchObject([{ box: { size: 10, owner } }, { box: { size: 20, owner } }])
})

test('objects that were equal in an answer may be told to be different', async () => {
  const data: JsonObject = {}
  const root: FetchNode = {
    ...entities('parcels', 'Parcel', [], ''),
    operation: '{list{__typename id box{owner{__typename id}}}}',
  }
  delete root.requires
  const { asked, answer, end } = run(
    {
      kind: 'Sequence',
      nodes: [
        root,
        {
          kind: 'Parallel',
          nodes: [
            at(['list', '@', 'box', 'owner'], entities('owners', 'Owner', ['__typename', 'id'], 'name')),
            at(['list', '@'], entities('sizes', 'Parcel', ['__typename', 'id'], 'box{size}')),
          ],
        },
      ],
    },
    data,
  )
  const owner = { __typename: 'Owner', id: 'o' }
  await answer('parcels', {
    list: ['p', 'q'].map((id) => ({ __typename: 'Parcel', id, box: { owner: { ...owner } } })),
  })
  await asked('owners')
  const [first, second] = data['list'] as { box: JsonObject }[]
  expect(second!.box).toBe(first!.box)
  await answer('sizes', [{ box: { size: 10 } }, { box: { size: 20 } }])
  await expect.poll(() => sizesOf(data)).toEqual([10, 20])
  await answer('owners', [{ name: 'Owner' }])
  await end()
  const named = { ...owner, name: 'Owner' }
  expect(data['list']).toMatchObject([{ box: { size: 10, owner: named } }, { box: { size: 20, owner: named } }])
})
