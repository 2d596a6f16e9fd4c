// What the address of Redis may hold: its client refuses a wrong one only when it connects, without naming the variable.
import { expect, test } from 'vitest'
import { checkConfiguration } from '#shared/configuration.ts'
import { processRoleSchema } from './platform.ts'

const check = (url: string) => checkConfiguration(processRoleSchema.pick({ REDIS_URL: true }), { REDIS_URL: url })

test('the database of REDIS_URL is a number', () => {
  for (const path of ['', '/', '/0', '/15'])
    expect(check(`redis://redis:6379${path}`)).toMatchObject({ configuration: { REDIS_URL: expect.any(String) } })
  for (const path of ['/cache', '/0/1', '/1.5', '/-1'])
    expect(check(`rediss://user:geheim@redis:6379${path}`)).toEqual({
      problems: [
        `REDIS_URL is "rediss://user:***@redis:6379${path}": expected the number of a database as its path, or none`,
      ],
    })
})

test('what is no address of Redis at all is one problem', () => {
  for (const value of ['http://redis/cache', 'redis', 'nonsense'])
    expect(check(value)).toEqual({ problems: [expect.stringContaining('expected redis://user:password@host')] })
})
