// A disk that is soon full, can be filled and emptied, and made read-only: a tmpfs of some megabytes, which only root can mount.
import { createWriteStream } from 'node:fs'
import { mkdtemp, rm, rmdir, statfs } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { runTool } from '../services/install.ts'

export interface SmallDisk {
  directory: string
  setReadOnly(isReadOnly: boolean): Promise<void>
  /** Takes the room that is left, all of it or all but so many megabytes, until `makeRoom`. */
  fill(leftMegabytes?: number): Promise<void>
  makeRoom(): Promise<void>
  close(): Promise<void>
}

const MEGABYTE = 1024 ** 2
const PIECE_BYTES = 4_096

/** Why there can be none here; null where there can. Tried, since root in a container may not mount either. */
export const smallDiskMissing: string | null =
  process.platform === 'linux' ? await whyNotMounted() : 'only root on Linux can mount a small disk'

async function whyNotMounted(): Promise<string | null> {
  try {
    const disk = await mountSmallDisk(1)
    await disk.close()
    return null
  } catch (error) {
    // The lines after it are advice.
    return `a small disk cannot be mounted here: ${(error as Error).message.split('\n', 1)[0]}`
  }
}

export async function mountSmallDisk(megabytes: number): Promise<SmallDisk> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'tributary-disk-'))
  const filler = path.join(directory, 'filler')
  try {
    await runTool('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', directory])
  } catch (error) {
    await rmdir(directory)
    throw error
  }
  return {
    directory,
    async setReadOnly(isReadOnly) {
      await runTool('mount', ['-o', `remount,${isReadOnly ? 'ro' : 'rw'}`, directory])
    },
    async fill(leftMegabytes = 0) {
      const { bavail, bsize } = await statfs(directory)
      // With nothing to be left it goes on until there is no room: whoever else writes meanwhile may have taken some.
      const sizeBytes = leftMegabytes === 0 ? Infinity : bavail * bsize - leftMegabytes * MEGABYTE
      await pipeline(Readable.from(pieces(sizeBytes)), createWriteStream(filler)).catch(
        (error: NodeJS.ErrnoException) => {
          if (error.code !== 'ENOSPC') throw error
        },
      )
    },
    makeRoom: () => rm(filler, { force: true }),
    async close() {
      await runTool('umount', [directory])
      await rmdir(directory)
    },
  }
}

function* pieces(sizeBytes: number): Generator<Buffer> {
  for (let written = 0; written < sizeBytes; written += PIECE_BYTES) yield Buffer.alloc(PIECE_BYTES)
}
