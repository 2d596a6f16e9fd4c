// Hive Gateway of the npm registry, as a process of its own. It is no dependency of the repository: the first benchmark with it installs it into the
// user's cache, pinned by version, with what it depends on as of one day.
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { ensureInstalled, runTool, type Recipe } from '../../services/install.ts'
import { freePorts } from '../../services/service.ts'
import { startForeign, type RunningGateway } from './processes.ts'

const VERSION = '2.15.1'
const ROUTER_RUNTIME_VERSION = '1.4.23'
const GRAPHQL_VERSION = '16.15.0'
/** Dependencies that its packages name by range are taken as they were then. */
const AS_OF = '2026-11-29'

/** Its own in JavaScript, with `--jit`; or the one that plans in Rust, of `@graphql-hive/router-runtime`. */
export type HiveRuntime = 'javascript' | 'rust planner'

/** What equal requests share while one is under way. */
export interface HiveSharing {
  upstream: boolean
  inbound: boolean
}

const recipe: Recipe = {
  name: 'hive-gateway',
  version: VERSION,
  program: 'node_modules/@graphql-hive/gateway/dist/bin.js',
  duration: 'about a minute',
  async install({ staging, signal }) {
    const dependencies = {
      '@graphql-hive/gateway': VERSION,
      '@graphql-hive/router-runtime': ROUTER_RUNTIME_VERSION,
      graphql: GRAPHQL_VERSION,
    }
    await writeFile(
      path.join(staging, 'package.json'),
      // One copy of GraphQL for all of them: schemas of one are foreign to another.
      JSON.stringify({ private: true, dependencies, overrides: { graphql: '$graphql' } }),
    )
    const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', '--fetch-retries=1']
    await runTool('npm', ['install', ...options, `--before=${AS_OF}`], { directory: staging, signal })
  },
}

/** The folder that it is installed in. Throws with what npm said, for example when the registry is not reachable. */
export async function installHiveGateway(): Promise<string> {
  // Whoever starts a benchmark of it has asked for it.
  process.env['TRIBUTARY_INSTALL_SERVICES'] = 'true'
  const ensured = await ensureInstalled(recipe)
  if ('missing' in ensured)
    throw new Error(`Hive Gateway is not here and comes from the npm registry: ${ensured.missing}`)
  return ensured.installation.home
}

export async function startHiveGateway(options: {
  home: string
  supergraph: string
  runtime: HiveRuntime
  sharing: HiveSharing
}): Promise<RunningGateway> {
  const { home, supergraph, runtime, sharing } = options
  const [port] = await freePorts(1)
  const configuration = path.join(path.dirname(supergraph), `hive-${port}.mjs`)
  await writeFile(configuration, configurationOf(home, runtime, sharing))
  return startForeign({
    name: `hive, ${runtime}`,
    command: [
      path.join(home, recipe.program),
      'supergraph',
      supergraph,
      '--config-path',
      configuration,
      '--host',
      '127.0.0.1',
      '--port',
      String(port),
      ...(runtime === 'javascript' ? ['--jit'] : []),
    ],
    environment: {},
    isReady: (line) => line.includes('Listening on'),
    url: `http://127.0.0.1:${port}/graphql`,
  })
}

/** The runtime is imported here and not chosen by `--hive-router-runtime`, which falls back to the other one when it cannot be had. */
function configurationOf(home: string, runtime: HiveRuntime, { upstream, inbound }: HiveSharing): string {
  const module = path.join(home, 'node_modules/@graphql-hive/router-runtime/dist/index.js')
  return [
    ...(runtime === 'rust planner' ? [`import { unifiedGraphHandler } from ${JSON.stringify(module)}`] : []),
    'export const gatewayConfig = {',
    ...(runtime === 'rust planner' ? ['unifiedGraphHandler,'] : []),
    `transportEntries: { '*.http': { options: { deduplicateInflightRequests: ${upstream} } } },`,
    `inboundInflightRequestDeduplication: ${inbound},`,
    '}',
  ].join('\n')
}
