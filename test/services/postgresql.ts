// A real PostgreSQL server for tests, from the Debian package: its own data directory and port, gone without a trace when it is closed.
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, rmSync } from 'node:fs'
import { chown, mkdtemp, readdir, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { startChild } from '../harness/child.ts'
import { freePorts, type Ensured } from './service.ts'

export interface PostgresqlInstallation {
  /** Folder with `initdb` and `postgres`. */
  binaries: string
  /** Set when the tests run as root, as whom PostgreSQL refuses to start. */
  user: { uid: number; gid: number } | null
}

export interface RunningPostgresql {
  /** Of a fresh, empty database. */
  createDatabase(): Promise<string>
  close(): Promise<void>
}

const run = promisify(execFile)
const PACKAGES_FOLDER = '/usr/lib/postgresql'
const INSTALL = 'apt-get install --yes --no-install-recommends postgresql'

/** Finds the newest installed server; where we are root on Debian and there is none, installs it. */
export async function ensurePostgresql(): Promise<Ensured<PostgresqlInstallation>> {
  const isRoot = process.getuid?.() === 0
  if ((await newestBinaries()) === null && isRoot && existsSync('/usr/bin/apt-get')) {
    const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    await run('sh', ['-c', `${INSTALL} || { apt-get update && ${INSTALL}; }`], { env: environment }).catch(
      () => undefined,
    )
  }
  const binaries = await newestBinaries()
  if (binaries === null) return { missing: `PostgreSQL is not installed; install it with: sudo ${INSTALL}` }
  return { installation: { binaries, user: isRoot ? await unprivilegedUser() : null } }
}

export async function startPostgresql({ binaries, user }: PostgresqlInstallation): Promise<RunningPostgresql> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'tributary-postgresql-'))
  if (user) await chown(directory, user.uid, user.gid)
  const data = path.join(directory, 'data')
  const environment = { PATH: process.env['PATH'], LC_ALL: 'C.UTF-8' }
  const removeAtExit = () => rmSync(directory, { recursive: true, force: true })
  process.once('exit', removeAtExit)
  // Loopback only and gone in minutes: trust is enough, and fsync would only protect what is deleted anyway.
  await run(path.join(binaries, 'initdb'), ['-D', data, '-U', 'tributary', '-A', 'trust', '-E', 'UTF8', '--no-sync'], {
    env: environment,
    ...user,
  })
  const [port] = await freePorts(1)
  const server = await startChild({
    name: 'postgresql',
    command: path.join(binaries, 'postgres'),
    arguments: [
      '-D',
      data,
      '-k',
      directory,
      '-h',
      '127.0.0.1',
      '-p',
      String(port),
      '-c',
      'fsync=off',
      '-c',
      'max_connections=300',
      '-c',
      'shared_preload_libraries=pg_stat_statements',
    ],
    environment,
    ...(user ? { user } : {}),
    isReady: (line) => line.includes('database system is ready to accept connections'),
  })
  const urlOf = (database: string) => `postgresql://tributary@127.0.0.1:${port}/${database}`
  return {
    async createDatabase() {
      const name = `test_${randomBytes(6).toString('hex')}`
      const client = new pg.Client({ connectionString: urlOf('postgres') })
      await client.connect()
      await client.query(`create database ${name}`)
      await client.end()
      return urlOf(name)
    },
    async close() {
      // SIGINT is PostgreSQL's fast shutdown: it does not wait for clients.
      await server.stop('SIGINT')
      await rm(directory, { recursive: true, force: true })
      process.off('exit', removeAtExit)
    },
  }
}

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
