// A process under test: started, awaited by a line it prints, killed by its own id, and what it said kept for the failure message.
import { spawn, type SpawnOptions } from 'node:child_process'
import { once } from 'node:events'
import readline from 'node:readline'

export interface ChildOptions {
  name: string
  command: string
  arguments: readonly string[]
  /** The whole environment; nothing is inherited. */
  environment: NodeJS.ProcessEnv
  /** User to run as, for programs that refuse to be root. */
  user?: { uid: number; gid: number }
  directory?: string
  /** Whether a line says that it is ready. */
  isReady: (line: string, stream: 'stdout' | 'stderr') => boolean
  /** Longest wait for that line, in milliseconds. Default 180,000: many start at once on few cores. */
  readyTimeoutMs?: number
}

export interface Child {
  readonly name: string
  readonly pid: number
  readonly readyLine: string
  readonly hasExited: boolean
  /** The last lines of both streams. */
  output(): string
  /** Resolves when the process is gone. */
  exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  /** Sends the signal and waits for the end; after `graceMs` (default 20,000) SIGKILL follows. */
  stop(signal?: NodeJS.Signals, graceMs?: number): Promise<{ code: number | null; signal: NodeJS.Signals | null }>
}

const KEPT_LINES = 400

/** Starts it and waits for its ready line. Throws with its output when it ends before or stays silent. */
export async function startChild(options: ChildOptions): Promise<Child> {
  const spawnOptions: SpawnOptions = {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: options.environment,
    ...(options.directory ? { cwd: options.directory } : {}),
    ...options.user,
  }
  const child = spawn(options.command, [...options.arguments], spawnOptions)
  const lines: string[] = []
  // Whatever happens to the test process, nothing it started outlives it.
  const killAtExit = () => child.kill('SIGKILL')
  process.setMaxListeners(100)
  process.once('exit', killAtExit)
  const exited = once(child, 'exit').then(([code, signal]) => {
    process.off('exit', killAtExit)
    return { code: code as number | null, signal: signal as NodeJS.Signals | null }
  })

  const readyLine = await new Promise<string>((resolve, reject) => {
    const fail = (reason: string) => {
      clearTimeout(timer)
      child.kill('SIGKILL')
      reject(new Error(`${options.name} ${reason}\n${lines.join('\n')}`))
    }
    const timer = setTimeout(() => fail('was not ready in time'), options.readyTimeoutMs ?? 180_000)
    child.once('error', (error) => fail(`cannot be started: ${error.message}`))
    void exited.then(({ code, signal }) => fail(`ended before it was ready (${signal ?? code})`))
    for (const stream of ['stdout', 'stderr'] as const) {
      readline.createInterface({ input: child[stream]!, crlfDelay: Infinity }).on('line', (line) => {
        lines.push(line)
        if (lines.length > KEPT_LINES) lines.shift()
        if (!options.isReady(line, stream)) return
        clearTimeout(timer)
        resolve(line)
      })
    }
  })

  return {
    name: options.name,
    pid: child.pid!,
    readyLine,
    exited,
    get hasExited() {
      return child.exitCode !== null || child.signalCode !== null
    },
    output: () => lines.join('\n'),
    async stop(signal = 'SIGTERM', graceMs = 20_000) {
      child.kill(signal)
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs)
      const outcome = await exited
      clearTimeout(timer)
      return outcome
    },
  }
}

/** Whether a line is the JSON object `{ event: 'ready', … }` that every role of the platform prints. */
export function isReadyEvent(line: string): boolean {
  return parseEvent(line)?.['event'] === 'ready'
}

export function parseEvent(line: string): Record<string, unknown> | null {
  if (!line.startsWith('{')) return null
  try {
    return JSON.parse(line) as Record<string, unknown>
  } catch {
    return null
  }
}
