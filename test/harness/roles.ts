// The platform as it runs in a cluster: every role a process of its own, from its own composition root, over one PostgreSQL.
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { openDatabase } from '#shared/database.ts'
import { createIdentitySigner, type IdentitySigner } from '../../contracts/identity.ts'
import { SUBGRAPH_NAMES, type SubgraphName } from '../../contracts/node-types.ts'
import { subgraphUrlVariable } from '../../contracts/platform.ts'
import { startPostgresql, type PostgresqlInstallation } from '../services/postgresql.ts'
import { freePorts } from '../services/service.ts'
import { isReadyEvent, startChild, type Child } from './child.ts'
import { createClients } from './client.ts'
import { ADMIN_API_KEY, repositoryRoot, testEnvironment } from './environment.ts'
import type { PlatformUnderTest } from './platform-under-test.ts'
import { addWorkspace } from './second-workspace.ts'

export type RoleName = 'gateway' | SubgraphName | `${SubgraphName}-worker`

export interface RunningRoles extends PlatformUnderTest {
  databaseUrl: string
  dataDirectory: string
  signer: IdentitySigner
  subgraphUrls: Readonly<Record<SubgraphName, string>>
  roles: readonly RoleName[]
  /** SIGKILL, and wait until it is gone. */
  kill(role: RoleName): Promise<void>
  /** Starts a role that was killed, at the same address. */
  start(role: RoleName): Promise<void>
  /** Ends all of them as a supervisor does. Throws when one does not end cleanly. */
  stopAll(): Promise<void>
  /** Starts them again, at the same addresses. */
  startAll(): Promise<void>
  /** What a role has said so far, for failure messages. */
  output(role: RoleName): string
}

export interface StartRolesOptions {
  databaseUrl: string
  /** Set for every role. */
  environment?: NodeJS.ProcessEnv
}

export async function startRoles(options: StartRolesOptions): Promise<RunningRoles> {
  const dataDirectory = await mkdtemp(path.join(os.tmpdir(), 'tributary-roles-'))
  const [gatewayPort, ...subgraphPorts] = await freePorts(SUBGRAPH_NAMES.length + 1)
  const origin = `http://127.0.0.1:${gatewayPort}`
  const subgraphUrls = Object.fromEntries(
    SUBGRAPH_NAMES.map((name, index) => [name, `http://127.0.0.1:${subgraphPorts[index]}/graphql`]),
  ) as Record<SubgraphName, string>
  const identityKey = randomBytes(32).toString('hex')
  const environment = testEnvironment({
    DATABASE_URL: options.databaseUrl,
    TRIBUTARY_DATA_DIR: dataDirectory,
    TRIBUTARY_IDENTITY_KEY: identityKey,
    TRIBUTARY_HOST: '127.0.0.1',
    TRIBUTARY_PORT: String(gatewayPort),
    TRIBUTARY_PUBLIC_URL: origin,
    ...Object.fromEntries(SUBGRAPH_NAMES.map((name) => [subgraphUrlVariable(name), subgraphUrls[name]])),
    ...options.environment,
  })
  const files = new Map<RoleName, string>([['gateway', 'gateway/main.ts']])
  for (const name of SUBGRAPH_NAMES) {
    files.set(name, `subgraphs/${name}/main.ts`)
    if (existsSync(path.join(repositoryRoot, `subgraphs/${name}/worker.ts`)))
      files.set(`${name}-worker`, `subgraphs/${name}/worker.ts`)
  }
  const children = new Map<RoleName, Child>()
  const start = async (role: RoleName) => {
    const child = await startChild({
      name: role,
      command: process.execPath,
      arguments: ['--import', './bin/resolve-drizzle.js', files.get(role)!],
      directory: repositoryRoot,
      environment,
      isReady: (line, stream) => stream === 'stdout' && isReadyEvent(line),
    })
    children.set(role, child)
  }
  const clients = createClients(`${origin}/graphql`)
  /** What those said that did not end cleanly. */
  const stop = async (): Promise<string[]> => {
    const ended = await Promise.all(
      [...children].map(async ([role, child]) => {
        const { code } = child.hasExited ? await child.exited : await child.stop('SIGTERM')
        return code === 0 ? [] : [`${role} ended with ${code}:\n${child.output()}`]
      }),
    )
    children.clear()
    return ended.flat()
  }
  const close = async () => {
    await clients.close()
    const unclean = await stop()
    await rm(dataDirectory, { recursive: true, force: true })
    return unclean
  }
  const startAll = async () => {
    const started = await Promise.allSettled([...files.keys()].map(start))
    const failure = started.find((outcome) => outcome.status === 'rejected')
    if (failure) throw failure.reason
  }
  try {
    await startAll()
  } catch (error) {
    await close()
    throw error
  }
  const database = await openDatabase({ location: { url: options.databaseUrl }, poolSize: 1 })
  const foreignApiKey = await addWorkspace(database)
  await database.close()
  return {
    url: `${origin}/graphql`,
    adminApiKey: ADMIN_API_KEY,
    foreignApiKey,
    databaseUrl: options.databaseUrl,
    dataDirectory,
    signer: createIdentitySigner({ key: identityKey }),
    subgraphUrls,
    roles: [...files.keys()],
    client: clients.open,
    async kill(role) {
      await children.get(role)!.stop('SIGKILL')
      children.delete(role)
    },
    start,
    async stopAll() {
      const unclean = await stop()
      if (unclean.length > 0) throw new Error(unclean.join('\n\n'))
    },
    startAll,
    output: (role) => children.get(role)?.output() ?? '',
    async close() {
      const unclean = await close()
      if (unclean.length > 0) throw new Error(unclean.join('\n\n'))
    },
  }
}

/** The same with a PostgreSQL server of its own. */
export async function startRolesOnPostgresql(installation: PostgresqlInstallation): Promise<RunningRoles> {
  const postgresql = await startPostgresql(installation)
  try {
    const roles = await startRoles({ databaseUrl: await postgresql.createDatabase() })
    return {
      ...roles,
      async close() {
        try {
          await roles.close()
        } finally {
          await postgresql.close()
        }
      },
    }
  } catch (error) {
    await postgresql.close()
    throw error
  }
}
