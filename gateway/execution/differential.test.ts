// Generated operations over a shop of four subgraphs, answered three times: by this engine, by ApolloGateway's own executor over the same plans, and
// by one server that has everything. Answers are the same, and errors stand where the one server has them.
import { ApolloGateway } from '@apollo/gateway'
import { parse, validate, type DocumentNode, type GraphQLFormattedError, type OperationDefinitionNode } from 'graphql'
import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createSeededChance, type SeededChance } from '../../test/harness/seeded.ts'
import { createRequestContext } from '../request-context.ts'
import { executeRequest } from './execute-request.ts'
import { planOperation } from '../planning/plan-operation.ts'
import { generateOperation, type GeneratedOperation } from './testing/generate-operation.ts'
import { openShop, SHOP_SUBGRAPHS, type Fault, type Shop } from './testing/shop.ts'

const OPERATIONS = 1_500
const FAULTS: readonly Fault[] = ['unreachable', 'refusing', 'without data']

let shop: Shop
let stock: ApolloGateway
beforeAll(async () => {
  shop = await openShop()
  stock = new ApolloGateway({
    supergraphSdl: shop.supergraph.sdl,
    buildService: ({ name }) => ({
      process: async ({ request }) =>
        (await shop.client.request(
          name,
          { operation: { kind: 'query', query: request.query! }, variables: JSON.stringify(request.variables ?? {}) },
          noContext,
        )) as never,
    }),
  })
  await stock.load({ apollo: {} })
})
afterAll(() => stock.stop())

const noContext = createRequestContext({
  identity: null,
  signal: new AbortController().signal,
  requestId: 'test',
  headers: {},
  timeoutMs: Infinity,
})

test('generated operations get the same answers and errors as from one server, and as from the stock executor', async () => {
  const chance = createSeededChance()
  console.log(`Seed of the operations: ${chance.seed}`)
  const planNodes = new Map<string, number>()
  let differences = 0
  for (let made = 0; made < OPERATIONS;) {
    const operation = generate(chance, true)
    if (!operation) continue
    made += 1
    shop.takeRequests()
    const [ours, monolith] = [
      await runOurs(operation),
      await shop.executeMonolith(operation.document, operation.variables),
    ]
    const about = `seed ${chance.seed}, operation ${made}:\n${operation.source}\n${JSON.stringify(operation.variables)}`
    expect(ours.data, about).toEqual(monolith.data)
    expect(nullsExplained(ours), about).toEqual(nullsExplained(monolith))
    const theirs = await runStock(operation)
    if (!isDeepStrictEqual(theirs.data, ours.data)) differences += 1
    countNodes(planNodes, operation)
  }
  console.log(
    `Nodes of the plans: ${JSON.stringify(Object.fromEntries(planNodes))}; stock differed ${differences} times`,
  )
  for (const kind of ['Fetch', 'Flatten', 'Sequence', 'Parallel', 'Condition'])
    expect(planNodes.get(kind), kind).toBeGreaterThan(50)
})

test('while a subgraph fails, answers hold what the stock executor gives, and an error of each missing part', async () => {
  const chance = createSeededChance()
  console.log(`Seed of the operations: ${chance.seed}`)
  // Without conditions: stock's plans are wrong for some of them.
  for (let made = 0; made < 300;) {
    const operation = generate(chance, false)
    if (!operation) continue
    made += 1
    const fault = {
      subgraph: SHOP_SUBGRAPHS[chance.below(SHOP_SUBGRAPHS.length)]!,
      fault: FAULTS[chance.below(FAULTS.length)]!,
    }
    shop.setFault(fault)
    shop.takeRequests()
    const ours = await runOurs(operation)
    const wasAsked = shop.takeRequests().some(({ subgraph }) => subgraph === fault.subgraph)
    const theirs = await runStock(operation)
    shop.setFault(null)
    const about = `seed ${chance.seed}, ${JSON.stringify(fault)}\n${operation.source}\n${JSON.stringify(operation.variables)}`
    expect(ours.data, about).toEqual(theirs.data)
    if (wasAsked && fault.fault !== 'without data') expect(ours.errors?.length, about).toBeGreaterThan(0)
  }
})

interface Prepared extends GeneratedOperation {
  document: DocumentNode
  operation: OperationDefinitionNode
}

/** Null where what was made is not valid: two of its fields may contradict each other. */
function generate(chance: SeededChance, hasConditions: boolean): Prepared | null {
  const kind = chance.below(12) === 0 ? 'mutation' : 'query'
  const generated = generateOperation(shop.supergraph.apiSchema, chance, { kind, depth: 4, breadth: 4, hasConditions })
  const document = parse(generated.source)
  if (validate(shop.supergraph.apiSchema, document).length > 0) return null
  return { ...generated, document, operation: document.definitions[0] as OperationDefinitionNode }
}

async function runOurs({ document, operation, variables }: Prepared) {
  const planned = planOperation(shop.supergraph, document, operation)
  if (planned.kind !== 'request') throw new Error('A request was planned as a subscription.')
  const { supergraph, client } = shop
  const result = await executeRequest({ schema: supergraph.apiSchema, planned, variables, context: noContext, client })
  return JSON.parse(JSON.stringify(result)) as { data?: unknown; errors?: GraphQLFormattedError[] }
}

async function runStock({ source, document, operation, variables }: Prepared) {
  const result = await stock.executor({
    source,
    document,
    operation,
    operationName: operation.name!.value,
    queryHash: source,
    request: { query: source, variables, operationName: operation.name!.value },
    context: {},
    metrics: {},
    schema: shop.supergraph.apiSchema,
    logger: console,
    cache: {},
  } as never)
  return JSON.parse(JSON.stringify(result)) as { data?: unknown }
}

/**
 * Where values are null that an error explains. Below one of them one server stops at the first error; subgraphs say theirs without knowing of
 * each other.
 */
function nullsExplained({ data, errors = [] }: { data?: unknown; errors?: readonly unknown[] }): string[] {
  const places = (errors as GraphQLFormattedError[]).map(({ path = [] }) => {
    let value = data
    const depth = path.findIndex((step) => {
      value = (value as Record<string, unknown>)[step]
      return value === null || value === undefined
    })
    return path.slice(0, depth + 1).join('.')
  })
  return [...new Set(places)].toSorted()
}

function countNodes(counts: Map<string, number>, { document, operation }: Prepared): void {
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return
    const { kind } = node as { kind?: string }
    if (kind) counts.set(kind, (counts.get(kind) ?? 0) + 1)
    for (const child of ['node', 'nodes', 'ifClause', 'elseClause']) {
      const below = (node as Record<string, unknown>)[child]
      for (const each of Array.isArray(below) ? below : [below]) visit(each)
    }
  }
  const planned = planOperation(shop.supergraph, document, operation)
  if (planned.kind === 'request') visit(planned.plan)
}
