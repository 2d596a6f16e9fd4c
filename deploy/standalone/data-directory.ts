// The data directory: made, checked and taken by this process before anything in it is opened. Whatever is wrong with it is one sentence.
import { randomBytes } from 'node:crypto'
import { chmod, mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { TributaryError } from '#shared/errors.ts'
import { lockProcess } from './process-lock.ts'

/** One more with every change that an older program could not read. */
const FORMAT_VERSION = 1
export const FORMAT_FILE = 'format.json'
const IDENTITY_KEY_FILE = 'identity.key'
/** What may lie in a directory before we have written to it: our own lock, and what file systems put there. */
const FOREIGN_BUT_HARMLESS = /^(\..*|lost\+found|process\..*)$/

interface Format {
  version: number
  /** `creating` until the database was opened once: an interrupted first start leaves half of one, which is thrown away. */
  database: 'creating' | 'ready'
}

export interface DataDirectory {
  path: string
  databasePath: string
  /** Secret with which identities are signed; the same on every start. */
  identityKey: string
  /** Call when the database was opened for the first time. */
  markDatabaseReady(): Promise<void>
  /** Gives the directory free. */
  close(): Promise<void>
}

/** Whether something was ever stored there; `openDataDirectory` makes what is not. */
export const holdsInstallation = async (directory: string): Promise<boolean> =>
  (await stat(path.join(directory, FORMAT_FILE)).catch(() => null)) !== null

/** Throws DATA_DIRECTORY_LOCKED, DATA_DIRECTORY_NEWER, DATA_DIRECTORY_READ_ONLY or CONFIGURATION_INVALID. */
export async function openDataDirectory(options: {
  directory: string
  /** Called when another process has taken the directory over, and this one must end. */
  onLockLost: (error: Error) => void
}): Promise<DataDirectory> {
  const directory = path.resolve(options.directory)
  const databasePath = path.join(directory, 'database')
  const formatPath = path.join(directory, FORMAT_FILE)
  const guarded = <Result>(work: Promise<Result>): Promise<Result> =>
    work.catch((cause: unknown) => {
      throw explainDirectoryFailure(cause, directory)
    })

  await guarded(makeDirectory(directory))
  await guarded(tryWriting(directory))
  const lock = await guarded(lockProcess({ directory, onLost: options.onLockLost }))
  try {
    const format = await readFormat(formatPath, directory)
    if (format?.database === 'creating') await guarded(rm(databasePath, { recursive: true, force: true }))
    if (!format) {
      await guarded(keepToUser(directory))
      await guarded(writeWhole(formatPath, JSON.stringify({ version: FORMAT_VERSION, database: 'creating' })))
    }
    return {
      path: directory,
      databasePath,
      identityKey: await guarded(readIdentityKey(path.join(directory, IDENTITY_KEY_FILE))),
      async markDatabaseReady() {
        if (format?.database === 'ready') return
        const ready: Format = { version: FORMAT_VERSION, database: 'ready' }
        await guarded(writeWhole(formatPath, JSON.stringify(ready)))
      },
      close: () => lock.release(),
    }
  } catch (error) {
    await lock.release()
    throw error
  }
}

/** Null for a directory that nothing was stored in. Throws like `openDataDirectory`. */
export async function readFormat(file: string, directory: string): Promise<Format | null> {
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return null
    throw explainDirectoryFailure(cause, directory)
  })
  if (text === null) {
    const others = (await readdir(directory)).filter((name) => !FOREIGN_BUT_HARMLESS.test(name))
    if (others.length > 0)
      throw new TributaryError(
        'CONFIGURATION_INVALID',
        `${directory} holds other files (${others[0]}) and is no data directory of Tributary. Choose an empty or new one with --data-dir.`,
      )
    return null
  }
  const format = parseFormat(text)
  if (!format)
    throw new TributaryError(
      'CONFIGURATION_INVALID',
      `${file} is damaged. Restore the data directory from a copy, or choose another with --data-dir.`,
    )
  if (format.version > FORMAT_VERSION)
    throw new TributaryError(
      'DATA_DIRECTORY_NEWER',
      `${directory} was written by a newer version of Tributary (format ${format.version}; this version knows ${FORMAT_VERSION}). Start that version, or choose another data directory with --data-dir.`,
    )
  return format
}

