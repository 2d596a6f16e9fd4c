// What the public audit of federated gateways looks at, over own supergraphs: small ones, each about one idea, with operations that one server which has
// everything answers for comparison, and with what its subgraphs may be asked for that.
import type { Answer, OpenSupergraphOptions, Thing } from '../testing/open-supergraph.ts'

export interface AuditCase {
  source: string
  variables?: Thing
  /** How many requests each subgraph gets; those left out none. */
  asks: Readonly<Record<string, number>>
  /** Names of fields that no request may have. Default none. */
  neverAsked?: readonly string[]
  /** By default as one server answers: only for what no one server can show. Errors as "path CODE". */
  answer?: { data: Answer['data']; errors?: readonly string[] }
}

export interface AuditedSupergraph extends OpenSupergraphOptions {
  name: string
  cases: readonly AuditCase[]
}
