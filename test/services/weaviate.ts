// A real Weaviate server for tests, built from its Go module: one node without a vectoriser, all its ports its own, so that several run at once.
import { setTimeout as delay } from 'node:timers/promises'
import { ensureInstalled, goInstall, type Installed, type Recipe } from './install.ts'
import { startServer, type RunningService, type ServerLocation } from './server.ts'
import { freePorts, isFree, type Ensured } from './service.ts'

const VERSION = '1.30.0'

const recipe: Recipe = {
  name: 'weaviate',
  version: VERSION,
  program: 'bin/weaviate-server',
  duration: 'about five minutes',
  install: ({ staging, signal }) =>
    goInstall(`github.com/weaviate/weaviate/cmd/weaviate-server@v${VERSION}`, staging, { signal }),
}

export interface RunningWeaviate extends RunningService {
  /** REST and GraphQL. */
  url: string
  grpcPort: number
  /** From its next start on no key may write. */
  setReadOnly(isReadOnly: boolean): void
}

export interface StartWeaviateOptions extends ServerLocation {
  /** Keys of the two users that there are then: one may do everything, one may only read. Default: no key is asked for. */
  apiKeys?: { administrator: string; reader: string }
  /** Variables of Weaviate's own beside those set here. */
  environment?: Record<string, string>
}

/** Finds the built program; builds it (about five minutes) where services may be installed. */
export const ensureWeaviate = (): Promise<Ensured<Installed>> => ensureInstalled(recipe)

export async function startWeaviate(
  { program }: Installed,
  { apiKeys, environment, parent }: StartWeaviateOptions = {},
): Promise<RunningWeaviate> {
  const gossipPort = await freePairOfPorts()
  let url = ''
  let grpcPort = 0
  let isReadOnly = false
  const server = await startServer({
    parent,
    name: 'weaviate',
    portCount: 4,
    command({ directory, ports }) {
      const [httpPort, raftPort, raftCallsPort] = [ports[0]!, ports[2]!, ports[3]!]
      url = `http://127.0.0.1:${httpPort}`
      grpcPort = ports[1]!
      return {
        command: program,
        arguments: ['--scheme', 'http', '--host', '127.0.0.1', '--port', String(httpPort)],
        environment: {
          PERSISTENCE_DATA_PATH: directory,
          DEFAULT_VECTORIZER_MODULE: 'none',
          DISABLE_TELEMETRY: 'true',
          GO_PROFILING_DISABLE: 'true',
          GRPC_PORT: String(grpcPort),
          CLUSTER_HOSTNAME: 'node1',
          CLUSTER_ADVERTISE_ADDR: '127.0.0.1',
          CLUSTER_GOSSIP_BIND_PORT: String(gossipPort),
          CLUSTER_DATA_BIND_PORT: String(gossipPort + 1),
          RAFT_PORT: String(raftPort),
          RAFT_INTERNAL_RPC_PORT: String(raftCallsPort),
          RAFT_BOOTSTRAP_EXPECT: '1',
          ...authentication(apiKeys, isReadOnly),
          ...environment,
        },
      }
    },
    isReady: (line) => line.includes('Serving weaviate at'),
    waitUntilReady: () => untilReady(url),
    environment: () => ({
      WEAVIATE_URL: url,
      WEAVIATE_GRPC_URL: `http://127.0.0.1:${grpcPort}`,
      ...(apiKeys ? { WEAVIATE_API_KEY: apiKeys.administrator } : {}),
    }),
  })
  return {
    ...server,
    url,
    grpcPort,
    setReadOnly(value) {
      isReadOnly = value
    },
  }
}

const authentication = (apiKeys: StartWeaviateOptions['apiKeys'], isReadOnly: boolean): Record<string, string> =>
  apiKeys === undefined
    ? { AUTHENTICATION_ANONYMOUS_ACCESS_ENABLED: 'true' }
    : {
        AUTHENTICATION_ANONYMOUS_ACCESS_ENABLED: 'false',
        AUTHENTICATION_APIKEY_ENABLED: 'true',
        AUTHENTICATION_APIKEY_ALLOWED_KEYS: `${apiKeys.administrator},${apiKeys.reader}`,
        AUTHENTICATION_APIKEY_USERS: 'administrator,reader',
        AUTHORIZATION_ADMINLIST_ENABLED: 'true',
        AUTHORIZATION_ADMINLIST_USERS: isReadOnly ? 'nobody' : 'administrator',
        AUTHORIZATION_ADMINLIST_READONLY_USERS: isReadOnly ? 'reader,administrator' : 'reader',
      }

/** Of the two ports for traffic between nodes, the second has to be one above the first. */
async function freePairOfPorts(): Promise<number> {
  for (;;) {
    const [port] = await freePorts(1)
    if (await isFree(port! + 1)) return port!
  }
}

/** Its HTTP server answers before the node has found that it leads itself. */
async function untilReady(url: string): Promise<void> {
  for (;;) {
    const answer = await fetch(`${url}/v1/.well-known/ready`, { signal: AbortSignal.timeout(5_000) }).catch(() => null)
    if (answer?.ok) return
    await delay(50)
  }
}
