import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { mountSmallDisk, smallDiskMissing } from '../test/harness/small-disk.ts'
import { describeBlobStore, NO_SERVER_SKIPS } from './blob-store.contract.ts'
import { createFolderBlobStore } from './folder-blob-store.ts'

describeBlobStore(
  'a folder',
  async () => {
    const directory = await mkdtemp(path.join(os.tmpdir(), 'tributary-blobs-'))
    const incoming = path.join(directory, 'incoming')
    await mkdir(incoming)
    return {
      open: (options = {}) => createFolderBlobStore({ directory, ...options }),
      environment: { BLOB_DIRECTORY: directory },
      leftovers: () => readdir(incoming),
      async openSmall() {
        const disk = await mountSmallDisk(4)
        return { ...disk, store: createFolderBlobStore({ directory: disk.directory }) }
      },
      service: null,
      close: () => rm(directory, { recursive: true, force: true }),
    }
  },
  {
    ...NO_SERVER_SKIPS,
    ...(smallDiskMissing !== null && {
      'a full store says so, and takes what fits again': smallDiskMissing,
      'a read-only store is read, and refuses writes for good': smallDiskMissing,
    }),
  },
)
