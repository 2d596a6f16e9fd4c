// The command line of the gateway as a process of its own. Flags stand above variables.
import { Command, InvalidArgumentError } from 'commander'

export interface GatewayFlags {
  /** A file, or `uplink`; undefined: the platform's own. */
  supergraph: string | undefined
  host: string | undefined
  port: number | undefined
  /** By the name of the subgraph. */
  subgraphUrls: ReadonlyMap<string, string>
  authenticates: boolean
}

/** Prints help, or what is wrong, and exits then. */
export function readFlags(argv: readonly string[]): GatewayFlags {
  const command = new Command('gateway')
    .description(
      'Serves a federated graph: the one of the platform, or any supergraph of Federation 2. Variables: docs/configuration.md',
    )
    .option('--supergraph <file>', 'supergraph to serve, watched for changes; "uplink" for Apollo Uplink')
    .option('--host <address>', 'address to listen on (TRIBUTARY_HOST)')
    .option('--port <number>', 'port to listen on, 0 for a free one (TRIBUTARY_PORT)', readPort)
    .option(
      '--subgraph-url <name=url>',
      'where a subgraph is, instead of what the supergraph says; may be given several times',
      readSubgraphUrl,
    )
    .option('--no-authentication', 'ask nobody who they are; on a loopback address only')
    .allowExcessArguments(false)
    .parse(argv, { from: 'user' })
  const flags = command.opts<{
    supergraph?: string
    host?: string
    port?: number
    subgraphUrl?: ReadonlyMap<string, string>
    authentication: boolean
  }>()
  return {
    supergraph: flags.supergraph,
    host: flags.host,
    port: flags.port,
    subgraphUrls: flags.subgraphUrl ?? new Map(),
    authenticates: flags.authentication,
  }
}

function readPort(value: string): number {
  const port = Number(value)
  if (!/^\d+$/.test(value) || port > 65_535) throw new InvalidArgumentError('expected a number from 0 to 65535')
  return port
}

function readSubgraphUrl(value: string, known: ReadonlyMap<string, string> = new Map()): ReadonlyMap<string, string> {
  const [, name, url] = /^([^=]+)=(.+)$/.exec(value) ?? []
  if (!name || !url || !/^https?:\/\//.test(url) || !URL.canParse(url))
    throw new InvalidArgumentError('expected name=http://host:port/path')
  return new Map(known).set(name, url)
}
