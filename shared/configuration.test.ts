// Reading configuration: from variables and from mounted files, with every mistake named and no secret shown.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { checkConfiguration, portVariable, readConfiguration, withMountedFiles } from './configuration.ts'
import { maskPasswords, secret, secretAddress } from './masking.ts'

const PASSWORD = 'gE7heim!'
const schema = z
  .object({
    DATABASE_URL: secretAddress(z.url({ protocol: /^postgresql$/, error: 'expected postgresql://…' })).optional(),
    TRIBUTARY_IDENTITY_KEY: secret(z.string().min(16, 'expected at least 16 characters')).optional().describe('Key.'),
    TRIBUTARY_PORT: portVariable(4000),
    TRIBUTARY_HOST: z.string().max(20, 'expected at most 20 characters').optional(),
  })
  .superRefine((value, context) => {
    if (value.TRIBUTARY_HOST === 'everywhere' && value.TRIBUTARY_IDENTITY_KEY === undefined)
      context.addIssue({
        code: 'custom',
        path: ['TRIBUTARY_IDENTITY_KEY'],
        message: 'expected when TRIBUTARY_HOST is everywhere',
      })
  })

const scratch = mkdtempSync(path.join(os.tmpdir(), 'tributary-configuration-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))
const mounted = (name: string, content: string) => {
  const file = path.join(scratch, name)
  writeFileSync(file, content)
  return file
}
const problemsOf = (environment: Record<string, string>) => {
  const outcome = checkConfiguration(schema, environment)
  return 'problems' in outcome ? outcome.problems : []
}

describe('a mounted file', () => {
  it('gives a variable its value, without the newline at its end', () => {
    const environment = {
      TRIBUTARY_IDENTITY_KEY_FILE: mounted('key', ' sixteen or more \r\n'),
      TRIBUTARY_PORT_FILE: mounted('port', '4100\n'),
      TRIBUTARY_HOST_FILE: '',
    }
    expect(readConfiguration(schema, environment)).toEqual({
      TRIBUTARY_IDENTITY_KEY: ' sixteen or more ',
      TRIBUTARY_PORT: 4100,
    })
    expect(withMountedFiles(['TRIBUTARY_PORT', 'TRIBUTARY_HOST'], environment)).toMatchObject({
      TRIBUTARY_PORT: '4100',
      TRIBUTARY_IDENTITY_KEY_FILE: environment.TRIBUTARY_IDENTITY_KEY_FILE,
    })
  })

  it('beside the variable itself is a mistake that names both', () => {
    expect(problemsOf({ TRIBUTARY_PORT: '1', TRIBUTARY_PORT_FILE: mounted('both', '2') })).toEqual([
      'TRIBUTARY_PORT and TRIBUTARY_PORT_FILE are both set: expected one of them',
    ])
  })

  it('that is not there, is a folder or is empty is a mistake that names variable and path', () => {
    const folder = path.join(scratch, 'folder')
    mkdirSync(folder)
    const absent = path.join(scratch, 'absent')
    const empty = mounted('empty', '\n')
    expect(
      problemsOf({ DATABASE_URL_FILE: absent, TRIBUTARY_PORT_FILE: folder, TRIBUTARY_IDENTITY_KEY_FILE: empty }),
    ).toEqual([
      `DATABASE_URL_FILE is "${absent}", which does not exist: expected the path of a file with the value`,
      `TRIBUTARY_IDENTITY_KEY_FILE is "${empty}", which is empty: expected a file with the value`,
      `TRIBUTARY_PORT_FILE is "${folder}", which is a folder: expected the path of a file with the value`,
    ])
  })

  it.skipIf(process.getuid?.() === 0)('that this user may not read is one, too', () => {
    const file = mounted('unreadable', 'x')
    chmodSync(file, 0)
    expect(problemsOf({ TRIBUTARY_PORT_FILE: file })).toEqual([expect.stringContaining('this user may not read')])
  })

  it('holds a wrong value: that is said without showing a secret', () => {
    expect(problemsOf({ TRIBUTARY_IDENTITY_KEY_FILE: mounted('short', `${PASSWORD}\n`) })).toEqual([
      'TRIBUTARY_IDENTITY_KEY is (secret, 8 characters): expected at least 16 characters',
    ])
  })
})

describe('a wrong value', () => {
  it('is named with what was read and what is expected, all mistakes at once', () => {
    const environment = { TRIBUTARY_PORT: '70000', TRIBUTARY_HOST: 'a-name-that-is-too-long.example' }
    const message = expect.stringMatching(
      /TRIBUTARY_PORT is "70000": .*<=65535.*; TRIBUTARY_HOST is "a-name-that-is-too-long.example": expected at most 20/,
    )
    expect(() => readConfiguration(schema, environment)).toThrow(
      expect.objectContaining({ code: 'CONFIGURATION_INVALID', message }),
    )
  })

  it.each([
    `mysql://tributary:${PASSWORD}@db:5432/tributary`,
    `mysql://tributary:with/slash@and${PASSWORD}@db/tributary`,
    `mysql://:${PASSWORD}@db`,
    `mysql://db/tributary?sslpassword=${PASSWORD}`,
    `tributary:${PASSWORD}@db`,
    `mysql://tributary:${PASSWORD}`,
    PASSWORD,
  ])('of an address does not show its password: %s', (value) => {
    const [problem] = problemsOf({ DATABASE_URL: value })
    expect(problem).toMatch(/^DATABASE_URL is .+: expected postgresql:/)
    expect(problem).not.toContain(PASSWORD)
  })

  it('across fields is named, and its schema still lists its variables', () => {
    expect(problemsOf({ TRIBUTARY_HOST: 'everywhere' })).toEqual([
      'TRIBUTARY_IDENTITY_KEY is not set: expected when TRIBUTARY_HOST is everywhere',
    ])
    expect(Object.keys(schema.shape)).toContain('TRIBUTARY_IDENTITY_KEY')
  })
})

it('addresses are shown with what is no secret', () => {
  expect(maskPasswords(`postgresql://user:${PASSWORD}@host:5432/db`)).toBe('postgresql://user:***@host:5432/db')
  expect(maskPasswords('postgresql://user@host/db')).toBe('postgresql://user@host/db')
  expect(maskPasswords('see http://host:80/a and me@host')).toBe('see http://host:80/a and me@host')
  expect(maskPasswords(`"user:${PASSWORD}@gpu-box"`)).toBe('"user:***@gpu-box"')
})

describe('a variable that looks like a slip', () => {
  const warningsFor = (environment: Record<string, string>) => {
    const warnings: string[] = []
    readConfiguration(schema, environment, { onWarning: (message) => warnings.push(message) })
    return warnings
  }

  it('is warned of, with what was probably meant', () => {
    expect(warningsFor({ TRIBUTARY_PROT: '1', TRIBUTARY_IDENTITYKEY: 'x', TRIBUTARY_HOTS_FILE: '/x' })).toEqual([
      'TRIBUTARY_HOTS_FILE is not known; did you mean TRIBUTARY_HOST_FILE?',
      'TRIBUTARY_IDENTITYKEY is not known; did you mean TRIBUTARY_IDENTITY_KEY?',
      'TRIBUTARY_PROT is not known; did you mean TRIBUTARY_PORT?',
    ])
  })

  it('is not any other: those of other roles and programs, and what is known', () => {
    expect(
      warningsFor({
        TRIBUTARY_UPLOAD_LIMIT_MB: '1',
        TRIBUTARY_SUBGRAPH_GRAPH_URL: 'x',
        PORT: '1',
        TRIBUTARY_PORT: '1',
      }),
    ).toEqual([])
  })
})
