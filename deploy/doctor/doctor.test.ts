// `tributary doctor` where something is really wrong: what it finds, how that is mended, and how it ends.
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { warning, type Finding } from '../../contracts/doctor.ts'
import { freePorts } from '../../test/services/service.ts'
import { start } from '../standalone/start-process.fixture.ts'
import { dataDirectoryChecks, judgeFreeDisk } from './checks/data-directory.ts'
import { nodeChecks } from './checks/node-version.ts'
import { judgeConnections, judgeVersion } from './checks/postgresql.ts'
import { examine } from './doctor.fixture.ts'
import { runChecks } from './run-checks.ts'

// Whole processes on a machine that may have others to run.
vi.setConfig({ testTimeout: 120_000 })
const SIGNAL = AbortSignal.timeout(60_000)

let scratch: string
beforeAll(async () => {
  scratch = await mkdtemp(path.join(os.tmpdir(), 'tributary-doctor-'))
})
afterAll(() => rm(scratch, { recursive: true, force: true }))

/** An HTTP server that is not Tributary, and its port. */
async function listen(answer: (url: string) => object): Promise<number> {
  const server = createServer((request, response) => response.end(JSON.stringify(answer(request.url ?? ''))))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

describe('the standalone installation', () => {
  test('is what is looked at without any environment, and nothing is made', async () => {
    const directory = path.join(scratch, 'not-made')
    const [port] = await freePorts(1)
    const found = await examine({ TRIBUTARY_DATA_DIR: directory, TRIBUTARY_PORT: String(port) })
    expect(found.roles).toEqual(['standalone'])
    expect(found.check('Data directory', 'writable')).toMatchObject({
      status: 'ok',
      message: `${directory} is not there yet; the first start makes it`,
    })
    expect(found.check('Endpoint', 'port').status).toBe('ok')
    expect(found.check('Node.js', 'version').status).toBe('ok')
    await expect(rm(directory)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  test('with mistakes: all are named at once, with what to do, and the exit status is 1', async () => {
    const file = path.join(scratch, 'a-file')
    await writeFile(file, '')
    const port = await listen(() => ({}))
    const found = await examine({
      TRIBUTARY_DATA_DIR: path.join(file, 'data'),
      TRIBUTARY_PORT: String(port),
      TRIBUTARY_UPLOAD_LIMIT_MB: 'many',
      TRIBUTARY_ANSWER_GRACE_MS: '-1',
      TRIBUTARY_ADMIN_API_KEY: 'geheim',
      [['TRIBUTARY', 'LOG', 'LEVL'].join('_')]: 'info',
    })
    expect(found).toMatchObject({ status: 1, isHealthy: false })
    expect(found.check('Data directory', 'writable')).toMatchObject({
      status: 'failed',
      message: expect.stringContaining(`${file} is a file`),
      remedy: expect.stringContaining('TRIBUTARY_DATA_DIR'),
    })
    expect(found.check('Endpoint', 'port')).toMatchObject({
      status: 'failed',
      message: `Port ${port} on 127.0.0.1 is in use`,
      remedy: expect.stringContaining('choose another'),
    })
    expect(found.check('Configuration', 'ingestion').message).toMatch(/^TRIBUTARY_UPLOAD_LIMIT_MB is "many": /)
    expect(found.check('Configuration', 'knowledge').message).toMatch(/^TRIBUTARY_ANSWER_GRACE_MS is "-1": /)
    expect(found.check('Configuration', 'accounts').message).toBe(
      'TRIBUTARY_ADMIN_API_KEY is (secret, 6 characters): expected at least 8 characters',
    )
    expect(found.check('Configuration', 'spelling')).toMatchObject({
      status: 'warning',
      message: expect.stringContaining('did you mean TRIBUTARY_LOG_LEVEL?'),
    })
    expect(found.output).not.toContain('geheim')
  })

  test('of a newer version, and one that holds other files, are failures', async () => {
    const newer = path.join(scratch, 'newer')
    await mkdir(newer)
    await writeFile(path.join(newer, 'format.json'), JSON.stringify({ version: 99, database: 'ready' }))
    const found = await examine({ TRIBUTARY_DATA_DIR: newer, TRIBUTARY_PORT: '0' })
    expect(found.check('Data directory', 'format')).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('newer version of Tributary (format 99'),
    })
    const foreign = await examine({ TRIBUTARY_DATA_DIR: import.meta.dirname, TRIBUTARY_PORT: '0' })
    expect(foreign.check('Data directory', 'format')).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('holds other files'),
    })
  })

  test(
    'that runs: who has the data directory and the port is said, and is no failure',
    { timeout: 120_000 },
    async () => {
      const directory = path.join(scratch, 'running')
      const [port] = await freePorts(1)
      const platform = start(['start', '--json', '--no-guide', '--port', String(port), '--data-dir', directory], {
        environment: { TRIBUTARY_MODELS_DOWNLOAD: 'false', OLLAMA_HOST: '' },
      })
      onTestFinished(async () => {
        platform.child.kill('SIGTERM')
        await platform.ended
      })
      await platform.event('ready')
      const found = await examine({ TRIBUTARY_DATA_DIR: directory, TRIBUTARY_PORT: String(port) })
      const owner = `process ${platform.child.pid}`
      expect(found.check('Data directory', 'used by')).toMatchObject({
        status: 'ok',
        message: `${owner}, which runs the platform`,
      })
      expect(found.check('Endpoint', 'port')).toMatchObject({ status: 'ok', message: expect.stringContaining(owner) })
      expect(found.check('Data directory', 'format')).toMatchObject({ status: 'ok', message: 'version 1' })
    },
  )

  test.runIf(process.getuid?.() === 0)('on a disk that is read-only is a failure', async () => {
    const directory = path.join(scratch, 'read-only')
    await mkdir(directory)
    const run = promisify(execFile)
    await run('mount', ['-t', 'tmpfs', '-o', 'ro', 'tmpfs', directory])
    onTestFinished(async () => void (await run('umount', [directory])))
    expect(await dataDirectoryChecks({ dataDirectory: path.join(directory, 'new') })[0]!.run(SIGNAL)).toMatchObject({
      status: 'failed',
      message: `${directory} cannot be written: the disk is read-only`,
    })
  })

  test.runIf(process.getuid?.() !== 0)('that this user may not write is a failure', async () => {
    const directory = path.join(scratch, 'not-mine')
    await mkdir(directory, { mode: 0o500 })
    expect(await dataDirectoryChecks({ dataDirectory: directory })[0]!.run(SIGNAL)).toMatchObject({
      status: 'failed',
      message: `${directory} cannot be written: this user may not`,
    })
  })
})

