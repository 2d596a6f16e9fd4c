import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { downloadWheel, type PipCommand } from './pip.ts'

const wheel = { package: 'x', version: '1', fileName: 'x-1-py3-none-any.whl', sizeBytes: 1, sha256: '', entries: {} }
const RETRYING = 'WARNING: Retrying (Retry(total=0, connect=None)) after connection broken by'
const NOTHING_FOUND = 'ERROR: No matching distribution found for x==1'
let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tributary-pip-'))
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(directory, { recursive: true })
})

const download = (pip: PipCommand): Promise<string> =>
  downloadWheel({ pip, wheel, directory, signal: new AbortController().signal })
/** Stands for a pip that writes this to standard error and fails. */
const failing = (...lines: string[]): PipCommand => ['sh', '-c', `printf '%s\\n' "$0" >&2; exit 1`, lines.join('\n')]

test.for([
  [
    'a refused connection',
    `${RETRYING} 'NewConnectionError('<…>: Failed to establish a new connection: [Errno 111] Connection refused')': /simple/x/`,
    '[Errno 111] Connection refused',
  ],
  [
    'a name that is not known',
    `${RETRYING} 'NameResolutionError("<…>: Failed to resolve 'pypi.org' ([Errno -3] Temporary failure in name resolution)")': /simple/x/`,
    '[Errno -3] Temporary failure in name resolution',
  ],
  [
    'packets that vanish',
    `${RETRYING} 'ConnectTimeoutError(<…>, 'Connection to pypi.org timed out. (connect timeout=10)')': /simple/x/`,
    'Connection to pypi.org timed out',
  ],
] as const)('%s is told apart from a package that does not exist', async ([, line, why]) => {
  await expect(download(failing(line, NOTHING_FOUND))).rejects.toMatchObject({
    reason: 'INDEX_UNREACHABLE',
    message: `the package index cannot be reached (${why})`,
  })
})

test.for([
  ['without any trouble', NOTHING_FOUND],
  [
    'after a retry that reached it',
    `${RETRYING} 'x': /simple/x/\nERROR: … x==1 (from versions: 2, 3)\n${NOTHING_FOUND}`,
  ],
] as const)('an index that answers is not called unreachable: %s', async ([, lines]) => {
  await expect(download(failing(lines))).rejects.toMatchObject({
    reason: 'DOWNLOAD_FAILED',
    message: expect.stringContaining('No matching distribution'),
  })
})

test('pip gives up soon, unless the user set a timeout', async () => {
  const seen = join(directory, 'seen')
  const pip: PipCommand = ['sh', '-c', 'echo "$@" > "$0"; exit 1', seen]
  for (const name of ['PIP_TIMEOUT', 'PIP_DEFAULT_TIMEOUT']) vi.stubEnv(name, undefined)
  await download(pip).catch(() => undefined)
  expect(await readFile(seen, 'utf8')).toMatch(/--retries=1 --timeout=10 /)
  vi.stubEnv('PIP_DEFAULT_TIMEOUT', '180')
  await download(pip).catch(() => undefined)
  expect(await readFile(seen, 'utf8')).not.toContain('--timeout')
})
