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

test('an object that is copied while something is asked for it gets the answer, too', async () => {
  const asked = new Map<string, PromiseWithResolvers<void>>(
    ['boxes', 'owners', 'sizes'].map((name) => [name, Promise.withResolvers<void>()]),
  )
  const answers = new Map<string, PromiseWithResolvers<SubgraphResponse>>(
    ['boxes', 'owners', 'sizes'].map((name) => [name, Promise.withResolvers<SubgraphResponse>()]),
  )
  const client: SubgraphClient = {
    request(subgraph) {
      asked.get(subgraph)!.resolve()
      return answers.get(subgraph)!.promise
    },
    async close() {},
  }
  const answer = async (subgraph: string, ..._entities: JsonObject[]) => {
    await asked.get(subgraph)!.promise
    answers.get(subgraph)!.resolve({ data: { _entities } })
  }
  const data: JsonObject = { list: [1, 2].map((mark) => ({ __typename: 'Parcel', id: 'p', mark })) }
  const errors: PlanError[] = []
  const shared = createSharedValues()
  const done = executePlan(PLAN, data, {
    schema,
    client,
    context: noContext,
    variables: {},
    coercedVariables: {},
    errors,
    shared,
  })
  await answer('boxes', { box: { owner: { __typename: 'Owner', id: 'o' } } })
  await asked.get('owners')!.promise
  await answer('sizes', { box: { size: 10 } }, { box: { size: 20 } })
  await expect.poll(() => (data['list'] as { box: JsonObject }[]).map(({ box }) => box['size'])).toEqual([10, 20])
  await answer('owners', { name: 'Owner' })
  await done
  const owner = { __typename: 'Owner', id: 'o', name: 'Owner' }
  expect(errors).toEqual([])
  expect(data['list']).toMatchObject([{ box: { size: 10, owner } }, { box: { size: 20, owner } }])
})