describe('models', () => {
  const withoutEmbedded = () => ({
    TRIBUTARY_DATA_DIR: path.join(scratch, 'models'),
    TRIBUTARY_PORT: '0',
    TRIBUTARY_CACHE_DIR: path.join(scratch, 'empty-cache'),
    TRIBUTARY_MODELS_DOWNLOAD: 'false',
  })

  test('that nobody has are failures that say how to get them; no password of a host is shown', async () => {
    const [port] = await freePorts(1)
    const found = await examine({
      ...withoutEmbedded(),
      OLLAMA_HOST: `http://user:geheim@127.0.0.1:${port}`,
      TRIBUTARY_DEFAULT_CHAT_MODEL: 'llama3.2',
    })
    expect(found.check('Ollama', `127.0.0.1:${port}`)).toMatchObject({
      status: 'failed',
      remedy: expect.stringContaining('ollama serve'),
    })
    expect(found.check('Models', 'for answers')).toMatchObject({
      status: 'failed',
      remedy: expect.stringContaining('ollama pull llama3.2'),
    })
    expect(found.check('Models', 'for new knowledge bases').status).toBe('failed')
    expect(found.check('Models', 'embedded all-minilm-l6-v2')).toMatchObject({
      status: 'warning',
      remedy: expect.stringContaining('TRIBUTARY_MODELS_DOWNLOAD'),
    })
    expect(found.output).not.toContain('geheim')
  })

  test('of an Ollama: its version and its models are said', async () => {
    const port = await listen((url) => {
      if (url === '/api/version') return { version: '9.8.7' }
      if (url === '/api/tags') return { models: [{ name: 'tiny:latest', size: 1, digest: 'a' }] }
      if (url === '/api/show') return { capabilities: ['completion', 'embedding'], model_info: {} }
      return { models: [] }
    })
    const found = await examine({ ...withoutEmbedded(), OLLAMA_HOST: `127.0.0.1:${port}` })
    expect(found.check('Ollama', `127.0.0.1:${port}`)).toMatchObject({ status: 'ok', message: 'Ollama 9.8.7, 1 model' })
    expect(found.check('Models', 'for answers').message).toBe(`tiny:latest, on 127.0.0.1:${port}`)
    expect(found.check('Models', 'embedded smollm2-135m-instruct').status).toBe('skipped')
  })
})

