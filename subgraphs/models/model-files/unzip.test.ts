import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { unzipEntries } from './unzip.ts'
import { sha256, zipArchive } from './wheel.fixture.ts'

const content = Buffer.from('some bytes '.repeat(500))
const signal = new AbortController().signal

describe('unzipEntries', () => {
  let directory: string
  let archivePath: string
  const wanted = (over: object = {}): Parameters<typeof unzipEntries>[1] => [
    {
      entryName: 'a/b.bin',
      path: join(directory, 'out', 'b.bin'),
      sizeBytes: content.length,
      sha256: sha256(content),
      ...over,
    },
  ]
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'tributary-unzip-'))
    archivePath = join(directory, 'archive.zip')
    await writeFile(
      archivePath,
      zipArchive({ 'first.txt': Buffer.from('x'), 'a/b.bin': content, '../evil.txt': Buffer.from('y') }),
    )
  })
  afterEach(() => rm(directory, { recursive: true }))

  test('writes the wanted entry alone, and counts its bytes', async () => {
    let written = 0
    await unzipEntries(archivePath, wanted(), { signal, onProgress: (bytes) => (written = bytes) })
    expect(await readFile(join(directory, 'out', 'b.bin'))).toEqual(content)
    expect(written).toBe(content.length)
    expect(await readdir(directory)).toEqual(['archive.zip', 'out'])
  })

  test.for([
    ['is missing', { entryName: 'a/c.bin' }],
    ['has another size', { sizeBytes: content.length - 1 }],
    ['has another hash', { sha256: sha256(Buffer.from('other')) }],
  ] as const)('refuses an entry that %s', async ([, over]) => {
    await expect(unzipEntries(archivePath, wanted(over), { signal })).rejects.toMatchObject({
      reason: 'CONTENT_UNEXPECTED',
    })
  })

  test.for([0, 10, 200, -1])('refuses an archive cut at %d', async (end) => {
    const whole = await readFile(archivePath)
    await writeFile(archivePath, whole.subarray(0, end))
    await expect(unzipEntries(archivePath, wanted(), { signal })).rejects.toMatchObject({
      reason: 'CONTENT_UNEXPECTED',
    })
  })
})
