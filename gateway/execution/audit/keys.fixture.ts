// Entities by the keys that each subgraph has: chains of them, compound ones with lists and objects, keys that are null, and entities reached only through
// a field of another.
import type { Thing } from '../testing/open-supergraph.ts'
import type { AuditedSupergraph } from './audited-supergraph.fixture.ts'

const stamps: Thing[] = ['s1', 's2', 's3'].map((id, index) => ({
  __typename: 'Stamp',
  id,
  serial: index === 1 ? null : `serial-${id}`,
  issue: { year: 1900 + index, series: { letter: 'AB'[index % 2] } },
  motif: `motif ${id}`,
  colour: index === 0 ? 'blue' : null,
  value: 10 * index,
}))
const albums: Thing[] = ['a1', 'a2'].map((name, index) => ({
  __typename: 'Album',
  name,
  stamps: index === 0 ? [stamps[0], stamps[2]] : [stamps[1]],
  best: stamps[index],
  worth: 100 * (index + 1),
  pages: index + 3,
}))

export const KEYS: readonly AuditedSupergraph[] = [
  {
    name: 'keys that only a chain of subgraphs knows',
    subgraphs: {
      motifs: `
        type Query { stamps: [Stamp!] }
        type Stamp @key(fields: "id") { id: ID! motif: String }`,
      serials: `
        type Stamp @key(fields: "id") @key(fields: "serial") @key(fields: "issue { year series { letter } }") {
          id: ID! serial: String issue: Issue!
        }
        type Issue @shareable { year: Int! series: Series! } type Series @shareable { letter: String! }`,
      colours: 'type Stamp @key(fields: "serial") { serial: String colour: String }',
      values: `
        type Query { dearest: Stamp }
        type Stamp @key(fields: "issue { year series { letter } }") { issue: Issue! value: Int }
        type Issue @shareable { year: Int! series: Series! } type Series @shareable { letter: String! }`,
    },
    data: { rootValue: { stamps: () => stamps, dearest: () => stamps[2] }, entities: { Stamp: stamps } },
    cases: [
      { source: '{ stamps { motif value } }', asks: { motifs: 1, serials: 1, values: 1 }, neverAsked: ['serial'] },
      { source: '{ stamps { issue { year } } }', asks: { motifs: 1, serials: 1 } },
      { source: '{ dearest { value issue { series { letter } } } }', asks: { values: 1 } },
      { source: '{ dearest { motif } }', asks: { values: 1, serials: 1, motifs: 1 } },
      { source: '{ dearest { colour value } }', asks: { values: 1, serials: 1, colours: 1 } },
      // The entity of a key that is null is found, as its subgraph says.
      { source: '{ stamps { motif colour } }', asks: { motifs: 1, serials: 1, colours: 1 } },
    ],
  },
  {
    name: 'keys made of lists of entities',
    subgraphs: {
      albums: `
        type Query { albums: [Album!] }
        type Album @key(fields: "stamps { id } best { id issue { year } }") { name: String stamps: [Stamp!]! best: Stamp! }
        type Stamp @key(fields: "id") { id: ID! issue: Issue! }
        type Issue @shareable { year: Int! }`,
      worths: `
        type Album @key(fields: "stamps { id } best { id issue { year } }") { stamps: [Stamp!]! best: Stamp! worth: Int }
        type Stamp @key(fields: "id") { id: ID! issue: Issue! @external }
        type Issue @shareable { year: Int! }`,
      pages: `
        type Album @key(fields: "stamps { id serial }") { stamps: [Stamp!]! pages: Int }
        type Stamp @key(fields: "id serial") { id: ID! serial: String @external }`,
      serials: 'type Stamp @key(fields: "id") { id: ID! serial: String motif: String }',
    },
    data: { rootValue: { albums: () => albums }, entities: { Album: albums, Stamp: stamps } },
    cases: [
      { source: '{ albums { name worth } }', asks: { albums: 1, worths: 1 } },
      { source: '{ albums { worth best { motif } } }', asks: { albums: 1, worths: 1, serials: 1 } },
      { source: '{ albums { pages } }', asks: { albums: 1, serials: 1, pages: 1 } },
      {
        source: '{ albums { pages worth stamps { id: motif } } }',
        asks: { albums: 1, worths: 1, serials: 1, pages: 1 },
      },
    ],
  },
]