describe('roles that run apart', () => {
  test('without a database that answers: that is one failure, the rest is skipped', async () => {
    const [port] = await freePorts(1)
    const found = await examine(
      { DATABASE_URL: `postgresql://me:geheim@127.0.0.1:${port}/x`, TRIBUTARY_IDENTITY_KEY: 'k'.repeat(32) },
      '--role',
      'graph-worker',
    )
    expect(found).toMatchObject({ status: 1, roles: ['graph-worker'] })
    expect(found.check('PostgreSQL', 'reachable')).toMatchObject({
      status: 'failed',
      message: `postgresql://me:***@127.0.0.1:${port}/x: connect ECONNREFUSED 127.0.0.1:${port}`,
      remedy: expect.stringContaining(`runs at 127.0.0.1:${port}`),
    })
    expect(found.check('Migrations', 'graph').status).toBe('skipped')
    expect(() => found.check('Migrations', 'knowledge')).toThrow()
    expect(found.output).not.toContain('geheim')
  })

  test('another program, or another subgraph, at an address is a failure; nothing there is not', async () => {
    const port = await listen((url) => (url === '/health' ? { status: 'live', name: 'models' } : {}))
    const found = await examine(
      {
        TRIBUTARY_IDENTITY_KEY: 'k'.repeat(32),
        TRIBUTARY_SUBGRAPH_KNOWLEDGE_URL: `http://127.0.0.1:${port}/graphql`,
        TRIBUTARY_SUBGRAPH_MODELS_URL: `http://127.0.0.1:${port}/graphql`,
        TRIBUTARY_SUBGRAPH_GRAPH_URL: `http://127.0.0.1:${(await freePorts(1))[0]}/graphql`,
      },
      '--role',
      'gateway',
    )
    expect(found.check('Roles', 'knowledge')).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('the subgraph models answers'),
      remedy: 'Correct TRIBUTARY_SUBGRAPH_KNOWLEDGE_URL.',
    })
    expect(found.check('Roles', 'models').status).toBe('ok')
    expect(found.check('Roles', 'graph')).toMatchObject({
      status: 'skipped',
      message: expect.stringMatching(/^not started/),
    })
  })
})

describe('judging', () => {
  test.each([
    [judgeFreeDisk(400e6, 100e9), 'failed'],
    [judgeFreeDisk(4e9, 20e9), 'warning'],
    [judgeFreeDisk(9e9, 100e9), 'warning'],
    [judgeFreeDisk(20e9, 100e9), 'ok'],
    [judgeVersion(120_004, '12.4'), 'failed'],
    [judgeVersion(130_000, '13.0'), 'ok'],
    [judgeConnections({ most: 100, reserved: 3, others: 0, needed: 97 }), 'ok'],
    [judgeConnections({ most: 100, reserved: 3, others: 1, needed: 97 }), 'warning'],
  ])('%j is %s', (finding, status) => {
    expect(finding.status).toBe(status)
    expect(finding.remedy !== undefined).toBe(status !== 'ok')
  })

  test('another Node than the one that the packages bring is a failure', async () => {
    expect(await nodeChecks('20.1.0')[0]!.run(SIGNAL)).toMatchObject({ status: 'failed' })
  })
})

test('a check that hangs or throws is a finding, and keeps no other waiting', async () => {
  const check = (name: string, run: () => Promise<Finding>) => ({ subject: 'Test', name, run })
  const results = await runChecks(
    [
      check('hangs', () => new Promise(() => undefined)),
      check('throws', () => Promise.reject(new Error('postgresql://me:geheim@db is odd'))),
      check('quotes', async () => warning('odd', 'Correct postgresql://me:geheim@db.')),
    ],
    { timeoutMs: 50 },
  )
  expect(results).toMatchObject([
    { name: 'hangs', status: 'failed', message: 'no answer within 0.05 s' },
    { name: 'throws', status: 'failed', message: 'postgresql://me:***@db is odd' },
    { name: 'quotes', status: 'warning', remedy: 'Correct postgresql://me:***@db.' },
  ])
})

test('help says what it does, and an unknown role is a usage error', async () => {
  const help = await start(['doctor', '--help']).ended
  expect(help).toMatchObject({ status: 0, stdout: expect.stringContaining('Without --role') })
  const wrong = await start(['doctor', '--role', 'nobody']).ended
  expect(wrong).toMatchObject({ status: 2, output: expect.stringContaining('Allowed choices are standalone') })
})
