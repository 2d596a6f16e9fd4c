// What the stream log gives on PostgreSQL and on Redis: appends a second, one at a time and in batches; events replayed a second; and how long
// an event takes from its append to a follower in another log. Both on servers of their own on this machine, in turns.
import { parseArgs } from 'node:util'
import { openDatabase, type Database } from '#shared/database.ts'
import { createPostgresStreamLog } from '#shared/postgres-stream-log.ts'
import { createRedisStreamLog } from '#shared/redis-stream-log.ts'
import type { StreamLog } from '#shared/stream-log.ts'
import { createTables, TEST_SCHEMA } from '#shared/stream-log.fixture.ts'
import { ensurePostgresql, startPostgresql } from '../../services/postgresql.ts'
import { ensureRedis, startRedis } from '../../services/redis.ts'
import { median, percentile, printFigures, warnWhenBusy } from '../figures.ts'
import './ended-by-signal.ts'

const USAGE = `node test/bench/stores/stream-log.ts [options]

  --rounds 5          how often each is measured
  --appends 1000      appends of one event in a round, one after the other
  --batches 20        appends of a batch in a round
  --batch-size 500    events of a batch
  --wakes 200         events whose way to a follower is timed in a round
  --fsync everysec    appendfsync of Redis: always, everysec or no
  --help`

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    appends: { type: 'string', default: '1000' },
    batches: { type: 'string', default: '20' },
    'batch-size': { type: 'string', default: '500' },
    wakes: { type: 'string', default: '200' },
    fsync: { type: 'string', default: 'everysec' },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) {
  console.log(USAGE)
  process.exit(0)
}
const [rounds, appends, batches, batchSize, wakes] = [
  values.rounds,
  values.appends,
  values.batches,
  values['batch-size'],
  values.wakes,
].map(Number) as [number, number, number, number, number]

interface Delta {
  type: 'delta'
  sequence: number
  text: string
}
interface Measured {
  single: number[]
  inTransaction: number[]
  batched: number[]
  replayed: number[]
  wakeMs: number[]
}

const workspaceId = 'ws_benchmark'
const delta = (sequence: number): Delta => ({ type: 'delta', sequence, text: ' token' })
let streams = 0

const [postgresql, redis] = [await ensurePostgresql(), await ensureRedis()]
for (const ensured of [postgresql, redis]) if ('missing' in ensured) throw new Error(ensured.missing)
if ('missing' in postgresql || 'missing' in redis) throw new Error('unreachable')
await using opened = new AsyncDisposableStack()
const server = await startPostgresql(postgresql.installation)
opened.defer(() => server.close())
const redisServer = await startRedis(redis.installation, ['--appendfsync', values.fsync])
opened.defer(() => redisServer.close())
const database = await openDatabase({ location: { url: await server.createDatabase() } })
opened.defer(() => database.close())
await createTables(database)
const url = redisServer.environment['REDIS_URL']!
const stores = {
  PostgreSQL: await openPair(() => createPostgresStreamLog<Delta>({ database, schema: TEST_SCHEMA })),
  Redis: await openPair(() => createRedisStreamLog<Delta>({ database, schema: TEST_SCHEMA, url })),
}
await warnWhenBusy()
const measured = { PostgreSQL: empty(), Redis: empty() }
for (let round = -1; round < rounds; round += 1)
  for (const name of ['PostgreSQL', 'Redis'] as const) {
    const target = round < 0 ? empty() : measured[name]
    await measure(stores[name], database, target)
  }
for (const name of ['PostgreSQL', 'Redis'] as const) {
  const { single, inTransaction, batched, replayed, wakeMs } = measured[name]
  printFigures(`stream log on ${name}${name === 'Redis' ? `, appendfsync ${values.fsync}` : ''}`, [
    { name: 'appends of one event', unit: '/s', values: single },
    { name: 'appends of one event, each in a transaction', unit: '/s', values: inTransaction },
    { name: `events appended in batches of ${batchSize}`, unit: '/s', values: batched },
    { name: 'events replayed', unit: '/s', values: replayed },
    { name: 'append to follower', unit: 'ms', values: wakeMs },
  ])
}
const ratio = (of: (of: Measured) => number) => [of(measured.Redis) / of(measured.PostgreSQL)]
printFigures('Redis against PostgreSQL', [
  { name: 'appends of one event', unit: '', values: ratio(({ single }) => median(single)) },
  { name: 'appends in a transaction', unit: '', values: ratio(({ inTransaction }) => median(inTransaction)) },
  { name: 'events appended in batches', unit: '', values: ratio(({ batched }) => median(batched)) },
  { name: 'events replayed', unit: '', values: ratio(({ replayed }) => median(replayed)) },
  { name: 'append to follower, median', unit: '', values: ratio(({ wakeMs }) => median(wakeMs)) },
  { name: 'append to follower, p95', unit: '', values: ratio(({ wakeMs }) => percentile(wakeMs, 0.95)) },
])

function empty(): Measured {
  return { single: [], inTransaction: [], batched: [], replayed: [], wakeMs: [] }
}

async function openPair(open: () => Promise<StreamLog<Delta>>) {
  const pair = { writer: await open(), reader: await open() }
  opened.defer(() => pair.writer.close())
  opened.defer(() => pair.reader.close())
  return pair
}

async function measure(
  { writer, reader }: { writer: StreamLog<Delta>; reader: StreamLog<Delta> },
  { sql }: Database,
  into: Measured,
): Promise<void> {
  const newStream = () => `benchmark_${++streams}`
  const perSecond = async (count: number, work: () => Promise<void>) => {
    const startedAt = performance.now()
    await work()
    return (count / (performance.now() - startedAt)) * 1000
  }

  const single = newStream()
  into.single.push(
    await perSecond(appends, async () => {
      for (let index = 0; index < appends; index += 1) await writer.append(workspaceId, single, [delta(index)])
    }),
  )
  const transactions = Math.ceil(appends / 5)
  const inTransaction = newStream()
  into.inTransaction.push(
    await perSecond(transactions, async () => {
      for (let index = 0; index < transactions; index += 1)
        await sql.transaction((transaction) =>
          writer.append(workspaceId, inTransaction, [delta(index)], { transaction }),
        )
    }),
  )

  const batched = newStream()
  const batch = Array.from({ length: batchSize }, (_, index) => delta(index))
  into.batched.push(
    await perSecond(batches * batchSize, async () => {
      for (let index = 0; index < batches; index += 1) await writer.append(workspaceId, batched, batch)
    }),
  )
  await writer.append(workspaceId, batched, [], { isLast: true })
  into.replayed.push(
    await perSecond(batches * batchSize, async () => {
      let count = 0
      const signal = AbortSignal.timeout(120_000)
      for await (const _ of reader.follow({ workspaceId, streamId: batched, signal })) count += 1
      if (count !== batches * batchSize) throw new Error(`${count} events were replayed`)
    }),
  )

  const woken = newStream()
  await writer.append(workspaceId, woken, [delta(-1)])
  const events = reader.follow({ workspaceId, streamId: woken, signal: AbortSignal.timeout(120_000) })
  await events.next()
  for (let index = 0; index < wakes; index += 1) {
    const next = events.next()
    // So that the follower waits when the event comes.
    await new Promise((resolve) => globalThis.setTimeout(resolve, 3))
    const startedAt = performance.now()
    await Promise.all([writer.append(workspaceId, woken, [delta(index)]), next])
    into.wakeMs.push(performance.now() - startedAt)
  }
  await events.return(undefined)
}
