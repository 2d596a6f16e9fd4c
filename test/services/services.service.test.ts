// `npm run services`, as a person uses it.
import { expect, test } from 'vitest'
import { createClient } from 'redis'
import { startChild } from '../harness/child.ts'
import { repositoryRoot } from '../harness/environment.ts'
import { ensureRedis } from './redis.ts'
import { describeWithService } from './service.ts'

const run = (...args: string[]) =>
  startChild({
    name: 'services',
    command: process.execPath,
    arguments: ['test/services/services.ts', ...args],
    directory: repositoryRoot,
    environment: process.env,
    isReady: (line, stream) => stream === 'stdout' || line.includes('There is no service'),
  })

test('an unknown name is refused with the known ones', async () => {
  const child = await run('start', 'rediss')
  expect((await child.exited).code).toBe(1)
  expect(child.output()).toMatch(/There is no service "rediss"\. Known: .*postgresql, .*redis/)
})

describeWithService('redis', await ensureRedis(), () => {
  test('started services print the environment to export, answer, and end with the command', async () => {
    const child = await run('start', 'redis')
    const url = /^export REDIS_URL=(redis:\/\/127\.0\.0\.1:\d+)$/.exec(child.readyLine)![1]!
    const client = createClient({ url, socket: { reconnectStrategy: false } })
    await client.connect()
    expect(await client.ping()).toBe('PONG')
    client.destroy()
    expect((await child.stop('SIGTERM')).code).toBe(0)
    await expect(createClient({ url, socket: { reconnectStrategy: false } }).connect()).rejects.toThrow(/ECONNREFUSED/)
  })
})
