// docs/configuration.md lists every variable that the code or its documentation speaks of.
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { misspelledVariables } from '#shared/misspelled-variables.ts'
import { ALL_ROLES } from '../deploy/doctor/roles.ts'
import { repositoryRoot } from '../test/harness/environment.ts'

const FOLDERS = ['shared', 'contracts', 'gateway', 'subgraphs', 'cli', 'deploy', 'bin']
const documented = new Set(
  [...readFileSync(path.join(repositoryRoot, 'docs/configuration.md'), 'utf8').matchAll(/^\| `([A-Z][A-Z_]+)` /gm)].map(
    ([, name]) => name,
  ),
)

test('every variable in the code is documented', () => {
  const files = FOLDERS.flatMap((folder) =>
    readdirSync(path.join(repositoryRoot, folder), { recursive: true, encoding: 'utf8' })
      .map((file) => path.join(folder, file))
      .filter((file) => /\.(ts|js)$/.test(file) && !/\.(test|fixture)\.ts$/.test(file)),
  )
  const named = files.flatMap((file) => {
    const source = readFileSync(path.join(repositoryRoot, file), 'utf8')
    return [...source.matchAll(/\bTRIBUTARY_[A-Z]+(?:_[A-Z]+)*\b(?!_)/g)].map(([name]) => name)
  })
  expect(named.length).toBeGreaterThan(20)
  expect([...new Set(named)].filter((name) => !documented.has(name))).toEqual([])
})

test('every variable that the README speaks of is documented', () => {
  const readme = readFileSync(path.join(repositoryRoot, 'README.md'), 'utf8')
  const named = [...readme.matchAll(/\b(?:TRIBUTARY_[A-Z_]+|OLLAMA_HOST)\b/g)].map(([name]) => name)
  expect(named.filter((name) => !documented.has(name))).toEqual([])
})

test('no role takes a variable of another role for a slip', () => {
  const environment = Object.fromEntries([...documented].map((name) => [name!, 'set']))
  const sections = new Set(ALL_ROLES.flatMap((role) => role.sections))
  expect(sections.size).toBeGreaterThan(5)
  expect([...sections].flatMap(({ schema }) => misspelledVariables(Object.keys(schema.shape), environment))).toEqual([])
})
