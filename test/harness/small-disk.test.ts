import { execFile } from 'node:child_process'
import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'

test.runIf(process.platform === 'linux')(
  'where mounting is not allowed, as for root in a container, its reason is kept and nothing is left',
  async () => {
    const tools = await mkdtemp(path.join(os.tmpdir(), 'tributary-tools-'))
    onTestFinished(() => rm(tools, { recursive: true, force: true }))
    await writeFile(
      path.join(tools, 'mount'),
      '#!/bin/sh\necho "mount: permission denied." >&2\necho "See dmesg." >&2\nexit 32\n',
    )
    await chmod(path.join(tools, 'mount'), 0o755)
    const program = `
      import { smallDiskMissing } from '${new URL('./small-disk.ts', import.meta.url).href}'
      console.log(smallDiskMissing)`
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], {
      env: { ...process.env, PATH: tools, TMPDIR: tools },
    })
    expect(stdout).toMatch(/^a small disk cannot be mounted here: mount .* failed: mount: permission denied\.\n$/)
    expect(await readdir(tools)).toEqual(['mount'])
  },
)
