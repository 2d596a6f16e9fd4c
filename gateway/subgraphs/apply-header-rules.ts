// The rules that concern one subgraph, made once into a function from the headers of one side to those of the other.
import type { IncomingHttpHeaders } from 'node:http'
import type { ClientHeaders } from './client-headers.ts'
import { givesCookie, mayMatch, type Direction, type HeaderRule, type HeaderRules } from './header-rules.ts'

export interface SubgraphHeaders {
  /** What of a client's headers the subgraph gets, names in lower case. */
  toSubgraph(incoming: IncomingHttpHeaders): readonly (readonly [name: string, value: string])[]
  /** Puts what the client gets of a subgraph's headers among those that others gave. */
  toClient(answered: IncomingHttpHeaders, client: ClientHeaders): void
  /** Whether cookies may be among them. */
  readonly givesCookies: boolean
}

type Value = string | readonly string[]

const NOTHING: readonly (readonly [string, string])[] = []

export function headersOf(subgraph: string, rules: HeaderRules): SubgraphHeaders {
  const concerns = ({ subgraphs }: HeaderRule) => subgraphs === undefined || subgraphs.includes(subgraph)
  const request = rules.request.filter(concerns)
  const response = rules.response.filter(concerns)
  return {
    givesCookies: response.some(givesCookie),
    toSubgraph(incoming) {
      if (request.length === 0) return NOTHING
      return Array.from(pass('request', request, incoming), ([name, value]) => [name, [value].flat().join(', ')])
    },
    toClient(answered, client) {
      if (response.length > 0) for (const [name, value] of pass('response', response, answered)) client.put(name, value)
    },
  }
}

function pass(direction: Direction, rules: readonly HeaderRule[], headers: IncomingHttpHeaders): Map<string, Value> {
  const source = withoutNominated(headers)
  const passed = new Map<string, Value>()
  const copy = (name: string, as = name) => {
    const value = Object.hasOwn(source, name) ? source[name] : undefined
    if (value !== undefined) passed.set(as, value)
  }
  for (const rule of rules) {
    for (const name of rule.forward ?? []) copy(name)
    if (rule.forwardMatching)
      for (const name of Object.keys(source))
        if (mayMatch(direction, name) && rule.forwardMatching.test(name)) copy(name)
    for (const [name, as] of Object.entries(rule.rename ?? {})) {
      passed.delete(name)
      copy(name, as)
    }
    for (const [name, value] of Object.entries(rule.set ?? {})) passed.set(name, value)
    for (const name of rule.strip ?? []) passed.delete(name)
  }
  return passed
}

/** `connection` may name further headers as those of this hop. */
function withoutNominated(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const { connection } = headers
  if (connection === undefined || !/[^\s,]/.test(connection.replaceAll(/keep-alive|close|upgrade/gi, '')))
    return headers
  const nominated = new Set(connection.toLowerCase().split(/[\s,]+/))
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !nominated.has(name)))
}
