// Planning as clients of a whole gateway meet it.
import type { Worker } from 'node:worker_threads'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { createLogger } from '#shared/logger.ts'
import { startGatewayServer } from '../server.ts'
import { DEFAULT_PLANNING } from './settings.ts'
import { costlyOperation, costlySupergraph } from './testing/costly.ts'

const sdl = costlySupergraph()

async function start(timeoutMs = DEFAULT_PLANNING.timeoutMs) {
  const threads: Worker[] = []
  const note = (thread: Worker) => void threads.push(thread)
  process.on('worker', note)
  const gateway = await startGatewayServer({
    host: '127.0.0.1',
    port: 0,
    corsOrigins: [],
    supergraphSource: { start: async () => sdl, close: async () => {} },
    subgraphUrl: () => undefined,
    asksSubgraphsIfReady: false,
    exampleOperations: [],
    uploadOrigin: null,
    authentication: null,
    planning: { ...DEFAULT_PLANNING, timeoutMs },
    logger: createLogger({ name: 'test', level: 'silent' }),
  })
  process.off('worker', note)
  const post = async (query: string, signal?: AbortSignal) => {
    const response = await fetch(gateway.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json' },
      body: JSON.stringify({ query }),
      ...(signal ? { signal } : {}),
    })
    return { status: response.status, body: (await response.json()) as { errors?: { extensions: { code: string } }[] } }
  }
  return { gateway, threads, post }
}

test('an operation over the budget is refused with what to do', async () => {
  const { gateway, post } = await start(50)
  const { status, body } = await post(costlyOperation(10))
  expect(status).toBe(400)
  expect(body).toEqual({
    errors: [
      {
        message: expect.stringMatching(/longer than 50 ms to plan .*Ask for less in one operation/),
        extensions: expect.objectContaining({ code: 'PLANNING_LIMIT_EXCEEDED', isRetryable: false }),
      },
    ],
  })
  await gateway.close()
})

test('the gateway is live while it plans, and a client who leaves is not waited for', async () => {
  const { gateway, post } = await start()
  const leaving = new AbortController()
  const left = post(costlyOperation(12), leaving.signal)
  expect((await fetch(new URL('/health', gateway.url))).status).toBe(200)
  leaving.abort()
  await expect(left).rejects.toThrow(/abort/)
  await gateway.close()
})

test('a closed gateway has ended its thread', async () => {
  const { gateway, threads } = await start()
  expect(threads).toHaveLength(1)
  const ended = once(threads[0]!, 'exit')
  await gateway.close()
  await ended
  expect(threads[0]!.threadId).toBe(-1)
})
