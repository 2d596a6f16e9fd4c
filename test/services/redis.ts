// A real Redis server for tests, from the Debian package: append-only file on, so that what was acknowledged is there after it was killed.
// Debian 12 has no package of Valkey; the same tests run on it where REDIS_SERVER names its program.
import { existsSync } from 'node:fs'
import { ensurePackaged } from './install.ts'
import { startServer, type RunningService } from './server.ts'
import type { Ensured } from './service.ts'

const PROGRAMS = ['/usr/bin/redis-server', '/usr/local/bin/redis-server', '/usr/bin/valkey-server']

export interface RedisInstallation {
  program: string
}

export function ensureRedis(): Promise<Ensured<RedisInstallation>> {
  return ensurePackaged('Redis', ['redis-server'], async () => {
    const named = process.env['REDIS_SERVER']
    const program = [...(named ? [named] : []), ...PROGRAMS].find((each) => existsSync(each))
    return program === undefined ? null : { program }
  })
}

export function startRedis({ program }: RedisInstallation, extra: readonly string[] = []): Promise<RunningService> {
  const urlOf = (port: number) => `redis://127.0.0.1:${port}`
  return startServer({
    name: 'redis',
    command: ({ directory, ports }) => ({
      command: program,
      arguments: configurationOf(directory, ports[0]!).concat(extra),
    }),
    isReady: (line) => line.includes('Ready to accept connections'),
    environment: ({ ports }) => ({ REDIS_URL: urlOf(ports[0]!) }),
  })
}

const configurationOf = (directory: string, port: number): string[] =>
  Object.entries({
    port,
    bind: '127.0.0.1',
    dir: directory,
    appendonly: 'yes',
    appendfsync: 'always',
    save: '',
    daemonize: 'no',
  }).flatMap(([name, value]) => [`--${name}`, String(value)])
