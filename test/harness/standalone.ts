// The platform as `npm start` runs it: one process over embedded stores in a directory of its own, which outlives restarts of the process.
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { openDatabase } from '#shared/database.ts'
import { openDataDirectory } from '../../deploy/standalone/data-directory.ts'
import { createWorkspaces } from '../../subgraphs/accounts/workspaces.ts'
import { freePorts } from '../services/service.ts'
import { isReadyEvent, parseEvent, startChild, type Child } from './child.ts'
import { createClients } from './client.ts'
import { newDatabase } from './new-database.ts'
import { ADMIN_API_KEY, repositoryRoot, testEnvironment } from './environment.ts'
import type { PlatformUnderTest } from './platform-under-test.ts'
import { addWorkspace } from './second-workspace.ts'

export interface RunningStandalone extends PlatformUnderTest {
  dataDirectory: string
  /** SIGKILL, and wait until it is gone. */
  kill(): Promise<void>
  /** Ends it as Ctrl-C does. Throws when it does not end cleanly. */
  stop(): Promise<void>
  /** Starts it again on the same directory and port. */
  start(): Promise<void>
  output(): string
}

export async function startStandalone(options: { environment?: NodeJS.ProcessEnv } = {}): Promise<RunningStandalone> {
  const root = await mkdtemp(path.join(os.tmpdir(), 'tributary-standalone-'))
  const dataDirectory = path.join(root, 'data')
  const [port] = await freePorts(1)
  const foreignApiKey = await prepare(dataDirectory)
  const environment = testEnvironment(options.environment ?? {})
  let child: Child
  const start = async () => {
    child = await startChild({
      name: 'standalone',
      command: process.execPath,
      arguments: [
        'deploy/standalone/main.ts',
        '--json',
        '--no-guide',
        '--port',
        String(port),
        '--data-dir',
        dataDirectory,
      ],
      directory: repositoryRoot,
      environment,
      isReady: (line, stream) => stream === 'stdout' && isReadyEvent(line),
    })
  }
  const stop = async () => {
    const { code, signal } = child.hasExited ? await child.exited : await child.stop('SIGTERM')
    if (code !== 0 && signal !== 'SIGKILL')
      throw new Error(`standalone ended with ${signal ?? code}:\n${child.output()}`)
  }
  await start()
  const url = String(parseEvent(child!.readyLine)?.['url'])
  const clients = createClients(url)
  return {
    url,
    adminApiKey: ADMIN_API_KEY,
    foreignApiKey,
    dataDirectory,
    client: clients.open,
    async kill() {
      await child.stop('SIGKILL')
    },
    start,
    stop,
    output: () => child.output(),
    async close() {
      await clients.close()
      try {
        await stop()
      } finally {
        await rm(root, { recursive: true, force: true })
      }
    },
  }
}

/** The embedded database belongs to one process at a time: what an endpoint cannot do is done before the first start. */
async function prepare(dataDirectory: string): Promise<string> {
  const data = await openDataDirectory({ directory: dataDirectory, onLockLost: () => undefined })
  const database = await openDatabase({ location: { directory: data.databasePath, initialData: await newDatabase() } })
  try {
    await database.migrate({ schema: 'accounts', folder: path.join(repositoryRoot, 'subgraphs/accounts/migrations') })
    await createWorkspaces({ database }).ensureFirst(ADMIN_API_KEY)
    const foreignApiKey = await addWorkspace(database)
    await data.markDatabaseReady()
    return foreignApiKey
  } finally {
    await database.close()
    await data.close()
  }
}
