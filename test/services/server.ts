// A running server of a service for tests: on a free port, with a directory of its own, gone without a trace when it is closed. It can be
// stopped and started again on the same port and directory, as a store is that somebody restarts.
import { rmSync } from 'node:fs'
import { chown, mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { startChild, type Child, type ChildOptions } from '../harness/child.ts'
import { freePorts } from './service.ts'

export interface RunningService {
  /** What a program reads from its environment to use it, for example `{ REDIS_URL: 'redis://127.0.0.1:23456' }`. */
  environment: Record<string, string>
  /** Ends the server and waits for that; what it stored stays. Default signal SIGTERM. */
  stop(signal?: NodeJS.Signals): Promise<void>
  /** Starts it again where it was. */
  start(): Promise<void>
  /** Stops every thread of the server where it is: it accepts connections and never answers, until `resume`. */
  pause(): void
  resume(): void
  /** What the server has said so far. */
  output(): string
  close(): Promise<void>
}

/** What every server for tests can be told. */
export interface ServerLocation {
  /** Folder in which the server makes its directory, for example a small disk. Default: that for temporary files. */
  parent?: string | undefined
}

export interface StartServerOptions
  extends ServerLocation, Pick<ChildOptions, 'name' | 'isReady' | 'user' | 'readyTimeoutMs'> {
  /** How many free ports it needs. Default 1. */
  portCount?: number
  /** Signal that ends it cleanly. Default SIGTERM. */
  stopSignal?: NodeJS.Signals
  /** Before the first start: whatever the directory has to hold. */
  prepare?(place: ServerPlace): Promise<void>
  /** `directory`: what it runs in. Default: that of this process. */
  command(place: ServerPlace): {
    command: string
    arguments: readonly string[]
    environment?: NodeJS.ProcessEnv
    directory?: string
  }
  environment(place: ServerPlace): Record<string, string>
  /** After its ready line: resolves once it really answers. */
  waitUntilReady?(place: ServerPlace): Promise<void>
}

export interface ServerPlace {
  /** Empty at the first start, removed at the end. */
  directory: string
  ports: readonly number[]
}

export async function startServer(options: StartServerOptions): Promise<RunningService> {
  const directory = await mkdtemp(path.join(options.parent ?? os.tmpdir(), `tributary-${options.name}-`))
  const removeAtExit = () => rmSync(directory, { recursive: true, force: true })
  process.once('exit', removeAtExit)
  const place: ServerPlace = { directory, ports: await freePorts(options.portCount ?? 1) }
  let child: Child | undefined

  async function start(): Promise<void> {
    const { command, arguments: args, environment, directory: workingDirectory } = options.command(place)
    child = await startChild({
      name: options.name,
      command,
      arguments: args,
      environment: { PATH: process.env['PATH'], HOME: directory, LC_ALL: 'C.UTF-8', ...environment },
      isReady: options.isReady,
      ...(options.user ? { user: options.user } : {}),
      ...(workingDirectory === undefined ? {} : { directory: workingDirectory }),
      ...(options.readyTimeoutMs === undefined ? {} : { readyTimeoutMs: options.readyTimeoutMs }),
    })
    await options.waitUntilReady?.(place)
  }

  async function stop(signal: NodeJS.Signals = options.stopSignal ?? 'SIGTERM'): Promise<void> {
    if (!child || child.hasExited) return
    process.kill(child.pid, 'SIGCONT')
    await child.stop(signal)
  }

  async function close(): Promise<void> {
    await stop()
    await rm(directory, { recursive: true, force: true })
    process.off('exit', removeAtExit)
  }

  try {
    if (options.user) await chown(directory, options.user.uid, options.user.gid)
    await options.prepare?.(place)
    await start()
  } catch (error) {
    await close()
    throw error
  }
  return {
    environment: options.environment(place),
    start,
    stop,
    close,
    pause: () => process.kill(child!.pid, 'SIGSTOP'),
    resume: () => process.kill(child!.pid, 'SIGCONT'),
    output: () => child?.output() ?? '',
  }
}
