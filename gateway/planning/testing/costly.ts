// A supergraph in which few characters make the planner compute for long: each field can be had from several subgraphs, and it weighs all ways.
import compositionLibrary from '@apollo/composition'
import { parse } from 'graphql'

const SUBGRAPHS = ['a', 'b', 'c', 'd']

export function costlySupergraph(): string {
  const composed = compositionLibrary.composeServices(
    SUBGRAPHS.map((name) => ({
      name,
      url: `http://${name}.invalid`,
      typeDefs: parse(`
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable"])
        type Query { thing: Thing @shareable }
        type Thing @key(fields: "id") { id: ID! next: Thing @shareable x: String @shareable own_${name}: String }
      `),
    })),
  )
  if (!composed.supergraphSdl) throw new Error((composed.errors ?? []).map(String).join('\n'))
  return composed.supergraphSdl
}

/** The deeper, the costlier. */
export function costlyOperation(depth: number, name = 'Costly'): string {
  let selection = SUBGRAPHS.map((each) => `own_${each}`).join(' ')
  for (let level = 0; level < depth; level += 1) selection = `x next { ${selection} } own_a own_b own_c own_d`
  return `query ${name} { thing { ${selection} } }`
}
