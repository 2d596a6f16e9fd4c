// docs/errors.md and the code say the same: what is in a catalogue is used, and what a client or a person can meet is explained.
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { ERROR_CATALOGUE } from '#shared/errors.ts'
import { REQUEST_CODES } from '#shared/graphql/format-error.ts'
import { CLIENT_CODES } from '../cli/client/client-error.ts'
import { repositoryRoot } from '../test/harness/environment.ts'

const documentation = readFileSync(new URL('./errors.md', import.meta.url), 'utf8')

/** The rows of the table under a heading, each as its cells. */
function rowsUnder(heading: string): string[][] {
  const [, section] = documentation.split(`\n## ${heading}\n`)
  return [...(section?.split('\n## ')[0]?.matchAll(/^\| `.*$/gm) ?? [])].map(([row]) =>
    row
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim().replaceAll('`', '')),
  )
}

/** What runs, without tests and without the files that only list. */
function sourceOf(folders: readonly string[], exceptions: readonly string[] = []): string {
  return folders
    .flatMap((folder) =>
      readdirSync(path.join(repositoryRoot, folder), { recursive: true, encoding: 'utf8' })
        .map((file) => path.join(folder, file))
        .filter((file) => /\.(ts|js)$/.test(file) && !/\.(test|contract|fixture|generated)\.ts$/.test(file))
        .filter((file) => !file.includes('node_modules') && !exceptions.includes(file)),
    )
    .map((file) => readFileSync(path.join(repositoryRoot, file), 'utf8'))
    .join('\n')
}

const unusedIn = (source: string, codes: object) => Object.keys(codes).filter((code) => !source.includes(`'${code}'`))

describe('the codes of the platform', () => {
  test('are each used', () => {
    const source = sourceOf(['shared', 'contracts', 'gateway', 'subgraphs', 'deploy'], ['shared/errors.ts'])
    expect(unusedIn(source, ERROR_CATALOGUE)).toEqual([])
  })
})

describe('the codes of requests', () => {
  test('are each explained, and no other', () => {
    const explained = rowsUnder('Requests that are not understood').map(([code]) => code)
    const own = [...REQUEST_CODES].filter((code) => !(code in ERROR_CATALOGUE))
    expect(new Set(explained)).toEqual(new Set(own))
  })
})

describe('the codes of the command line', () => {
  test('are each used', () => {
    const source = sourceOf(['cli', 'bin'])
    expect(unusedIn(source.replace(/CLIENT_CODES = \{.*?\n\}/s, ''), CLIENT_CODES)).toEqual([])
  })

  test('are each explained with their exit status, and no other', () => {
    const explained = rowsUnder('The command line').map(([code, exitStatus]) => [code, Number(exitStatus)])
    expect(Object.fromEntries(explained)).toEqual(CLIENT_CODES)
  })
})
