// The platform as users start it, `node bin/tributary.js start`, on a data directory that the benchmark brings. The harness of the tests starts
// the same program on a directory of its own.
import { readFile } from 'node:fs/promises'
import { isReadyEvent, parseEvent, startChild } from '../harness/child.ts'
import { createTestClient, type TestClient } from '../harness/client.ts'
import { ADMIN_API_KEY, repositoryRoot, testEnvironment } from '../harness/environment.ts'

export interface BenchPlatform {
  url: string
  client: TestClient
  /** From the start of the process to its ready line, in milliseconds. */
  readyMs: number
  /** What the process says of its start: milliseconds after its begin at which each part was done. */
  timings: Readonly<Record<string, number>>
  residentMib(): Promise<number>
  /** Computing time of the process so far, in milliseconds: what the start costs whoever else is at work. */
  processorMs(): Promise<number>
  close(): Promise<void>
}

export async function startPlatform(options: {
  dataDirectory: string
  environment?: NodeJS.ProcessEnv
  /** Of Node, before the program: `--cpu-prof` and the like. */
  nodeArguments?: readonly string[]
}): Promise<BenchPlatform> {
  const startedAt = performance.now()
  const child = await startChild({
    name: 'tributary start',
    command: process.execPath,
    arguments: [
      ...(options.nodeArguments ?? []),
      'bin/tributary.js',
      'start',
      '--no-guide',
      '--json',
      '--port',
      '0',
      '--data-dir',
      options.dataDirectory,
    ],
    directory: repositoryRoot,
    environment: testEnvironment(options.environment ?? {}),
    isReady: (line, stream) => stream === 'stdout' && isReadyEvent(line),
    readyTimeoutMs: 120_000,
  })
  const readyMs = performance.now() - startedAt
  const ready = parseEvent(child.readyLine)!
  const url = String(ready['url'])
  const client = createTestClient({ url, apiKey: ADMIN_API_KEY })
  return {
    url,
    client,
    readyMs,
    timings: ready['timings'] as Record<string, number>,
    residentMib: () => residentMib(child.pid),
    processorMs: () => processorMs(child.pid),
    async close() {
      await client.close()
      const { code, signal } = await child.stop('SIGTERM')
      if (code !== 0) throw new Error(`The platform ended with ${signal ?? code}:\n${child.output()}`)
    },
  }
}

/** VmRSS; its children are not counted. Linux only. */
async function residentMib(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN) / 1024
}

/** User and system time of all its threads, which the kernel counts in hundredths of a second. */
async function processorMs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  // The name of the program stands in parentheses and may hold spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}
