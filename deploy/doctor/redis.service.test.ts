// `tributary doctor` on a real Redis: one that is well, and each way in which one is not.
import { createClient } from 'redis'
import { afterEach, expect, onTestFinished, test } from 'vitest'
import { ensureRedis, startRedis } from '../../test/services/redis.ts'
import type { RunningService } from '../../test/services/server.ts'
import { describeWithService } from '../../test/services/service.ts'
import { examine } from './doctor.fixture.ts'

describeWithService('the doctor on redis', await ensureRedis(), (installation) => {
  let server: RunningService
  afterEach(() => server.close())
  const start = async (...extra: string[]) => (server = await startRedis(installation, extra))
  const examineRedis = (url = server.environment['REDIS_URL']!) =>
    examine({ REDIS_URL: url, TRIBUTARY_IDENTITY_KEY: 'k'.repeat(32) }, '--role', 'models')

  async function connect() {
    const client = createClient({ url: server.environment['REDIS_URL']!, socket: { reconnectStrategy: false } })
    // The server ends before the test does.
    client.on('error', () => undefined)
    await client.connect()
    onTestFinished(() => client.destroy())
    return client
  }

  test('that is well: all is ok, and nothing stays behind', async () => {
    await start('--maxmemory', '500mb')
    const found = await examineRedis()
    for (const name of ['reachable', 'credentials', 'version', 'writable', 'memory', 'persistence', 'clock'])
      expect(found.check('Redis', name), name).toMatchObject({ status: 'ok' })
    expect(found.check('Redis', 'memory').message).toMatch(/MiB used of 500 MiB, noeviction$/)
    expect(await (await connect()).dbSize()).toBe(0)
  })

  test('that forgets: evicting and without an append-only file are warnings, and a full one is a failure', async () => {
    await start('--appendonly', 'no', '--maxmemory', '3mb', '--maxmemory-policy', 'volatile-lru')
    const forgetful = await examineRedis()
    expect(forgetful.check('Redis', 'memory')).toMatchObject({
      status: 'warning',
      message: expect.stringContaining('maxmemory-policy is volatile-lru'),
      remedy: expect.stringContaining('noeviction'),
    })
    expect(forgetful.check('Redis', 'persistence')).toMatchObject({
      status: 'warning',
      remedy: expect.stringContaining('appendonly'),
    })
    const client = await connect()
    await client.configSet({ 'maxmemory-policy': 'noeviction', maxmemory: '1mb' })
    expect((await examineRedis()).check('Redis', 'writable')).toMatchObject({
      status: 'failed',
      remedy: expect.stringContaining('maxmemory'),
    })
  })

  test('that refuses: a wrong password, a user that may not write, and one that may not look', async () => {
    await start()
    const client = await connect()
    const rules = ['on', '>geheim', '~tributary:*', '&tributary:*', '+@all']
    await client.aclSetUser('reader', [...rules, '-@write'])
    await client.aclSetUser('deaf', [...rules, '-subscribe'])
    await client.aclSetUser('blind', [...rules, '-info', '-time'])
    await client.aclSetUser('enough', [...rules, '-@admin', '-@dangerous'])
    const as = (user: string, password: string) =>
      Object.assign(new URL(server.environment['REDIS_URL']!), { username: user, password }).href

    const wrong = await examineRedis(as('reader', 'falsch'))
    expect(wrong.check('Redis', 'reachable').status).toBe('ok')
    expect(wrong.check('Redis', 'credentials')).toMatchObject({
      status: 'failed',
      remedy: expect.stringContaining('REDIS_URL'),
    })
    expect(wrong.check('Redis', 'version').status).toBe('skipped')
    expect(wrong.output).not.toContain('falsch')
    for (const user of ['reader', 'deaf'])
      expect((await examineRedis(as(user, 'geheim'))).check('Redis', 'writable'), user).toMatchObject({
        status: 'failed',
        message: expect.stringMatching(/^not allowed: /),
        remedy: expect.stringContaining('ACL SETUSER'),
      })
    const blind = await examineRedis(as('blind', 'geheim'))
    expect(blind.check('Redis', 'memory').status).toBe('skipped')
    expect(blind.check('Redis', 'clock').status).toBe('skipped')
    const enough = await examineRedis(as('enough', 'geheim'))
    expect(enough.check('Redis', 'writable').status, 'what the remedy proposes').toBe('ok')
    expect(await client.dbSize()).toBe(0)
  })

  test('that is a replica, or a cluster, cannot be used', async () => {
    await start('--replicaof', '127.0.0.1', '1')
    expect((await examineRedis()).check('Redis', 'writable')).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('replica'),
      remedy: expect.stringContaining('primary'),
    })
    await server.close()
    await start('--cluster-enabled', 'yes')
    expect((await examineRedis()).check('Redis', 'version')).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('Redis Cluster'),
    })
  })

  test('that is silent, or away, ends the doctor within seconds, and says where it looked', async () => {
    await start()
    server.pause()
    const silent = await examineRedis()
    expect(silent.check('Redis', 'reachable').message).toMatch(/did not answer within [1-5] s$/)
    server.resume()
    await server.stop()
    expect((await examineRedis()).check('Redis', 'reachable')).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('ECONNREFUSED'),
      remedy: expect.stringContaining('REDIS_URL'),
    })
  })
})
