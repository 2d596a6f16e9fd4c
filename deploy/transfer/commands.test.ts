// The commands as people type them, in processes of their own: what they say, how they end, and whom they wait for.
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createId } from '#shared/ids.ts'
import { workspaceTable } from '../../subgraphs/accounts/tables.ts'
import { killAll, start } from '../standalone/start-process.fixture.ts'
import { fillWorkspace, withInstallation, type FilledWorkspace } from './installation.fixture.ts'

let root: string
let filled: FilledWorkspace
const place = (name: string) => path.join(root, name)

beforeAll(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'tributary-move-commands-'))
  await withInstallation({ dataDirectory: place('source') }, async (installation) => {
    filled = await fillWorkspace(installation, { name: 'Handbook', documents: 3 })
  })
})
afterAll(async () => {
  killAll()
  await rm(root, { recursive: true, force: true })
})

const run = (...commandLine: string[]) => start(commandLine).ended
const events = (stdout: string) =>
  stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, any>)

test(
  'for people: what is moved where, how much of it, and the key of the new house',
  { timeout: 120_000 },
  async () => {
    const exported = await run('export', '--data-dir', place('source'), '--to', place('archive'))
    expect(exported.status, exported.output).toBe(0)
    expect(exported.stdout).toContain(`Exporting the workspace Handbook (${filled.workspaceId})`)
    expect(exported.stdout).toContain('  knowledge: 27 chunks')
    expect(exported.stdout).toContain(`records to ${place('archive')}.`)

    const checked = await run('import', place('archive'), '--check')
    expect(checked.status, checked.output).toBe(0)
    expect(checked.stdout).toContain('The archive is whole')

    const imported = await run('import', place('archive'), '--data-dir', place('target'))
    expect(imported.status, imported.output).toBe(0)
    expect(imported.stdout).toMatch(/shown this once: trb_/)
    expect(imported.stdout).toContain(`into the workspace ${filled.workspaceId}.`)
  },
)

test('for programs: JSON lines', { timeout: 120_000 }, async () => {
  const exported = await run('export', '--json', '--data-dir', place('source'), '--to', place('archive for programs'))
  expect(exported.status, exported.output).toBe(0)
  const { records } = JSON.parse(exported.stdout.split('\n').at(-1)!)
  const said = events(exported.stdout)
  expect(said.at(-1)).toEqual({
    event: 'done',
    directory: place('archive for programs'),
    workspaceId: filled.workspaceId,
    records,
  })
  const kinds = said.filter(({ event }) => event === 'exported')
  expect(kinds.reduce((sum, kind) => sum + kind['records'], 0)).toBe(records)
  expect(kinds).toContainEqual({ event: 'exported', subgraph: 'graph', kind: 'contributions', records: 3 })

  const refused = await run('export', '--json', '--data-dir', place('source'), '--to', place('archive for programs'))
  expect(refused.status).toBe(1)
  expect(events(refused.stdout)).toEqual([{ error: { code: 'ARCHIVE_UNUSABLE', message: expect.any(String) } }])
})

test('a data directory that is in use is left alone, and who uses it is said', { timeout: 120_000 }, async () => {
  await withInstallation({ dataDirectory: place('source') }, async () => {
    const refused = await run('export', '--data-dir', place('source'), '--to', place('never'))
    expect(refused.status).toBe(1)
    expect(refused.output).toContain(`is used by process ${process.pid}`)
  })
})

test(
  'of several workspaces one must be named; an unknown one is said to be unknown',
  { timeout: 120_000 },
  async () => {
    const other = createId('ws')
    await withInstallation({ dataDirectory: place('two') }, async ({ database }) => {
      await database.sql.insert(workspaceTable).values([
        { id: other, name: 'One' },
        { id: createId('ws'), name: 'Two' },
      ])
    })
    const unnamed = await run('export', '--data-dir', place('two'), '--to', place('never'))
    expect(unnamed.output).toContain(`There are several workspaces: ${other} (One)`)
    const unknown = await run('export', '--data-dir', place('two'), '--to', place('never'), '--workspace', 'ws_x')
    expect(unknown.output).toContain('There is no workspace ws_x in this installation.')
    const missing = await run('export', '--data-dir', place('nowhere'), '--to', place('never'))
    expect(missing.output).toContain('There is no installation in')
    await expect(readFile(place('nowhere'))).rejects.toMatchObject({ code: 'ENOENT' })
  },
)

test('the stores may be named by mounted files', { timeout: 120_000 }, async () => {
  const mounted = async (name: string, content: string) => {
    await writeFile(place(name), `${content}\n`)
    return place(name)
  }
  const words = ['export', '--to', place('archive of a mounted name')]
  const TRIBUTARY_DATA_DIR_FILE = await mounted('data-dir', place('source'))
  const exported = await start(words, { environment: { TRIBUTARY_DATA_DIR_FILE } }).ended
  expect(exported.status, exported.output).toBe(0)

  const environment = {
    DATABASE_URL_FILE: await mounted('database-url', 'postgresql://tributary:geheim@127.0.0.1:1/tributary'),
    TRIBUTARY_DATA_DIR: place('not made'),
  }
  const refused = await start(['import', place('archive of a mounted name')], { environment }).ended
  expect(refused.status, refused.output).toBe(1)
  expect(refused.output).toContain('DATABASE_URL')
  expect(refused.output).not.toContain('geheim')
  expect(existsSync(place('not made/database'))).toBe(false)
})

test('Ctrl-C ends it with a word, and the same command goes on', { timeout: 240_000 }, async () => {
  // One that was faster than the signal proves nothing.
  for (let attempt = 1; attempt <= 5; attempt += 1) {
    const words = ['export', '--data-dir', place('source'), '--to', place(`interrupted ${attempt}`)]
    const interrupted = start(words)
    await interrupted.line('Exporting')
    interrupted.child.kill('SIGINT')
    const { status, output } = await interrupted.ended
    if (status === 0) continue
    expect(status, output).toBe(130)
    expect(output).toContain('goes on from here')
    const resumed = await run(...words)
    expect(resumed.output).toContain('Going on with the export')
    expect(resumed.status).toBe(0)
    return
  }
  throw new Error('No export was interrupted.')
})
