// Where subgraphs are, if not where the supergraph says: by flag, or by the variable of the subgraph.
import { z } from 'zod'
import { readConfiguration, type Environment } from '#shared/configuration.ts'

/** Capitals; whatever is no letter or digit is `_`. */
export const subgraphUrlVariableOf = (name: string): string =>
  `TRIBUTARY_SUBGRAPH_${name.replaceAll(/[^A-Za-z0-9]/g, '_').toUpperCase()}_URL`

/** Throws CONFIGURATION_INVALID, when it is asked for the subgraph, for a variable that is no URL. */
export function subgraphUrlsOf(
  flags: ReadonlyMap<string, string>,
  environment: Environment,
): (name: string) => string | undefined {
  const known = new Map<string, string | undefined>(flags)
  return (name) => {
    if (known.has(name)) return known.get(name)
    const variable = subgraphUrlVariableOf(name)
    const schema = z.object({
      [variable]: z.url({ protocol: /^https?$/, error: 'expected an http:// or https:// URL' }).optional(),
    })
    const url = readConfiguration(schema, environment)[variable]
    known.set(name, url)
    return url
  }
}
