// Reads role-matrix.expected.json: for each subgraph, a field (`Mutation.uploadCreate`) or all fields of a type (`Upload.*`) and which group
// of roles may read or call it. A field that no line names may be read by nobody.
import type { SubgraphName } from '../../contracts/node-types.ts'
import type { Caller, PermissionMatrix } from './permission-matrix.ts'

export interface Expectation {
  /** Groups of roles by name. */
  groups: Record<string, Caller[]>
  subgraphs: Record<SubgraphName, Record<string, string>>
}

/** Throws when a line names no field of the schema: an expectation that outlived what it was about. */
export function expectedCallers(
  { groups, subgraphs }: Expectation,
  name: SubgraphName,
  coordinates: readonly string[],
): PermissionMatrix {
  const lines = { ...subgraphs[name] }
  const unused = new Set(Object.keys(lines))
  const matrix: PermissionMatrix = {}
  for (const coordinate of coordinates) {
    const line = coordinate in lines ? coordinate : `${coordinate.split('.')[0]}.*`
    unused.delete(line)
    const group = lines[line]
    if (group !== undefined && !groups[group]) throw new Error(`There is no group of roles called "${group}".`)
    matrix[coordinate] = group === undefined ? [] : groups[group]!
  }
  if (unused.size > 0) throw new Error(`${name} has no such fields: ${[...unused].join(', ')}`)
  return matrix
}
