// Downloads wheels by Python's pip, which knows the user's index, proxy and certificates. Nothing is installed, no dependency is followed.
import { spawn } from 'node:child_process'
import { mkdir, readdir, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { WheelSource } from '../domain/model-manifest.ts'
import { FetchError } from './fetch-error.ts'
import { continuePart, keepPart, noteAddress, openPartial } from './partial-wheel.ts'
import { hasContent } from './verify.ts'

/** How pip is started on this machine, as a command and its first arguments. */
export type PipCommand = readonly [command: string, ...args: string[]]

const CANDIDATES: readonly PipCommand[] = [
  ['python3', '-m', 'pip'],
  ['python', '-m', 'pip'],
  ['py', '-m', 'pip'],
  ['pip3'],
  ['pip'],
]
/** How often the growth of the download is looked at. */
const PROGRESS_INTERVAL_MS = 200

export interface FindPipOptions {
  signal: AbortSignal
  /** Commands to try, in order. Default: the usual names. */
  candidates?: readonly PipCommand[]
}

/** The first pip that runs, or null. */
export async function findPip({ signal, candidates = CANDIDATES }: FindPipOptions): Promise<PipCommand | null> {
  for (const candidate of candidates) {
    const outcome = await run([...candidate, '--version'], { signal, timeoutMs: 15_000 })
    signal.throwIfAborted()
    if (outcome.exitCode === 0) return candidate
  }
  return null
}

export interface DownloadWheelOptions {
  pip: PipCommand
  wheel: WheelSource
  /** Folder the finished wheel is put into, under its file name. A wheel that is there already and whole is not fetched again. */
  directory: string
  signal: AbortSignal
  /** Why the package index is known to be out of reach: then it is not asked again. Default: it is asked. */
  unreachableBecause?: string | undefined
  /** Longest time for the download, in milliseconds. Default 30 minutes. */
  timeoutMs?: number
  /** Called with the bytes on disk so far. */
  onProgress?(downloadedBytes: number): void
}

/** The path of the verified wheel. FetchError when it cannot be had. */
export async function downloadWheel(options: DownloadWheelOptions): Promise<string> {
  const { pip, wheel, directory, signal, unreachableBecause, timeoutMs = 30 * 60_000, onProgress } = options
  const finished = join(directory, wheel.fileName)
  if (await hasContent(finished, wheel, signal)) {
    onProgress?.(wheel.sizeBytes)
    return finished
  }
  if (unreachableBecause !== undefined) throw new FetchError('INDEX_UNREACHABLE', unreachableBecause)
  await mkdir(directory, { recursive: true })
  await keepPart(directory, wheel)
  const continued = await continuePart({ directory, wheel, signal, timeoutMs, onProgress })
  if (continued !== null) {
    await rename(continued, finished)
    return finished
  }
  const partial = await openPartial(directory, wheel)
  let noted = Promise.resolve()
  // pip downloads into the system's temporary folder first: put under our own, its growth is the progress, and it lies on the same disk.
  const watch = setInterval(() => {
    void folderSize(partial).then((size) => onProgress?.(Math.min(size, wheel.sizeBytes)))
  }, PROGRESS_INTERVAL_MS)
  try {
    const command = [
      ...pip,
      'download',
      '--no-deps',
      '--no-cache-dir',
      '--only-binary=:all:',
      '--ignore-requires-python',
      '--disable-pip-version-check',
      '--no-input',
      '--progress-bar=off',
      // Says where the wheel comes from, in case the rest of it is to be asked for later.
      '-vv',
      ...patience(),
      `--dest=${partial}`,
      `${wheel.package}==${wheel.version}`,
    ]
    const outcome = await run(command, {
      signal,
      timeoutMs,
      environment: { TMPDIR: partial, TEMP: partial, TMP: partial },
      onLine: (line) => {
        const address = FOUND_LINK.exec(line)?.[1]
        if (address?.endsWith(`/${wheel.fileName}`) === true) noted = noteAddress(partial, address)
      },
    })
    signal.throwIfAborted()
    if (outcome.exitCode !== 0) {
      const trouble = outcome.isTimedOut ? null : connectionTrouble(outcome.stderr)
      if (trouble !== null) {
        throw new FetchError('INDEX_UNREACHABLE', `the package index cannot be reached (${trouble})`)
      }
      const reason = outcome.isTimedOut ? `it took longer than ${timeoutMs} ms` : lastErrorLine(outcome.stderr)
      throw new FetchError('DOWNLOAD_FAILED', `pip could not download ${wheel.package} ${wheel.version}: ${reason}`)
    }
    const downloaded = join(partial, wheel.fileName)
    if (!(await hasContent(downloaded, wheel, signal))) {
      throw new FetchError(
        'CONTENT_UNEXPECTED',
        `The file pip downloaded for ${wheel.package} ${wheel.version} is not the expected one.`,
      )
    }
    await rename(downloaded, finished)
    onProgress?.(wheel.sizeBytes)
    return finished
  } finally {
    clearInterval(watch)
    await noted
    await keepPart(directory, wheel)
  }
}

/** A line of `pip download -vv`. */
const FOUND_LINK = /Found link (\S+?)(?:#\S*)? \(from /u

interface RunOutcome {
  /** Null when the command could not be started or was ended. */
  exitCode: number | null
  stderr: string
  isTimedOut: boolean
}

interface RunOptions {
  signal: AbortSignal
  timeoutMs: number
  environment?: Record<string, string>
  /** Called with each line of standard output. */
  onLine?(line: string): void
}

function run(
  command: readonly string[],
  { signal, timeoutMs, environment = {}, onLine }: RunOptions,
): Promise<RunOutcome> {
  const [file = '', ...args] = command
  return new Promise((resolve) => {
    const timeout = AbortSignal.timeout(timeoutMs)
    const child = spawn(file, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, PYTHONUTF8: '1', ...environment },
      signal: AbortSignal.any([signal, timeout]),
      killSignal: 'SIGKILL',
    })
    let stderr = ''
    createInterface({ input: child.stdout }).on('line', (line) => onLine?.(line))
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-8_000)
    })
    child.once('error', (error) => resolve({ exitCode: null, stderr: error.message, isTimedOut: timeout.aborted }))
    child.once('close', (exitCode) => resolve({ exitCode, stderr, isTimedOut: timeout.aborted }))
  })
}