function parseFormat(text: string): Format | null {
  try {
    const format = JSON.parse(text) as Partial<Format>
    return typeof format.version === 'number' ? { version: format.version, database: format.database ?? 'ready' } : null
  } catch {
    return null
  }
}

async function readIdentityKey(file: string): Promise<string> {
  const existing = await readFile(file, 'utf8').catch(() => '')
  if (existing.length >= 64) return existing
  const created = randomBytes(32).toString('hex')
  await writeWhole(file, created)
  return created
}

/** Whole or not at all, and for this user only, even when the machine stops meanwhile. */
export async function writeWhole(file: string, text: string): Promise<void> {
  const temporary = `${file}.new`
  const handle = await open(temporary, 'w', 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(temporary, file)
}

/**
 * With its parents. Not by Node's own recursion, which says ENOENT for whatever the system refuses, a read-only disk too, and under some parents
 * never ends.
 */
async function makeDirectory(directory: string): Promise<void> {
  try {
    await makeOneDirectory(directory)
  } catch (error) {
    const parent = path.dirname(directory)
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || parent === directory) throw error
    await makeDirectory(parent)
    await makeOneDirectory(directory)
  }
}

/** Nothing to do where it is there already, whatever the system says first. */
async function makeOneDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { mode: 0o700 })
  } catch (error) {
    const existing = await stat(directory).catch(() => null)
    if (!existing?.isDirectory()) throw error
  }
}

/** A directory that the user made for us holds secrets from now on. Whoever opens it to others afterwards means it. */
async function keepToUser(directory: string): Promise<void> {
  const { mode } = await stat(directory)
  // A sticky one, like /tmp, is everybody's.
  if ((mode & 0o1000) !== 0) return
  await chmod(directory, 0o700).catch((cause: NodeJS.ErrnoException) => {
    // It may be written, but is somebody else's, or on a disk without permissions.
    if (cause.code !== 'EPERM' && cause.code !== 'ENOTSUP' && cause.code !== 'ENOSYS') throw cause
  })
}

async function tryWriting(directory: string): Promise<void> {
  const probe = path.join(directory, `.write-test-${process.pid}`)
  await writeFile(probe, '')
  await rm(probe, { force: true })
}

/** One sentence for what the file system said; anything else as it is. */
export function explainDirectoryFailure(cause: unknown, directory: string): unknown {
  if (cause instanceof TributaryError) return cause
  switch ((cause as NodeJS.ErrnoException).code ?? '') {
    case 'EROFS':
    case 'EACCES':
    case 'EPERM':
      return new TributaryError(
        'DATA_DIRECTORY_READ_ONLY',
        `The data directory ${directory} cannot be written: ${(cause as NodeJS.ErrnoException).code === 'EROFS' ? 'the disk is read-only' : 'this user may not'}. Make it writable, or choose another with --data-dir.`,
        { cause },
      )
    case 'ENOSPC':
    case 'EDQUOT':
      return new TributaryError(
        'DATA_DIRECTORY_READ_ONLY',
        `The disk of the data directory ${directory} is full. Free some space, or choose another with --data-dir.`,
        { cause },
      )
    case 'EEXIST':
    case 'ENOTDIR':
      return new TributaryError(
        'CONFIGURATION_INVALID',
        `The data directory ${directory} cannot be made, because there is a file of that name. Choose another with --data-dir.`,
        { cause },
      )
    case 'ENOENT':
      return new TributaryError(
        'CONFIGURATION_INVALID',
        `The data directory ${directory} cannot be made here. Choose another with --data-dir.`,
        { cause },
      )
    default:
      return cause
  }
}
