// A watched file: rewritten, replaced, gone for a while, or behind a link that comes to point elsewhere.
import { mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { pino } from 'pino'
import { afterAll, expect, test } from 'vitest'
import { createFileSource } from './file-source.ts'

const directory = await mkdtemp(path.join(os.tmpdir(), 'tributary-source-'))
afterAll(() => rm(directory, { recursive: true }))
const at = (name: string): string => path.join(directory, name)

test('each change is told, whatever way it was made; a file that is gone is none', async () => {
  await writeFile(at('a'), 'first')
  await writeFile(at('b'), 'of another folder')
  await symlink(at('a'), at('link'))
  const warnings: string[] = []
  const source = createFileSource({
    file: at('link'),
    logger: pino({ level: 'warn' }, { write: (line: string) => void warnings.push(line) }),
    pollMs: 20,
  })
  const told: string[] = []
  const untilTold = (text: string) => expect.poll(() => told.at(-1), { timeout: 15_000 }).toBe(text)
  expect(await source.start((sdl) => told.push(sdl))).toBe('first')

  await writeFile(at('a'), 'rewritten in place')
  await untilTold('rewritten in place')
  await writeFile(at('next'), 'renamed over it')
  await rename(at('next'), at('a'))
  await untilTold('renamed over it')
  await symlink(at('b'), at('link2'))
  await rename(at('link2'), at('link'))
  await untilTold('of another folder')
  await rm(at('link'))
  await expect.poll(() => warnings.length, { timeout: 15_000 }).toBeGreaterThan(0)
  expect(told.at(-1)).toBe('of another folder')
  await writeFile(at('link'), 'here again')
  await untilTold('here again')
  await source.close()
})
