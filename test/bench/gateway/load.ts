// So many clients that each send the next request when they have the answer of the last one, for so long; what it cost the process that answers.
import { readFile } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import { Pool } from 'undici'

export interface LoadOptions {
  url: string
  pid: number
  clients: number
  seconds: number
  /** The body of the next request. */
  nextBody: () => string
  /** How every answer begins. Default: as that of a query for users. */
  answerBegins?: string
  /** How long a client waits before the next request, in milliseconds. Default 0. */
  pauseMs?: number
}

export interface LoadResult {
  requests: number
  perSecond: number
  /** Of CPU time of the process, user and system, in milliseconds. */
  cpuMsPerRequest: number
  p50Ms: number
  p99Ms: number
  bytes: number
}

/** Of the clock that /proc counts CPU time by: Linux has it fixed. */
const TICKS_PER_SECOND = 100

/** Throws when an answer does not begin as it should. */
export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  const { answerBegins = '{"data":{"users":[{', pauseMs = 0 } = options
  const { origin, pathname } = new URL(options.url)
  const pool = new Pool(origin, { connections: options.clients })
  const durations: number[] = []
  let bytes = 0
  const client = async (until: number): Promise<void> => {
    while (performance.now() < until) {
      const startedAt = performance.now()
      const { body } = await pool.request({
        path: pathname,
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: options.nextBody(),
      })
      const text = await body.text()
      durations.push(performance.now() - startedAt)
      if (!text.startsWith(answerBegins)) throw new Error(`An answer is not as expected: ${text.slice(0, 500)}`)
      bytes = text.length
      if (pauseMs > 0) await setTimeout(pauseMs)
    }
  }
  const cpuBefore = await cpuMsOf(options.pid)
  const startedAt = performance.now()
  await Promise.all(Array.from({ length: options.clients }, () => client(startedAt + options.seconds * 1000)))
  const elapsedMs = performance.now() - startedAt
  const cpuMs = (await cpuMsOf(options.pid)) - cpuBefore
  await pool.close()
  durations.sort((one, other) => one - other)
  const at = (part: number): number => durations[Math.min(durations.length - 1, Math.floor(durations.length * part))]!
  return {
    requests: durations.length,
    perSecond: (durations.length / elapsedMs) * 1000,
    cpuMsPerRequest: cpuMs / durations.length,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    bytes,
  }
}

async function cpuMsOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  // After the name, which may hold spaces; user and system time are the fields 14 and 15 of proc(5).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return ((Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND) * 1000
}
