// Who asks for which entity: the objects under the paths of a fetch, by their representations. One pass over what may be many objects, most of which are
// a few entities again and again.
import type { FetchNode } from '@apollo/query-planner'
import type { GraphQLSchema } from 'graphql'
import type { Places } from './plan-execution.ts'
import type { JsonObject } from './representation.ts'
import { NOTHING_TO_ASK, representationsOf, type RepresentationKind } from './representation-text.ts'

/** Objects under one path that ask for one entity. */
export interface Equals extends Places {
  /** Of the first of them among all objects under the path. */
  position: number
}

/** All who ask for one entity. */
export interface Askers {
  /** The representation, as JSON. */
  text: string
  byPath: readonly Equals[]
}

export interface FoundAskers {
  /** In the order in which they were met; none is without objects. */
  askers: readonly Askers[]
  /** Of which not everything is known that the fetch requires. */
  lacking: readonly Places[]
}

export function askersOf(schema: GraphQLSchema, fetch: FetchNode, places: readonly Places[]): FoundAskers {
  const lacking: Places[] = []
  const byText = new Map<string, { text: string; byPath: Equals[] }>()
  for (const ofPath of places) {
    const { groups, others } = groupsOf(schema, fetch, ofPath.objects)
    if (others.length > 0) lacking.push({ path: ofPath.path, objects: others })
    for (const [kind, byKey] of groups)
      for (const [key, { objects, position }] of byKey) {
        const text = kind.textOf(objects[0]!, key)
        const equals = { path: ofPath.path, objects, position }
        const known = byText.get(text)
        if (known) known.byPath.push(equals)
        else byText.set(text, { text, byPath: [equals] })
      }
  }
  return { askers: [...byText.values()], lacking }
}

interface Group {
  objects: JsonObject[]
  position: number
}

type Groups = Map<RepresentationKind, Map<unknown, Group>>

function groupsOf(
  schema: GraphQLSchema,
  fetch: FetchNode,
  objects: readonly JsonObject[],
): { groups: Groups; others: JsonObject[] } {
  const kindOf = representationsOf(schema, fetch)
  const groups: Groups = new Map()
  const others: JsonObject[] = []
  // Objects of one kind come in runs.
  let lastKind: RepresentationKind | undefined
  let byKey: Map<unknown, Group> | undefined
  for (let position = 0; position < objects.length; position += 1) {
    const object = objects[position]!
    const kind = kindOf(object)
    const key = kind.keyOf(object)
    if (key === undefined) others.push(object)
    if (key === undefined || key === NOTHING_TO_ASK) continue
    if (kind !== lastKind || !byKey) {
      lastKind = kind
      byKey = groups.get(kind)
      if (!byKey) groups.set(kind, (byKey = new Map()))
    }
    const group = byKey.get(key)
    if (group) group.objects.push(object)
    else byKey.set(key, { objects: [object], position })
  }
  return { groups, others }
}
