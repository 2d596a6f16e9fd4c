// kill -9 of an export and of an import at moments that chance picks. Run again, each ends with what an undisturbed one has.
import { cp, mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { CanonicalDump } from '../../test/harness/canonical-dump.ts'
import { startChild } from '../../test/harness/child.ts'
import { repositoryRoot, testEnvironment } from '../../test/harness/environment.ts'
import { expectEqualDumps } from '../../test/harness/expect-equal-dumps.ts'
import { createSeededChance } from '../../test/harness/seeded.ts'
import { dumpWorkspace, fillWorkspace, withInstallation } from './installation.fixture.ts'
import { importFrom } from './move.fixture.ts'

const DOCUMENTS = 12
const KILLS = 5

const chance = createSeededChance()
let root: string
let workspaceId: string
let original: CanonicalDump
const place = (name: string) => path.join(root, name)

beforeAll(async () => {
  console.log(`Seed of the kills: ${chance.seed}`)
  root = await mkdtemp(path.join(os.tmpdir(), 'tributary-kill-move-'))
  await withInstallation({ dataDirectory: place('empty') }, async () => undefined)
  await cp(place('empty'), place('source'), { recursive: true })
  await withInstallation({ dataDirectory: place('source') }, async (installation) => {
    ;({ workspaceId } = await fillWorkspace(installation, { name: 'Killed', documents: DOCUMENTS }))
    original = await dumpWorkspace(installation, workspaceId)
  })
})
afterAll(() => rm(root, { recursive: true, force: true }))

/** Runs the move and kills it when it has made so many steps; false when it ended before. */
async function runUntil(steps: number, ...words: [string, string, string]): Promise<boolean> {
  let made = 0
  let isDone = false
  const child = await startChild({
    name: words[0],
    command: process.execPath,
    arguments: ['deploy/transfer/move-process.fixture.ts', ...words, workspaceId],
    directory: repositoryRoot,
    environment: testEnvironment({}),
    isReady: (line) => {
      if (line === 'step') made += 1
      isDone = line === 'done'
      return isDone || made === steps
    },
  })
  const { code, signal } = await (isDone ? child.exited : child.stop('SIGKILL'))
  if (isDone) expect(code, child.output()).toBe(0)
  return signal === 'SIGKILL'
}

test(`an export that was killed ${KILLS} times holds everything once`, { timeout: 300_000 }, async () => {
  const move = ['export', place('source'), place('archive')] as const
  // Each run goes on behind the last part of the one before, and so has fewer steps to make.
  for (let kills = 0; kills < KILLS; kills += 1) expect(await runUntil(1 + chance.below(20), ...move)).toBe(true)
  expect(await runUntil(Infinity, ...move)).toBe(false)
  await cp(place('empty'), place('target'), { recursive: true })
  await withInstallation({ dataDirectory: place('target') }, async (installation) => {
    await importFrom(installation, place('archive'))
    expectEqualDumps(await dumpWorkspace(installation, workspaceId), original)
  })
})

test(
  `an import that was killed ${KILLS} times leaves nothing out, and nothing twice`,
  { timeout: 300_000 },
  async () => {
    await cp(place('empty'), place('disturbed'), { recursive: true })
    const move = ['import', place('disturbed'), place('archive')] as const
    for (let kills = 0; kills < KILLS; kills += 1) expect(await runUntil(1 + chance.below(5), ...move)).toBe(true)
    expect(await runUntil(Infinity, ...move)).toBe(false)
    await withInstallation({ dataDirectory: place('disturbed') }, async (installation) =>
      expectEqualDumps(await dumpWorkspace(installation, workspaceId), original),
    )
  },
)
