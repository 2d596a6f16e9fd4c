// Starts `tributary` as people do, for tests: a real process, its lines and its end.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** This checkout. */
export const root = fileURLToPath(new URL('../../', import.meta.url))
const children = new Set<ChildProcess>()

export interface Started {
  child: ChildProcess
  /** Resolves with the first line that has this event. */
  event(name: string): Promise<Record<string, any>>
  /** Resolves with the first line that has these words. */
  line(words: string): Promise<string>
  /** The lines so far. */
  lines: readonly string[]
  ended: Promise<{ status: number | null; stdout: string; output: string }>
}

/** `tributary` with these arguments, and nothing of the environment that would change what it does. */
export function start(
  commandLine: readonly string[],
  options: { environment?: NodeJS.ProcessEnv; uid?: number; checkout?: string } = {},
): Started {
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TRIBUTARY_')))
  const { checkout = root } = options
  const child = spawn(process.execPath, [path.join(checkout, 'bin/tributary.js'), ...commandLine], {
    cwd: checkout,
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
  const find = (isWanted: (line: string) => boolean, what: string) =>
    new Promise<string>((resolve, reject) => {
      const check = () => {
        const found = lines.find(isWanted)
        if (found === undefined) return
        waiting.delete(check)
        resolve(found)
      }
      waiting.add(check)
      check()
      void ended.then(({ output }) => reject(new Error(`It ended before "${what}":\n${output}`)))
    })
  return {
    child,
    lines,
    ended,
    line: (words) => find((line) => line.includes(words), words),
    event: async (name) =>
      JSON.parse(await find((line) => line.startsWith(`{"event":"${name}"`), name)) as Record<string, any>,
  }
}

/** Ends what a failed test left running. */
export function killAll(): void {
  for (const child of children) child.kill('SIGKILL')
}
