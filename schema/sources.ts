// Reads the contract from its files. A subgraph's schema is common.graphql followed by its own file; both are parsed under
// their own names, so that an error points at the line a person wrote.

import { readFileSync } from 'node:fs'
import { Kind, parse, Source, type DocumentNode } from 'graphql'
import { defaultRoutingUrls, subgraphNames, type SubgraphName } from './subgraphs.ts'

export type SubgraphSource = {
  readonly name: SubgraphName
  /** Where the gateway reaches it by default. */
  readonly url: string
  /** The whole schema as text: the common part and its own. */
  readonly sdl: string
  /** The same, parsed; what `buildSubgraphSchema` takes. */
  readonly typeDefs: DocumentNode
  /** Only what its own file says. */
  readonly ownTypeDefs: DocumentNode
}

/** The schema of one subgraph, read from its files. Throws a GraphQLError at the line that does not parse. */
export function readSubgraphSource(name: SubgraphName): SubgraphSource {
  const own = readSchemaFile(`${name}.graphql`)
  const ownTypeDefs = parse(new Source(own, `schema/${name}.graphql`))
  return {
    name,
    url: defaultRoutingUrls[name],
    sdl: `${readSchemaFile('common.graphql')}\n${own}`,
    typeDefs: { kind: Kind.DOCUMENT, definitions: [...readCommonTypeDefs().definitions, ...ownTypeDefs.definitions] },
    ownTypeDefs,
  }
}

/** What every subgraph shares. */
export function readCommonTypeDefs(): DocumentNode {
  return parse(new Source(readSchemaFile('common.graphql'), 'schema/common.graphql'))
}

/** All six, in the order of `subgraphNames`. */
export function readSubgraphSources(): SubgraphSource[] {
  return subgraphNames.map(readSubgraphSource)
}

/** Text of a file of this folder, for example `supergraph.graphql`. */
export function readSchemaFile(path: string): string {
  return readFileSync(new URL(path, import.meta.url), 'utf8')
}
