import { spawnSync } from 'node:child_process'
import { closeSync, existsSync, openSync } from 'node:fs'
import { expect, test } from 'vitest'

test('no credential reaches a line, wherever it stands', () => {
  const program = `
    import { createLogger } from '${new URL('./logger.ts', import.meta.url).href}'
    const logger = createLogger({ name: 'test', level: 'info' })
    logger.info({ secret: { token: 'hidden-1' }, req: { headers: { authorization: 'hidden-2' } } }, 'PUT /uploads/up_1?token=hidden-3&x=1')
    logger.error({ err: new Error('fetch http://127.0.0.1/uploads/up_1?token=hidden-4 failed') }, 'x')`
  const { stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8' })
  expect(stderr).toContain('?token=[Redacted]&x=1')
  expect(stderr).not.toContain('hidden')
})

test('no password of an address reaches a line, and the rest of it does', () => {
  const program = `
    import { createLogger } from '${new URL('./logger.ts', import.meta.url).href}'
    const logger = createLogger({ name: 'test', level: 'info' })
    const cause = new TypeError('Request cannot be constructed from a URL that includes credentials: http://user:hidden-1@weaviate:8080/v1')
    logger.error({ err: new Error('away', { cause }), url: 'redis://:hidden-2@redis:6379/0' }, 'postgresql://me:hidden"-3@db/x, then ("http://a:hidden/@-4@b/c?password=hidden-5")')
    logger.info('me@host of http://host:80/a, file:///node_modules/@scope/name.js:1:2 and C:\\\\node_modules\\\\@scope')`
  const { stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8' })
  expect(stderr).not.toContain('hidden')
  const [masked, kept] = stderr
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { url: string; msg: string; err: { message: string } })
  expect(masked).toMatchObject({
    url: 'redis://:***@redis:6379/0',
    msg: expect.stringMatching(/^postgresql:\/\/me:\*{3}@db\/x, then \("http:\/\/a:\*{3}@b\/c\?password=\*{3}/),
    err: { message: expect.stringMatching(/http:\/\/user:\*{3}@weaviate:8080\/v1$/) },
  })
  expect(kept!.msg).toBe(
    'me@host of http://host:80/a, file:///node_modules/@scope/name.js:1:2 and C:\\node_modules\\@scope',
  )
})

test('an error is logged with its plain values, and nothing of the client that it happened to', () => {
  const program = `
    import { createLogger } from '${new URL('./logger.ts', import.meta.url).href}'
    const logger = createLogger({ name: 'test', level: 'info' })
    const refused = Object.assign(new Error('refused', { cause: new Error('no route') }), { code: 'ECONNREFUSED', port: 5432 })
    const client = { options: { password: 'hidden-1' }, secretKey: 'hidden-2' }
    logger.error({ err: Object.assign(new AggregateError([refused]), { client }) }, 'x')`
  const { stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8' })
  const { err } = JSON.parse(stderr)
  expect(err).toMatchObject({
    type: 'AggregateError',
    aggregateErrors: [{ message: 'refused: no route', code: 'ECONNREFUSED', port: 5432 }],
  })
  expect(err.aggregateErrors[0].stack).toContain('caused by: Error: no route')
  expect(stderr).not.toContain('hidden')
})

test.runIf(existsSync('/dev/full'))('a line that cannot be written ends no process', () => {
  const program = `
    import { createLogger } from '${new URL('./logger.ts', import.meta.url).href}'
    const logger = createLogger({ name: 'test', level: 'info' })
    logger.info('lost')
    setTimeout(() => {
      logger.info('lost, too')
      console.log('still here')
    })`
  const full = openSync('/dev/full', 'w')
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', full],
  })
  closeSync(full)
  expect(stdout).toBe('still here\n')
})
