// The end waits for requests, and says what it did not wait for any longer.
import Fastify from 'fastify'
import { expect, test } from 'vitest'
import { trackRequests } from './in-flight-requests.ts'
import { createRequestLines } from './telemetry/testing/request-lines.ts'

const DEADLINE_MS = 2000

async function start() {
  const { logger, others } = createRequestLines()
  const app = Fastify({ forceCloseConnections: true })
  const requests = trackRequests(app, logger)
  const arrived = { count: 0, release: new EventTarget() }
  app.get('/', async () => {
    arrived.count += 1
    await new Promise((resolve) => arrived.release.addEventListener('all', resolve))
    return 'answered'
  })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  /** Resolves when so many requests are being answered. */
  const ask = async (count: number) => {
    const answers = Array.from({ length: count }, () =>
      fetch(url).then(
        (response) => response.text(),
        () => 'cut',
      ),
    )
    await expect.poll(() => arrived.count, { interval: 5, timeout: 10_000 }).toBe(count)
    return answers
  }
  return { app, requests, others, ask, release: () => arrived.release.dispatchEvent(new Event('all')) }
}

test('requests that do not end in time are cut, and one line says how many and after how long', async () => {
  const { app, requests, others, ask } = await start()
  const answers = await ask(3)
  await requests.drain(DEADLINE_MS)
  expect(others).toMatchObject([{ level: 40, requestCount: 3, waitedMs: DEADLINE_MS }])
  expect(others[0]!.msg).toContain('cut')
  app.server.closeAllConnections()
  expect(await Promise.all(answers)).toEqual(['cut', 'cut', 'cut'])
})

test('where all are answered in time nothing is said', async () => {
  const { app, requests, others, ask, release } = await start()
  const answers = await ask(2)
  const drained = requests.drain(60_000)
  release()
  await drained
  expect(await Promise.all(answers)).toEqual(['answered', 'answered'])
  expect(others).toEqual([])
  await app.close()
})
