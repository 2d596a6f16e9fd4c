// The bootstrap in a checkout of its own, with an npm that does what the test says.
import { spawn } from 'node:child_process'
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const LOCK = { lockfileVersion: 3, packages: { '': {}, 'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' } } }
let root: string

beforeEach(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'tributary-bootstrap-'))
  await cp(fileURLToPath(new URL('.', import.meta.url)), path.join(root, 'bin'), { recursive: true })
  await writeFile(path.join(root, 'package.json'), JSON.stringify({ name: 'sample', type: 'module' }))
  await writeFile(path.join(root, 'package-lock.json'), JSON.stringify(LOCK))
})
afterEach(() => rm(root, { recursive: true, force: true }))

/** Notes its calls, then runs `script` in the checkout. */
async function makeNpm(script: string): Promise<string> {
  const directory = path.join(root, 'fake-bin')
  await mkdir(directory, { recursive: true })
  const file = path.join(directory, 'npm')
  const note = `echo "$*;$ONNXRUNTIME_NODE_INSTALL;$NODE_LLAMA_CPP_SKIP_DOWNLOAD" >> calls.log`
  await writeFile(file, `#!/bin/sh\n${note}\n${script}\n`)
  await chmod(file, 0o755)
  return directory
}

const INSTALLS = 'mkdir -p node_modules && cp package-lock.json node_modules/.package-lock.json'

function bootstrap(npmDirectory: string, nodeArguments: string[] = []): Promise<{ status: number; stderr: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...nodeArguments, 'bin/bootstrap.js'], {
      cwd: root,
      env: { ...process.env, PATH: `${npmDirectory}${path.delimiter}/usr/bin${path.delimiter}/bin` },
    })
    let stderr = ''
    child.stderr.on('data', (text: Buffer) => (stderr += text.toString()))
    child.once('close', (status) => resolve({ status: status ?? -1, stderr }))
  })
}

const calls = async () =>
  (await readFile(path.join(root, 'calls.log'), 'utf8').catch(() => '')).split('\n').filter(Boolean)

const NODE_LOCK = {
  lockfileVersion: 3,
  packages: {
    ...LOCK.packages,
    'node_modules/node': { version: '24.0.0', integrity: 'sha512-n' },
    'node_modules/d': { version: '1.0.0', integrity: 'sha512-d', dev: true },
  },
}

/** The launcher in a checkout whose packages are those of `installed`, with a command line that only says that it was reached. */
async function launch(installed: object, commandLine: string[]) {
  const files = {
    'package-lock.json': JSON.stringify(NODE_LOCK),
    'node_modules/.package-lock.json': JSON.stringify(installed),
    'node_modules/node/bin/node': '',
    'cli/main.ts': `console.log('the command line:', process.argv.slice(2).join(' '))`,
    'deploy/standalone/main.ts': `console.log('the platform:', process.argv.slice(2).join(' '))`,
  }
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(root, name)), { recursive: true })
    await writeFile(path.join(root, name), text)
  }
  const empty = path.join(root, 'empty')
  await mkdir(empty, { recursive: true })
  return new Promise<{ status: number | null; stdout: string; stderr: string }>((resolve) => {
    const child = spawn(process.execPath, ['bin/tributary.js', ...commandLine], { cwd: root, env: { PATH: empty } })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (part: Buffer) => (stdout += part.toString()))
    child.stderr.on('data', (part: Buffer) => (stderr += part.toString()))
    child.once('close', (status) => resolve({ status, stdout, stderr }))
  })
}

describe('the tributary command', () => {
  const withoutDevelopment = structuredClone(NODE_LOCK) as { packages: Record<string, object> }
  delete withoutDevelopment.packages['node_modules/d']

  it.each([
    ['are those of the lock file', NODE_LOCK],
    ['were installed without those of development', withoutDevelopment],
  ])('runs when the packages %s', async (_what, installed) => {
    expect(await launch(installed, ['status', '--json'])).toEqual({
      status: 0,
      stdout: 'the command line: status --json\n',
      stderr: '',
    })
  })

  it.each([
    [['start', '--port', '0'], '--port 0'],
    [['--json', 'start', '--port', '0'], '--json --port 0'],
  ])('starts the platform for %j', async (commandLine, rest) => {
    expect((await launch(NODE_LOCK, commandLine)).stdout).toBe(`the platform: ${rest}\n`)
  })

  it('does not run on packages that are older than the lock file, and says what to do', async () => {
    const { status, stdout, stderr } = await launch(LOCK, ['status'])
    expect(stderr).toContain('Tributary: the installed packages are older than package-lock.json. ')
    expect(stderr).toContain(`run "npm run bootstrap" in ${root}`)
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    const asJson = await launch(LOCK, ['status', '--json'])
    expect(JSON.parse(asJson.stdout)).toMatchObject({ error: { code: 'NOT_INSTALLED' } })
  })
})