/** pip's own five retries keep people without a network waiting for minutes. Whoever set a timeout has a slow index, and knows it. */
function patience(): string[] {
  const hasTimeout = ['PIP_TIMEOUT', 'PIP_DEFAULT_TIMEOUT'].some((name) => (process.env[name] ?? '') !== '')
  return ['--retries=1', ...(hasTimeout ? [] : ['--timeout=10'])]
}

/** The words that say most come first. */
const CONNECTION_TROUBLE = [
  /\[Errno -?\d+\] (?:Connection|Temporary failure|Name|nodename|getaddrinfo|Network|No route|No address)[\w ]*/,
  /Connection to \S+ timed out|Read timed out|certificate verify failed|Cannot connect to proxy|getaddrinfo failed/,
  /NameResolutionError|NewConnectionError|ConnectTimeoutError|ProxyError|SSLError/,
  /Max retries exceeded|connection broken|Failed to (?:connect|establish)/,
]

/**
 * What kept pip from reaching its index, or null when it did. Without an index pip ends with "No matching distribution found", as it does for
 * a package that does not exist; only the warnings before tell the two apart. Versions it could list were read from an index.
 */
function connectionTrouble(stderr: string): string | null {
  if (/\(from versions: (?!none\))/.test(stderr)) return null
  for (const pattern of CONNECTION_TROUBLE) {
    const found = pattern.exec(stderr)
    if (found !== null) return found[0]
  }
  return null
}

function lastErrorLine(stderr: string): string {
  const lines = stderr.split('\n').map((line) => line.trim())
  return (
    lines
      .findLast((line) => line.startsWith('ERROR:'))
      ?.slice('ERROR:'.length)
      .trim() ??
    lines.findLast((line) => line !== '') ??
    'no reason given'
  )
}

async function folderSize(directory: string): Promise<number> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => [])
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  // pip moves files while they are counted: one that has gone counts nothing.
  const sizes = await Promise.all(files.map(async (file) => (await stat(file).catch(() => null))?.size ?? 0))
  return sizes.reduce((sum, size) => sum + size, 0)
}
