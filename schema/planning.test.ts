// What the query planner makes of the supergraph: which subgraph is asked for what, and in which order.

import federationInternals from '@apollo/federation-internals'
import queryPlannerPackage, { type PlanNode, type QueryPlan, type SubscriptionNode } from '@apollo/query-planner'
import { buildSchema, isObjectType, parse } from 'graphql'
import { beforeAll, expect, test } from 'vitest'
import { NODE_TYPES } from '../contracts/node-types.ts'
import { readExampleOperations } from './operations.ts'
import { readSchemaFile } from './sources.ts'

let plan: (operation: string) => QueryPlan

beforeAll(() => {
  const supergraph = federationInternals.Supergraph.build(readSchemaFile('supergraph.graphql'))
  const apiSchema = supergraph.apiSchema()
  const planner = new queryPlannerPackage.QueryPlanner(supergraph)
  plan = (operation) => planner.buildQueryPlan(federationInternals.operationFromDocument(apiSchema, parse(operation)))
})

/** A plan in one line: `a` then `b` is `a > b`, side by side is `(a | b)`, at a path is `a@path`. */
function outline(node: PlanNode | SubscriptionNode | undefined): string {
  if (node === undefined) return 'nothing'
  switch (node.kind) {
    case 'Fetch':
      return node.serviceName
    case 'Flatten':
      return `${outline(node.node)}@${node.path.join('.')}`
    case 'Sequence':
      return node.nodes.map(outline).join(' > ')
    case 'Parallel':
      return `(${node.nodes.map(outline).toSorted().join(' | ')})`
    case 'Subscription':
      return `${outline(node.primary)} then per event ${outline(node.rest)}`
    case 'Condition':
    case 'Defer':
      return node.kind
  }
}

test('node(id) asks accounts for the type and the owner for the fields', () => {
  expect(outline(plan('query ($id: ID!) { node(id: $id) { id ... on Document { title } } }').node)).toBe(
    'accounts > knowledge@node',
  )
})

const schema = buildSchema(readSchemaFile('api.graphql'))
const ownerOfType = Object.fromEntries(Object.values(NODE_TYPES).map(({ typeName, owner }) => [typeName, owner]))

test('every type that implements Node has its owner listed in the contracts', () => {
  const nodeTypes = Object.values(schema.getTypeMap()).filter(
    (type) => isObjectType(type) && type.getInterfaces().some(({ name }) => name === 'Node'),
  )
  expect(nodeTypes.map(({ name }) => name).toSorted()).toEqual(Object.keys(ownerOfType).toSorted())
})

test.each(Object.entries(ownerOfType))('node(id) reaches the scalar fields of %s at %s', (typeName, owner) => {
  const type = schema.getType(typeName)
  if (!isObjectType(type)) throw new Error(`${typeName} is no object type`)
  const names = Object.values(type.getFields())
    .filter(
      ({ name, type: fieldType }) => name !== 'id' && /^(String|Boolean|Int|Long|DateTime)!$/.test(String(fieldType)),
    )
    .map(({ name }) => name)
  const fields = names.length > 0 ? names.join(' ') : 'span { startOffset }'
  const operation = `query ($id: ID!) { node(id: $id) { ... on ${typeName} { ${fields} } } }`
  expect(outline(plan(operation).node)).toBe(owner === 'accounts' ? 'accounts' : `accounts > ${owner}@node`)
})

test('one query crosses all six subgraphs in two rounds', () => {
  expect(outline(plan(readSchemaFile('operations/SixSubgraphs.graphql')).node)).toBe(
    '(accounts | knowledge > (graph@knowledgeBase.documents.nodes.@ | ingestion@knowledgeBase.documents.nodes.@' +
      ' | metrics@knowledgeBase | models@knowledgeBase.embeddingModel))',
  )
})

test('a streamed answer is subscribed to at knowledge, and models names the model of each event', () => {
  const operation =
    'subscription ($input: AnswerInput!) { answerStream(input: $input) { ... on AnswerDelta { text model { name } } } }'
  expect(outline(plan(operation).node)).toBe('knowledge then per event models@answerStream.model')
})

test('a subscription without fields of other subgraphs costs nothing per event', () => {
  const operation = 'subscription ($id: ID!) { answerEvents(id: $id) { cursor ... on AnswerDelta { text } } }'
  expect(outline(plan(operation).node)).toBe('knowledge then per event nothing')
})

test.each(readExampleOperations())('operation $name has a plan', ({ name, text, type }) => {
  const { node } = plan(text)
  expect(outline(node), name).toMatch(
    type === 'subscription' ? /^\w+ then per event / : /^\(?(accounts|models|knowledge|graph|ingestion|metrics)/,
  )
})
