// A disk that is soon full, and can be made read-only: a tmpfs of a few megabytes, which only root can mount.
import { mkdtemp, rmdir } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { runTool } from '../services/install.ts'

export interface SmallDisk {
  directory: string
  setReadOnly(isReadOnly: boolean): Promise<void>
  close(): Promise<void>
}

/** Why there can be none here; null where there can. */
export const smallDiskMissing: string | null =
  process.platform === 'linux' && process.getuid?.() === 0 ? null : 'only root on Linux can mount a small disk'

export async function mountSmallDisk(megabytes: number): Promise<SmallDisk> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'tributary-disk-'))
  await runTool('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', directory])
  return {
    directory,
    async setReadOnly(isReadOnly) {
      await runTool('mount', ['-o', `remount,${isReadOnly ? 'ro' : 'rw'}`, directory])
    },
    async close() {
      await runTool('umount', [directory])
      await rmdir(directory)
    },
  }
}
