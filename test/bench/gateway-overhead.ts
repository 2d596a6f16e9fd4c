// What the gateway costs, each role a process of its own on PostgreSQL: the latency it adds to a trivial query, and the events a second that
// a replayed stream gives through it, without and with a field of another subgraph on every event; always beside the subgraph asked
// directly, in turns. A baseline without targets: later work on the executor is measured against it.
//
//   node test/bench/gateway-overhead.ts [--requests 500] [--events 5000]
import { parseArgs } from 'node:util'
import { createClient } from 'graphql-ws'
import { WebSocket } from 'ws'
import { openDatabase } from '#shared/database.ts'
import { createId } from '#shared/ids.ts'
import { createPostgresStreamLog } from '#shared/postgres-stream-log.ts'
import { IDENTITY_HEADER, serviceIdentity } from '../../contracts/identity.ts'
import type { AnswerEventPayload } from '../../subgraphs/knowledge/answer-events.ts'
import { createAnswerStore } from '../../subgraphs/knowledge/answer-store.ts'
import { modelId } from '../../contracts/model-ids.ts'
import { EMBEDDED_EMBEDDING_MODEL } from '../../subgraphs/models/model-files/manifest.ts'
import { startRoles, type RunningRoles } from '../harness/roles.ts'
import { ensurePostgresql, startPostgresql } from '../services/postgresql.ts'
import { printFigures, warnWhenBusy } from './figures.ts'

const { values } = parseArgs({
  options: { requests: { type: 'string', default: '500' }, events: { type: 'string', default: '5000' } },
})
const requests = Number(values.requests)
const eventCount = Number(values.events)
const STREAM_RUNS = 5
const VIEWER = '{ viewer { subject } }'
const PLAIN =
  'subscription ($id: ID!) { answerEvents(id: $id) { __typename cursor ... on AnswerDelta { sequence text } } }'
const FEDERATED =
  'subscription ($id: ID!) { answerEvents(id: $id) { __typename cursor ... on AnswerDelta { sequence text model { name } } } }'

const ensured = await ensurePostgresql()
if ('missing' in ensured) throw new Error(ensured.missing)
const server = await startPostgresql(ensured.installation)
try {
  const roles = await startRoles({ databaseUrl: await server.createDatabase() })
  try {
    await measure(roles)
  } finally {
    await roles.close()
  }
} finally {
  await server.close()
}

async function measure(roles: RunningRoles): Promise<void> {
  const { viewer } = await roles.client().query('{ viewer { subject workspace { id } } }')
  const workspaceId = viewer.workspace.id as string
  const identity = serviceIdentity(workspaceId, 'benchmark')
  const throughGateway = { authorization: `Bearer ${roles.adminApiKey}` }
  const directly = async () => ({ [IDENTITY_HEADER]: await roles.signer.sign(identity) })
  await warnWhenBusy()

  const gatewayMs: number[] = []
  const directMs: number[] = []
  for (let run = -20; run < requests; run += 1) {
    const [gateway, direct] = [
      await timeQuery(roles.url, throughGateway),
      await timeQuery(roles.subgraphUrls.accounts, await directly()),
    ]
    if (run < 0) continue
    gatewayMs.push(gateway)
    directMs.push(direct)
  }

  const id = await storeStream(roles, workspaceId)
  const rates = { direct: [] as number[], plain: [] as number[], federated: [] as number[] }
  for (let run = -1; run < STREAM_RUNS; run += 1) {
    const direct = await eventsPerSecond(roles.subgraphUrls.knowledge, await directly(), PLAIN, id)
    const plain = await eventsPerSecond(roles.url, throughGateway, PLAIN, id)
    const federated = await eventsPerSecond(roles.url, throughGateway, FEDERATED, id)
    if (run < 0) continue
    rates.direct.push(direct)
    rates.plain.push(plain)
    rates.federated.push(federated)
  }
  printFigures('gateway', [
    { name: 'viewer, through the gateway', unit: 'ms', values: gatewayMs },
    { name: 'viewer, accounts directly', unit: 'ms', values: directMs },
    { name: 'added by the gateway', unit: 'ms', values: gatewayMs.map((value, run) => value - directMs[run]!) },
    { name: 'replayed events, knowledge directly', unit: '/s', values: rates.direct },
    { name: 'replayed events, through the gateway', unit: '/s', values: rates.plain },
    { name: 'the same with model { name }', unit: '/s', values: rates.federated },
    {
      name: 'gateway against directly',
      unit: '',
      values: rates.plain.map((rate, run) => rate / rates.direct[run]!),
    },
    {
      name: 'with model { name } against directly',
      unit: '',
      values: rates.federated.map((rate, run) => rate / rates.direct[run]!),
    },
  ])
}

async function timeQuery(url: string, headers: Record<string, string>): Promise<number> {
  const startedAt = performance.now()
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query: VIEWER }),
  })
  const { data, errors } = (await response.json()) as { data?: { viewer?: unknown }; errors?: unknown }
  if (!data?.viewer) throw new Error(JSON.stringify(errors))
  return performance.now() - startedAt
}

/** An answer that has ended, with more deltas than any model would write: replayed, they come as fast as they can be served. */
async function storeStream(roles: RunningRoles, workspaceId: string): Promise<string> {
  const database = await openDatabase({ location: { url: roles.databaseUrl }, poolSize: 2 })
  const log = await createPostgresStreamLog<AnswerEventPayload>({ database, schema: 'knowledge' })
  const store = createAnswerStore({ database, log })
  const embeddingModelId = modelId(workspaceId, { provider: 'EMBEDDED', name: EMBEDDED_EMBEDDING_MODEL.name })
  const answer = await store.insert({
    id: createId('ans'),
    workspaceId,
    question: 'How fast is a stream?',
    conversation: [],
    knowledgeBaseIds: [],
    mode: 'EXTRACTIVE',
    modelName: null,
    maxSources: 1,
    isDetached: true,
    leaseOwner: 'benchmark',
  })
  const deltas = Array.from({ length: eventCount }, (_, sequence) => ({
    type: 'delta' as const,
    sequence,
    text: ' token',
    modelId: embeddingModelId,
  }))
  await store.change(answer, {
    set: { status: 'COMPLETED', finishedAt: new Date() },
    events: [{ type: 'started' }, ...deltas, { type: 'completed' }],
    isLast: true,
  })
  await log.close()
  await database.close()
  return answer.id
}

async function eventsPerSecond(url: string, parameters: Record<string, string>, query: string, id: string) {
  const client = createClient({
    url: url.replace(/^http/, 'ws'),
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    lazy: false,
    connectionParams: parameters,
  })
  let deltas = 0
  let startedAt = 0
  try {
    for await (const { data, errors } of client.iterate<any>({ query, variables: { id } })) {
      if (errors) throw new Error(JSON.stringify(errors))
      // From the first event on: what comes before is connecting and looking the answer up.
      if (startedAt === 0) startedAt = performance.now()
      const event = data.answerEvents
      if (event.__typename !== 'AnswerDelta') continue
      if (query === FEDERATED && !event.model?.name) throw new Error('An event came without its model.')
      deltas += 1
    }
  } finally {
    await client.dispose()
  }
  if (deltas !== eventCount) throw new Error(`${deltas} of ${eventCount} events came.`)
  return deltas / ((performance.now() - startedAt) / 1000)
}
