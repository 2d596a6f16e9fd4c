// One process per data directory. The lock is a directory whose time its owner keeps fresh (proper-lockfile); beside it stands who the owner is,
// so that a killed process's lock is taken over at once instead of when it has become old.
//
// Taking over is not atomic, hence the gate: a second, short lock around looking, removing, taking and signing.
import { readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import lockfile from 'proper-lockfile'
import { TributaryError } from '#shared/errors.ts'

/** A live owner may be too busy to refresh its lock for some time, but not for so long. */
const STALE_MS = 30_000
const REFRESH_MS = 5_000
const GATE_STALE_MS = 2_000
const OWNER_FILE = 'process.json'

interface Owner {
  pid: number
  host: string
}

export async function lockProcess(options: {
  directory: string
  /** What the directory is, for the message. Default: data directory. */
  what?: string
  onLost: (error: Error) => void
}): Promise<{ release(): Promise<void> }> {
  const { directory, what = 'data directory' } = options
  // The lock itself is `process.lock`; the file it is named after need not exist.
  const lockedName = path.join(directory, 'process')
  const ownerPath = path.join(directory, OWNER_FILE)
  const leaveGate = await lockfile.lock(path.join(directory, 'process.gate'), {
    realpath: false,
    stale: GATE_STALE_MS,
    retries: { retries: 40, minTimeout: 100, maxTimeout: 100 },
    onCompromised: () => undefined,
  })
  try {
    const owner = await readOwner(ownerPath)
    if (owner && isGone(owner)) await rm(`${lockedName}.lock`, { recursive: true, force: true })
    const release = await lockfile
      .lock(lockedName, {
        realpath: false,
        stale: STALE_MS,
        update: REFRESH_MS,
        onCompromised: options.onLost,
      })
      .catch((cause: unknown) => {
        if ((cause as NodeJS.ErrnoException).code !== 'ELOCKED') throw cause
        throw locked(directory, what, owner, cause)
      })
    await writeFile(ownerPath, JSON.stringify({ pid: process.pid, host: os.hostname() } satisfies Owner))
    return {
      async release() {
        await rm(ownerPath, { force: true })
        await release().catch(() => undefined)
      },
    }
  } finally {
    await leaveGate().catch(() => undefined)
  }
}

export interface LockOwner {
  pid: number
  host: string
  /** Whether it is a process of this machine. */
  isHere: boolean
  /** Known to have ended without giving the lock back. */
  isGone: boolean
}

/** Who has the directory, for whoever only looks; null when nobody signed. */
export async function readLockOwner(directory: string): Promise<LockOwner | null> {
  const owner = await readOwner(path.join(directory, OWNER_FILE))
  return owner && { ...owner, isHere: owner.host === os.hostname(), isGone: isGone(owner) }
}

async function readOwner(file: string): Promise<Owner | null> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Owner
  } catch {
    return null
  }
}

/** Known to have ended. In a container started again, the process before has our own number. */
function isGone({ pid, host }: Owner): boolean {
  if (host !== os.hostname()) return false
  if (pid === process.pid) return true
  try {
    process.kill(pid, 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}

function locked(directory: string, what: string, owner: Owner | null, cause: unknown): TributaryError {
  const who = owner
    ? `process ${owner.pid}${owner.host === os.hostname() ? '' : ` on ${owner.host}`}`
    : 'another process'
  return new TributaryError(
    'DATA_DIRECTORY_LOCKED',
    `The ${what} ${directory} is used by ${who}. Stop that one first, or choose another${what === 'data directory' ? ' with --data-dir' : ''}.`,
    { cause },
  )
}
