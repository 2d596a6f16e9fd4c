// The data directory: what it is made with, and the sentence for each way in which it cannot be had.
import { execFile, spawnSync } from 'node:child_process'
import { chmod, mkdir, mkdtemp, rm, stat } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { explainDirectoryFailure, openDataDirectory } from './data-directory.ts'

let scratch: string
beforeAll(async () => {
  scratch = await mkdtemp(path.join(os.tmpdir(), 'tributary-data-directory-'))
})
afterAll(() => rm(scratch, { recursive: true, force: true }))

const open = (directory: string) => openDataDirectory({ directory, onLockLost: () => undefined })
const modeOf = async (directory: string) => (await stat(directory)).mode & 0o777

describe('the permissions of the data directory', () => {
  it('are its user’s alone when it is made, with its parents', async () => {
    const directory = path.join(scratch, 'new', 'parent', 'data')
    const data = await open(directory)
    await data.close()
    expect(await modeOf(directory)).toBe(0o700)
  })

  it('are tightened when a directory that was there is taken for the first time, and left as they are later', async () => {
    const directory = path.join(scratch, 'made-by-hand')
    await mkdir(directory)
    await chmod(directory, 0o755)
    await (await open(directory)).close()
    expect(await modeOf(directory)).toBe(0o700)

    await chmod(directory, 0o750)
    await (await open(directory)).close()
    expect(await modeOf(directory)).toBe(0o750)
  })
})

/** Linux lets a user mount what only the child sees. */
const [unshare, ...apart] = ['unshare', '--map-root-user', '--mount'] as const
const canMount = spawnSync(unshare, [...apart, 'true']).status === 0

/** What opening a data directory ends with on a disk that is mounted in this way. */
async function openOnDisk(mountOptions: string): Promise<string> {
  const disk = await mkdtemp(path.join(scratch, 'disk-'))
  const program = `import { openDataDirectory } from ${JSON.stringify(new URL('./data-directory.ts', import.meta.url).href)}
    await openDataDirectory({ directory: ${JSON.stringify(`${disk}/new/data`)}, onLockLost: () => undefined })
      .then(() => console.log('opened'), ({ code, message }) => console.log(code, message))
    process.exit()`
  const mounted = `mount -t tmpfs -o "$1" tmpfs "$2" && exec "$3" --input-type=module --eval "$4"`
  const { stdout } = await promisify(execFile)(unshare, [
    ...apart,
    'sh',
    '-c',
    mounted,
    'sh',
    mountOptions,
    disk,
    process.execPath,
    program,
  ])
  return stdout
}

describe.skipIf(!canMount)(
  'on a disk of its own (needs `unshare --map-root-user --mount`)',
  { timeout: 60_000 },
  () => {
    it('that is read-only, a new directory is refused for that reason', async () => {
      expect(await openOnDisk('ro')).toMatch(
        /^DATA_DIRECTORY_READ_ONLY The data directory .* cannot be written: the disk is read-only\. Make it writable/,
      )
    })

    it('that is full, a new directory is refused for that reason', async () => {
      // Room for the root, the two directories and nothing else.
      expect(await openOnDisk('nr_inodes=3')).toMatch(
        /^DATA_DIRECTORY_READ_ONLY The disk of the data directory .* is full\. Free some space/,
      )
    })

    it('that has room, it is made', async () => {
      expect(await openOnDisk('size=1m')).toBe('opened\n')
    })
  },
)

describe('what the file system said', () => {
  it.each([
    ['EROFS', 'DATA_DIRECTORY_READ_ONLY', 'The data directory /data cannot be written: the disk is read-only.'],
    ['EACCES', 'DATA_DIRECTORY_READ_ONLY', 'The data directory /data cannot be written: this user may not.'],
    ['ENOSPC', 'DATA_DIRECTORY_READ_ONLY', 'The disk of the data directory /data is full. Free some space, or'],
    ['EDQUOT', 'DATA_DIRECTORY_READ_ONLY', 'The disk of the data directory /data is full. Free some space, or'],
    ['ENOTDIR', 'CONFIGURATION_INVALID', 'cannot be made, because there is a file of that name.'],
    ['ENOENT', 'CONFIGURATION_INVALID', 'The data directory /data cannot be made here.'],
  ])('%s is one sentence with what to do', (code, ours, sentence) => {
    const error = explainDirectoryFailure(Object.assign(new Error(code), { code }), '/data')
    expect(error).toMatchObject({ code: ours, message: expect.stringContaining(sentence) })
    expect(error).toMatchObject({ message: expect.stringContaining('--data-dir') })
  })

  it.runIf(process.platform === 'linux')('where no directory can be made at all', { timeout: 10_000 }, async () => {
    await expect(open('/proc/tributary/data')).rejects.toMatchObject({
      code: 'CONFIGURATION_INVALID',
      message: expect.stringContaining('cannot be made here'),
    })
  })
})
