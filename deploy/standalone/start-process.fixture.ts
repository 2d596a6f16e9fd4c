// Starts `tributary` as people do, for tests: a real process, its lines and its end.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const launcher = fileURLToPath(new URL('../../bin/tributary.js', import.meta.url))
const root = fileURLToPath(new URL('../../', import.meta.url))
const children = new Set<ChildProcess>()

export interface Started {
  child: ChildProcess
  /** Resolves with the first line that has this event. */
  event(name: string): Promise<Record<string, any>>
  /** The lines so far. */
  lines: readonly string[]
  ended: Promise<{ status: number | null; stdout: string; output: string }>
}

/** `tributary` with these arguments, and nothing of the environment that would change what it does. */
export function start(
  commandLine: readonly string[],
  options: { environment?: NodeJS.ProcessEnv; uid?: number; cwd?: string } = {},
): Started {
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TRIBUTARY_')))
  const child = spawn(process.execPath, [launcher, ...commandLine], {
    cwd: options.cwd ?? root,
    env: { ...inherited, ...options.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
  })
  children.add(child)
  const lines: string[] = []
  const waiting = new Set<() => void>()
  const note = (line: string) => {
    lines.push(line)
    for (const check of waiting) check()
  }
  const printed: string[] = []
  createInterface({ input: child.stdout }).on('line', (line) => {
    printed.push(line)
    note(line)
  })
  createInterface({ input: child.stderr }).on('line', note)
  const ended = once(child, 'close').then(([status]) => {
    children.delete(child)
    return { status: status as number | null, stdout: printed.join('\n'), output: lines.join('\n') }
  })
  return {
    child,
    lines,
    ended,
    event: (name) =>
      new Promise((resolve, reject) => {
        const check = () => {
          const line = lines.find((candidate) => candidate.startsWith(`{"event":"${name}"`))
          if (!line) return
          waiting.delete(check)
          resolve(JSON.parse(line) as Record<string, any>)
        }
        waiting.add(check)
        check()
        void ended.then(({ output }) => reject(new Error(`It ended before "${name}":\n${output}`)))
      }),
  }
}

/** Ends what a failed test left running. */
export function killAll(): void {
  for (const child of children) child.kill('SIGKILL')
}