describe('bootstrap', () => {
  it('installs what the lock file asks for, with the downloads of native packages off, and then has nothing to do', async () => {
    const npm = await makeNpm(INSTALLS)
    const first = await bootstrap(npm)
    expect(first).toMatchObject({ status: 0 })
    expect(first.stderr).toContain('the packages are not installed yet; installing them with npm ci')
    expect(await calls()).toEqual([expect.stringMatching(/^ci --include=dev .*;skip;true$/)])

    const second = await bootstrap(npm)
    expect(second).toEqual({ status: 0, stderr: '' })
    expect(await calls()).toHaveLength(1)
  })

  it('installs again when the lock file asks for something else, but not when only its time changed', async () => {
    const npm = await makeNpm(INSTALLS)
    await bootstrap(npm)
    await writeFile(path.join(root, 'package-lock.json'), JSON.stringify(LOCK))
    await bootstrap(npm)
    expect(await calls()).toHaveLength(1)

    const newer = structuredClone(LOCK)
    newer.packages['node_modules/a'].version = '1.0.1'
    await writeFile(path.join(root, 'package-lock.json'), JSON.stringify(newer))
    const { stderr } = await bootstrap(npm)
    expect(stderr).toContain('older than package-lock.json')
    expect(await calls()).toHaveLength(2)
  })

  it('installs again after an installation that was cut short', async () => {
    const npm = await makeNpm(INSTALLS)
    await mkdir(path.join(root, 'node_modules', 'a'), { recursive: true })
    const { stderr } = await bootstrap(npm)
    expect(stderr).toContain('not installed completely')
    expect(await calls()).toHaveLength(1)
  })

  it('does not miss packages that are for other systems', async () => {
    const npm = await makeNpm(INSTALLS)
    await bootstrap(npm)
    const withOptional = {
      ...LOCK,
      packages: { ...LOCK.packages, 'node_modules/b': { version: '1.0.0', optional: true } },
    }
    await writeFile(path.join(root, 'package-lock.json'), JSON.stringify(withOptional))
    await bootstrap(npm)
    expect(await calls()).toHaveLength(1)
  })

  it('installs once when two run at the same time', async () => {
    const npm = await makeNpm(`sleep 1; ${INSTALLS}`)
    const both = await Promise.all([bootstrap(npm), bootstrap(npm)])
    expect(both.map(({ status }) => status)).toEqual([0, 0])
    expect(both.map(({ stderr }) => stderr).join()).toContain('another process is installing')
    expect(await calls()).toHaveLength(1)
  })

  it('takes over at once from an installation whose process is gone', async () => {
    const npm = await makeNpm(INSTALLS)
    const gone = spawn(process.execPath, ['-e', ''])
    await new Promise((resolve) => gone.once('close', resolve))
    const abandoned = { token: 'x', pid: gone.pid, host: os.hostname() }
    await writeFile(path.join(root, '.tributary-install.lock'), JSON.stringify(abandoned))
    const startedAt = Date.now()
    expect(await bootstrap(npm)).toMatchObject({ status: 0 })
    expect(Date.now() - startedAt).toBeLessThan(10_000)
    await expect(readFile(path.join(root, '.tributary-install.lock'))).rejects.toThrow('ENOENT')
  })

  it.each([
    ['npm error code ENOTFOUND\nnpm error network request to https://registry.invalid/a failed', 'cannot be reached'],
    ['npm error code ENOSPC\nnpm error nospc ENOSPC: no space left on device, write', 'the disk is full'],
    ["npm error code EACCES\nnpm error Error: EACCES: permission denied, mkdir 'node_modules'", 'may not write here'],
    ['npm error code E404\nnpm error 404 Not Found - GET a - Not found', 'refused a package'],
    ['npm error code EUSAGE\nnpm error `npm ci` can only install packages when', 'do not fit together'],
    ['npm error something nobody has seen before', 'npm ci failed with status 3: something nobody has seen before'],
  ])('explains in one sentence: %s', async (said, sentence) => {
    const npm = await makeNpm(`cat >&2 <<'END'\n${said}\nEND\nexit 3`)
    const { status, stderr } = await bootstrap(npm)
    expect(status).toBe(1)
    expect(stderr).toContain(sentence)
    expect(stderr.trim().split('\n')).toHaveLength(2)
  })

  it('says when npm is not there', async () => {
    const empty = path.join(root, 'empty')
    await mkdir(empty)
    const { status, stderr } = await new Promise<{ status: number | null; stderr: string }>((resolve) => {
      const child = spawn(process.execPath, ['bin/bootstrap.js'], { cwd: root, env: { PATH: empty } })
      let text = ''
      child.stderr.on('data', (part: Buffer) => (text += part.toString()))
      child.once('close', (code) => resolve({ status: code, stderr: text }))
    })
    expect(status).toBe(1)
    expect(stderr).toContain('npm was not found on the PATH')
  })

  it('says when npm ended well and left things out', async () => {
    const { status, stderr } = await bootstrap(await makeNpm('true'))
    expect(status).toBe(1)
    expect(stderr).toContain('npm ci ended well, but the packages are not installed yet')
  })

  it('says when Node is too old', async () => {
    const old = path.join(root, 'old.cjs')
    await writeFile(
      old,
      "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '16.20.0' } })",
    )
    const { status, stderr } = await bootstrap(await makeNpm(INSTALLS), ['--require', old])
    expect(status).toBe(1)
    expect(stderr).toContain('needs Node 18 or newer to start, and this is 16.20.0')
    expect(await calls()).toHaveLength(0)
  })
})
