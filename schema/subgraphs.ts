// Where a process of each subgraph listens unless a setting says otherwise. Everything else about a subgraph is in its .graphql
// file; the gateway knows it by name, URL and SDL only.

import { SUBGRAPH_NAMES, type SubgraphName } from '../contracts/node-types.ts'

export const subgraphNames = SUBGRAPH_NAMES
export type { SubgraphName }

/** Default addresses when each role is its own process on one machine; 4000 is the gateway. */
export const defaultRoutingUrls: Readonly<Record<SubgraphName, string>> = {
  accounts: 'http://127.0.0.1:4001/graphql',
  models: 'http://127.0.0.1:4002/graphql',
  knowledge: 'http://127.0.0.1:4003/graphql',
  ingestion: 'http://127.0.0.1:4005/graphql',
  graph: 'http://127.0.0.1:4004/graphql',
  metrics: 'http://127.0.0.1:4006/graphql',
}
