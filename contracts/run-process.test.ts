// Where the program lies is the user's choice: every role starts from any folder.
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'

const repositoryRoot = fileURLToPath(new URL('..', import.meta.url))

/** Starts the roles one after the other on one platform, and says which it started. */
const START_ALL = `
  const { createTestPlatform } = await import('./test/harness/platform.ts')
  const platform = await createTestPlatform()
  const starts = {}
  for (const name of ['accounts', 'models', 'knowledge', 'ingestion', 'graph', 'metrics'])
    for (const kind of name === 'accounts' ? ['main'] : ['main', 'worker'])
      Object.assign(starts, await import('./subgraphs/' + name + '/' + kind + '.ts'))
  for (const [name, start] of Object.entries(starts).filter(([name]) => name.startsWith('start'))) {
    const role = await start(platform, { TRIBUTARY_MODELS_DOWNLOAD: 'false', TRIBUTARY_CACHE_DIR: '/nonexistent' })
    await role.close()
    console.log(name)
  }
  await platform.close()
  process.exit()
`

test('every role starts from a folder whose name is no URL path', { timeout: 120_000 }, async () => {
  const parent = await mkdtemp(path.join(tmpdir(), 'tributary-'))
  onTestFinished(() => rm(parent, { recursive: true, force: true }))
  const folder = path.join(parent, 'My Säge #1 100%')
  await mkdir(folder)
  for (const part of ['package.json', 'contracts', 'schema', 'shared', 'subgraphs', 'test/harness'])
    await cp(path.join(repositoryRoot, part), path.join(folder, part), { recursive: true })
  await symlink(path.join(repositoryRoot, 'node_modules'), path.join(folder, 'node_modules'))
  const run = promisify(execFile)
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', START_ALL], { cwd: folder })
  const names = ['Accounts', 'Models', 'Knowledge', 'Ingestion', 'Graph', 'Metrics']
  const workers = names.slice(1).map((name) => `${name}Worker`)
  expect(stdout.trim().split('\n').toSorted()).toEqual([...names, ...workers].map((name) => `start${name}`).toSorted())
})
