// A real PostgreSQL server for tests, from the Debian package: its own data directory and port, gone without a trace when it is closed.
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { ensurePackaged } from './install.ts'
import { pauseServer, resumeServer } from './postgresql-processes.ts'
import { startServer, type RunningService, type ServerLocation } from './server.ts'
import type { Ensured } from './service.ts'

export interface PostgresqlInstallation {
  /** Folder with `initdb` and `postgres`. */
  binaries: string
  /** Set when the tests run as root, as whom PostgreSQL refuses to start. */
  user: { uid: number; gid: number } | null
}

export interface RunningPostgresql extends RunningService {
  /** Of a fresh, empty database. */
  createDatabase(): Promise<string>
}

const run = promisify(execFile)
const START_PATIENCE_MS = 30_000
/** What the server says while backends of its predecessor are still there. */
const LEFT_OVER = /pre-existing shared memory block|lock file "postmaster.pid" already exists/
const PACKAGES_FOLDER = '/usr/lib/postgresql'

/** Finds the newest installed server; where we are root on Debian and there is none, installs it. */
export function ensurePostgresql(): Promise<Ensured<PostgresqlInstallation>> {
  return ensurePackaged('PostgreSQL', ['postgresql'], async () => {
    const binaries = await newestBinaries()
    if (binaries === null) return null
    return { binaries, user: process.getuid?.() === 0 ? await unprivilegedUser() : null }
  })
}

export async function startPostgresql(
  { binaries, user }: PostgresqlInstallation,
  { parent }: ServerLocation = {},
): Promise<RunningPostgresql> {
  const urlOf = (port: number, database: string) => `postgresql://tributary@127.0.0.1:${port}/${database}`
  let port = 0
  let data = ''
  const server = await startServer({
    parent,
    name: 'postgresql',
    ...(user ? { user } : {}),
    // SIGINT is PostgreSQL's fast shutdown: it does not wait for clients.
    stopSignal: 'SIGINT',
    // Loopback only and gone in minutes: trust is enough, and fsync would only protect what is deleted anyway.
    async prepare({ directory, ports }) {
      port = ports[0]!
      data = dataIn(directory)
      const arguments_ = ['-D', data, '-U', 'tributary', '-A', 'trust', '-E', 'UTF8', '--no-sync']
      await run(path.join(binaries, 'initdb'), arguments_, {
        env: { PATH: process.env['PATH'], LC_ALL: 'C.UTF-8' },
        ...user,
      })
    },
    command: ({ directory }) => ({
      command: path.join(binaries, 'postgres'),
      arguments: [
        `-D${dataIn(directory)}`,
        `-k${directory}`,
        '-h127.0.0.1',
        `-p${port}`,
        '--fsync=off',
        '--max_connections=300',
        '--shared_preload_libraries=pg_stat_statements',
      ],
    }),
    isReady: (line) => line.includes('database system is ready to accept connections'),
    environment: () => ({ DATABASE_URL: urlOf(port, 'postgres') }),
  })
  return {
    ...server,
    // Backends outlive a killed postmaster for a moment, and keep its shared memory.
    async start() {
      const deadline = Date.now() + START_PATIENCE_MS
      for (;;) {
        try {
          return await server.start()
        } catch (error) {
          if (!LEFT_OVER.test(String(error)) || Date.now() > deadline) throw error
          await delay(100)
        }
      }
    },
    async stop(signal) {
      resumeServer(data)
      await server.stop(signal)
    },
    pause: () => pauseServer(data),
    resume: () => resumeServer(data),
    async close() {
      resumeServer(data)
      await server.close()
    },
    async createDatabase() {
      const name = `test_${randomBytes(6).toString('hex')}`
      const client = new pg.Client({ connectionString: urlOf(port, 'postgres') })
      await client.connect()
      await client.query(`create database ${name}`)
      await client.end()
      return urlOf(port, name)
    },
  }
}

const dataIn = (directory: string): string => path.join(directory, 'data')

async function newestBinaries(): Promise<string | null> {
  const versions = await readdir(PACKAGES_FOLDER).catch(() => [])
  const newest = versions
    .filter((version) => existsSync(path.join(PACKAGES_FOLDER, version, 'bin', 'initdb')))
    .toSorted((a, b) => Number(b) - Number(a))[0]
  return newest === undefined ? null : path.join(PACKAGES_FOLDER, newest, 'bin')
}

/** The package makes the user `postgres`; `nobody` exists everywhere else. */
async function unprivilegedUser(): Promise<{ uid: number; gid: number }> {
  for (const name of ['postgres', 'nobody']) {
    try {
      const [uid, gid] = await Promise.all(
        ['-u', '-g'].map(async (flag) => Number((await run('id', [flag, name])).stdout)),
      )
      return { uid: uid!, gid: gid! }
    } catch {
      // Not on this system; the next one is.
    }
  }
  throw new Error('There is neither a user postgres nor nobody to run PostgreSQL as.')
}
