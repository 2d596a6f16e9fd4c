// When a subgraph is left alone, when it is tried again, and what does not count against it.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createSubgraphClient, type WatchedSubgraphClient } from './subgraph-client.ts'
import {
  contextOf,
  MUTATION,
  QUERY,
  startDouble,
  type Received,
  type SubgraphDouble,
} from './subgraph-double.fixture.ts'

let answer: (received: Received) => void
let double: SubgraphDouble
let client: WatchedSubgraphClient
const RESET_MS = 300
beforeEach(async () => {
  double = await startDouble((received) => answer(received))
  client = createSubgraphClient({
    urlOf: () => double.url,
    signer: null,
    settings: { circuit: { failurePercent: 50, resetMs: RESET_MS } },
  })
})
afterEach(async () => {
  await double.close()
  await client.close()
})

const ask = (signal = new AbortController().signal) =>
  client.request('a', { operation: MUTATION, variables: '{}' }, contextOf({ signal }))
const askOften = (times: number) => Promise.allSettled(Array.from({ length: times }, () => ask()))
const state = () => client.states()[0]?.circuit
const failing = (received: Received) => received.answer('broken', { status: 500 })
const well = (received: Received) => received.answer({ data: { ok: true } })

test('a subgraph that fails is left alone, then tried once, then asked again', async () => {
  answer = failing
  await askOften(25)
  expect(state()).toBe('open')
  const { count } = double
  await expect(ask()).rejects.toMatchObject({
    code: 'UPSTREAM_UNAVAILABLE',
    message: expect.stringMatching(/not asked for now\. It is tried again in 1 s\./),
  })
  expect(double.count).toBe(count)

  await expect.poll(state, { interval: 10 }).toBe('half-open')
  let trial: Received | undefined
  answer = (received) => (trial = received)
  const tried = ask()
  await expect.poll(() => trial).toBeDefined()
  await expect(ask()).rejects.toThrow('not asked for now')
  well(trial!)
  expect(await tried).toEqual({ data: { ok: true } })
  expect(state()).toBe('closed')
})

test('a trial that fails, or that its client leaves, means another pause', async () => {
  answer = failing
  await askOften(25)
  await expect.poll(state, { interval: 10 }).toBe('half-open')
  await expect(ask()).rejects.toThrow('500')
  expect(state()).toBe('open')

  await expect.poll(state, { interval: 10 }).toBe('half-open')
  const controller = new AbortController()
  answer = () => controller.abort()
  await expect(ask(controller.signal)).rejects.toMatchObject({ code: 'CANCELLED' })
  expect(state()).toBe('open')
})

test('fetches that wait for their turn meanwhile are not sent', async () => {
  const narrow = createSubgraphClient({ urlOf: () => double.url, signer: null, settings: { concurrency: 1 } })
  answer = failing
  const outcomes = await Promise.allSettled(
    Array.from({ length: 25 }, () => narrow.request('a', { operation: MUTATION, variables: '{}' }, contextOf())),
  )
  await narrow.close()
  expect(double.count).toBe(20)
  expect(outcomes.at(-1)).toMatchObject({
    reason: { code: 'UPSTREAM_UNAVAILABLE', message: expect.stringContaining('not asked for now') },
  })
})

test('a subgraph that cannot be reached counts as failing', async () => {
  await double.close()
  await askOften(25)
  expect(state()).toBe('open')
  double = await startDouble(well)
})

test('GraphQL errors do not count, whatever the status', async () => {
  answer = (received) => received.answer({ errors: [{ message: 'No.' }] }, { status: 500 })
  await askOften(40)
  answer = (received) => received.answer('not allowed', { status: 403 })
  await askOften(40)
  expect(state()).toBe('closed')
})

test('clients who leave do not count, nor those who give no time', async () => {
  let controller = new AbortController()
  answer = () => controller.abort()
  for (let n = 0; n < 30; n++) {
    controller = new AbortController()
    await expect(ask(controller.signal)).rejects.toMatchObject({ code: 'CANCELLED' })
  }
  answer = () => undefined
  const hasty = Array.from({ length: 60 }, () =>
    client.request('a', { operation: MUTATION, variables: '{}' }, contextOf({ timeoutMs: 20 })),
  )
  const outcomes = await Promise.allSettled(hasty)
  expect(outcomes.every((outcome) => outcome.status === 'rejected')).toBe(true)
  expect(state()).toBe('closed')
})

test('failures of one subgraph leave the others alone', async () => {
  answer = failing
  await askOften(25)
  answer = well
  expect(await client.request('b', { operation: QUERY, variables: '{}' }, contextOf())).toEqual({ data: { ok: true } })
  expect(client.states().map(({ subgraph, circuit }) => [subgraph, circuit])).toEqual([
    ['a', 'open'],
    ['b', 'closed'],
  ])
})
