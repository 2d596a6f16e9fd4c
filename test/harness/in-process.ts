// All roles inside the test's own process, over PGlite in memory: the same composition roots, where every SQL statement can be counted and
// every subgraph can be asked directly.
import { startGateway } from '../../gateway/main.ts'
import type { SubgraphName } from '../../contracts/node-types.ts'
import type { Platform } from '../../contracts/platform.ts'
import type { RunningRole } from '../../contracts/run-process.ts'
import { loadAccounts, SUBGRAPH_ROLES, type SubgraphRoles } from '../../deploy/standalone/roles.ts'
import { freePorts } from '../services/service.ts'
import { createClients } from './client.ts'
import { ADMIN_API_KEY, testEnvironment } from './environment.ts'
import type { PlatformUnderTest } from './platform-under-test.ts'
import { createTestPlatform, type TestPlatform } from './platform.ts'
import { addWorkspace } from './second-workspace.ts'

export interface InProcessPlatform extends PlatformUnderTest {
  platform: TestPlatform
  workspaceId: string
  subgraphUrls: Readonly<Record<SubgraphName, string>>
}

type Start = (platform: Platform, environment: NodeJS.ProcessEnv) => Promise<RunningRole & { url?: string }>

export async function startInProcess(): Promise<InProcessPlatform> {
  const platform = await createTestPlatform()
  const [port] = await freePorts(1)
  const environment = testEnvironment({
    TRIBUTARY_DATA_DIR: platform.dataDirectory,
    TRIBUTARY_PUBLIC_URL: `http://127.0.0.1:${port}`,
  })
  const running: RunningRole[] = []
  const urls = new Map<SubgraphName, string>()
  const start = async (name: SubgraphName, load: Promise<Start>) => {
    const role = await (await load)(platform, environment)
    running.push(role)
    if (role.url === undefined) return
    urls.set(name, role.url)
    platform.origins.set(name, new URL(role.url).origin)
  }
  const startAccounts = await loadAccounts()
  const accounts = await startAccounts(platform, environment)
  running.push(accounts)
  urls.set('accounts', accounts.url)
  platform.origins.set('accounts', new URL(accounts.url).origin)
  const roles = Object.entries(SUBGRAPH_ROLES) as [SubgraphName, SubgraphRoles][]
  for (const [name, { api }] of roles) await start(name, api())
  for (const [name, { worker }] of roles) if (worker) await start(name, worker())
  const subgraphUrls = Object.fromEntries(urls) as Record<SubgraphName, string>
  const gateway = await startGateway({
    host: '127.0.0.1',
    port: port!,
    corsOrigins: [],
    subgraphUrls,
    signer: platform.signer,
    logger: platform.logger,
  })
  const clients = createClients(gateway.url)
  return {
    platform,
    subgraphUrls,
    workspaceId: accounts.firstStart.workspace.id,
    url: gateway.url,
    adminApiKey: ADMIN_API_KEY,
    foreignApiKey: await addWorkspace(platform.database),
    client: clients.open,
    async close() {
      await clients.close()
      await gateway.close()
      for (const role of running.toReversed()) await role.close()
      await platform.close()
    },
  }
}
