import { pino } from 'pino'
import { expect, test } from 'vitest'
import { createCountUsage, type ModelUse } from './count-usage.ts'

const use = (rest: Partial<ModelUse> = {}): ModelUse => ({
  workspaceId: 'ws_x',
  kind: 'EMBEDDING',
  modelName: 'small',
  promptTokens: 3,
  idempotencyKey: null,
  ...rest,
})

/** A queue whose sending waits to be let through, or fails. */
function gatedQueue() {
  const sent: any[][] = []
  const gates: PromiseWithResolvers<void>[] = []
  const waiting = { count: 0, wake: () => undefined as void }
  const sendMany = async (_message: unknown, data: readonly unknown[]) => {
    const gate = Promise.withResolvers<void>()
    gates.push(gate)
    waiting.wake()
    await gate.promise
    sent.push([...data])
  }
  return {
    sent,
    queue: { send: (message: unknown, data: unknown) => sendMany(message, [data]), sendMany } as never,
    /** The next sending that has begun, once it has. */
    async next(): Promise<PromiseWithResolvers<void>> {
      while (gates.length === 0) await new Promise<void>((resolve) => (waiting.wake = resolve))
      return gates.shift()!
    },
  }
}
const logger = pino({ level: 'silent' })

test('nobody waits for what is counted after the reply, and closing does', async () => {
  const { queue, sent, next } = gatedQueue()
  const countUsage = createCountUsage({ queue, logger })
  await countUsage.count(use({ promptTokens: 1 }))
  const first = await next()
  await countUsage.count(use({ promptTokens: 2 }))
  await countUsage.count(use({ promptTokens: 3 }))
  let isClosed = false
  const closing = countUsage.close().then(() => (isClosed = true))
  first.resolve()
  const second = await next()
  expect(isClosed).toBe(false)
  second.resolve()
  await closing
  expect(sent.map((messages) => messages.map(({ promptTokens }) => promptTokens))).toEqual([[1], [2, 3]])
})

test('closing counts also what was said just before', async () => {
  const { queue, sent, next } = gatedQueue()
  const countUsage = createCountUsage({ queue, logger })
  await countUsage.count(use())
  const closing = countUsage.close()
  ;(await next()).resolve()
  await closing
  expect(sent).toHaveLength(1)
})

test('what could not be sent is sent again, with what came meanwhile', async () => {
  const { queue, sent, next } = gatedQueue()
  const countUsage = createCountUsage({ queue, logger, retryMs: 1 })
  await countUsage.count(use({ promptTokens: 1 }))
  const failing = await next()
  await countUsage.count(use({ promptTokens: 2 }))
  failing.reject(new Error('The database is away.'))
  ;(await next()).resolve()
  await countUsage.close()
  expect(sent.map((messages) => messages.map(({ promptTokens }) => promptTokens))).toEqual([[1, 2]])
})

test('keyed work is counted before anybody has its result, and is not handed out when that fails', async () => {
  const { queue, sent, next } = gatedQueue()
  const countUsage = createCountUsage({ queue, logger })
  let isHandedOut = false
  const counting = countUsage.count(use({ idempotencyKey: 'a' })).then(() => (isHandedOut = true))
  const gate = await next()
  expect(isHandedOut).toBe(false)
  gate.resolve()
  await counting
  expect(sent).toHaveLength(1)
  const failing = countUsage.count(use({ idempotencyKey: 'b' }))
  ;(await next()).reject(new Error('The database is away.'))
  await expect(failing).rejects.toThrow('away')
  await countUsage.close()
})

test('work under a key has one id, work without one has its own', async () => {
  const { queue, sent, next } = gatedQueue()
  const countUsage = createCountUsage({ queue, logger })
  await countUsage.count(use())
  await countUsage.count(use())
  ;(await next()).resolve()
  const keyed = [
    use({ idempotencyKey: 'a' }),
    use({ idempotencyKey: 'a' }),
    use({ idempotencyKey: 'a', kind: 'RERANK' }),
  ]
  for (const each of keyed) {
    const counting = countUsage.count(each)
    ;(await next()).resolve()
    await counting
  }
  await countUsage.close()
  const ids = sent.flat().map(({ eventId }) => eventId)
  expect(ids).toHaveLength(5)
  expect(new Set(ids).size).toBe(4)
  expect(ids[2]).toBe(ids[3])
})
