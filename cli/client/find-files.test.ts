import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { findFiles } from './find-files.ts'

test('a link to something that is gone is named among what was skipped', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'tributary-find-'))
  try {
    await writeFile(path.join(folder, 'note.md'), '# Tea')
    await symlink(path.join(folder, 'gone.md'), path.join(folder, 'link.md'))
    const { files, skipped } = await findFiles([folder])
    expect(files.map((file) => path.basename(file.path))).toEqual(['note.md'])
    expect(skipped).toEqual([{ path: path.join(folder, 'link.md'), reason: expect.stringContaining('cannot be read') }])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
