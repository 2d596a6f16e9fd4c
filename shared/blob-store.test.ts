import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createFolderBlobStore, type BlobStore } from './blob-store.ts'

let directory: string
let blobs: BlobStore
beforeAll(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'tributary-blobs-'))
  blobs = createFolderBlobStore({ directory })
})
afterAll(() => rm(directory, { recursive: true, force: true }))

test('equal bytes are one blob, and come back as they were', async () => {
  const bytes = Buffer.from('hello')
  const first = await blobs.put('ws_1', bytes)
  expect(await blobs.put('ws_1', bytes)).toEqual(first)
  expect(first.sizeBytes).toBe(5)
  expect(await blobs.read(first.key)).toEqual(bytes)
})

test('a stream is hashed and counted while it arrives', async () => {
  const parts = async function* () {
    yield Buffer.from('hel')
    yield Buffer.from('lo')
  }
  const sizes: number[] = []
  const info = await blobs.putStream('ws_1', parts(), (size) => sizes.push(size))
  expect(sizes).toEqual([3, 5])
  expect(info).toEqual(await blobs.put('ws_1', Buffer.from('hello')))
})

test('a refused or broken stream leaves nothing behind', async () => {
  const endless = async function* () {
    for (;;) yield Buffer.alloc(1000)
  }
  const limit = (size: number) => {
    if (size > 10_000) throw new Error('too much')
  }
  await expect(blobs.putStream('ws_1', endless(), limit)).rejects.toThrow('too much')
  expect(await readdir(path.join(directory, 'incoming'))).toEqual([])
})

test('what a killed process left half written is swept away, what is being written is not', async () => {
  const incoming = path.join(directory, 'incoming')
  const [abandoned, current] = ['abandoned', 'current'].map((name) => path.join(incoming, name)) as [string, string]
  for (const file of [abandoned, current]) await writeFile(file, 'half')
  const longAgo = new Date(Date.now() - 48 * 3_600_000)
  await utimes(abandoned, longAgo, longAgo)
  await createFolderBlobStore({ directory }).put('ws_1', Buffer.from('first write of another process'))
  expect(await readdir(incoming)).toEqual(['current'])
  await rm(current)
})

test('a key is never a path', async () => {
  for (const key of ['../../etc/passwd', 'ws_1/../ws_2', '/etc/passwd', `ws_1/${'a'.repeat(63)}`]) {
    await expect(blobs.read(key)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  }
})

test('a deleted blob is gone, and deleting it again is no error', async () => {
  const { key } = await blobs.put('ws_1', Buffer.from('gone'))
  await blobs.delete(key)
  await blobs.delete(key)
  await expect(blobs.read(key)).rejects.toMatchObject({ code: 'NOT_FOUND' })
})
