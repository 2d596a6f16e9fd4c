import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readEarlierApi } from './earlier-api.ts'

let repositoryRoot: string

beforeEach(() => {
  repositoryRoot = mkdtempSync(join(tmpdir(), 'tributary-schema-'))
  mkdirSync(join(repositoryRoot, 'schema'))
})

afterEach(() => rmSync(repositoryRoot, { recursive: true }))

function git(...parameters: string[]) {
  execFileSync('git', parameters, { cwd: repositoryRoot, stdio: 'pipe' })
}

function commit(sdl: string) {
  writeFileSync(join(repositoryRoot, 'schema/api.graphql'), sdl)
  git('add', '.')
  git('-c', 'user.name=test', '-c', 'user.email=test@localhost', 'commit', '-q', '-m', sdl)
}

test('an uncommitted change is compared with the last commit, a committed one with the version before', () => {
  git('init', '-q')
  commit('first')
  commit('second')
  expect(readEarlierApi({ repositoryRoot, currentSdl: 'third', reference: null })).toMatchObject({ sdl: 'second' })
  expect(readEarlierApi({ repositoryRoot, currentSdl: 'second', reference: null })).toMatchObject({ sdl: 'first' })
})

test('a named commit is compared with even where nothing differs', () => {
  git('init', '-q')
  commit('first')
  git('tag', 'v1')
  commit('second')
  expect(readEarlierApi({ repositoryRoot, currentSdl: 'first', reference: 'v1' })).toMatchObject({ sdl: 'first' })
  expect(() => readEarlierApi({ repositoryRoot, currentSdl: 'first', reference: 'v2' })).toThrow('v2')
})

test('without an earlier version, or without a history, there is a reason instead', () => {
  expect(readEarlierApi({ repositoryRoot, currentSdl: 'first', reference: null })).toMatchObject({
    kind: 'none',
    reason: expect.stringContaining('its history cannot be read'),
  })
  git('init', '-q')
  commit('first')
  expect(readEarlierApi({ repositoryRoot, currentSdl: 'first', reference: null })).toEqual({
    kind: 'none',
    reason: 'no earlier version is committed',
  })
})
