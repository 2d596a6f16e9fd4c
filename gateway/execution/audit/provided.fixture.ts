// @provides: in objects in objects, on the members of unions and on the types of interfaces. What is provided is not asked for again.
import type { Thing } from '../testing/open-supergraph.ts'
import type { AuditedSupergraph } from './audited-supergraph.fixture.ts'

const makers: Thing[] = ['m1', 'm2'].map((id, index) => ({
  __typename: 'Maker',
  id,
  name: `Maker ${id}`,
  town: { name: `Town ${index}`, mayor: index === 1 ? null : 'Ada' },
}))
const instruments: Thing[] = [
  { __typename: 'Violin', id: 'v1', title: 'Violin', strings: 4, maker: () => makers[0] },
  { __typename: 'Horn', id: 'b1', title: null, valves: 3, maker: () => makers[1] },
  { __typename: 'Violin', id: 'v2', title: 'Viola', strings: 5, maker: () => makers[1] },
]
const players: Thing[] = ['y1', 'y2'].map((id, index) => ({
  __typename: 'Player',
  id,
  plays: () => instruments[index],
  owns: () => instruments.slice(index),
  teacher: () => makers[index],
}))

export const PROVIDED: readonly AuditedSupergraph[] = [
  {
    name: 'provided on unions, interfaces and in objects',
    subgraphs: {
      instruments: `
        type Query { instruments: [Instrument!] }
        interface Instrument { id: ID! title: String }
        type Violin implements Instrument @key(fields: "id") { id: ID! title: String @shareable strings: Int @shareable maker: Maker }
        type Horn implements Instrument @key(fields: "id") { id: ID! title: String @shareable valves: Int @shareable maker: Maker @shareable }
        type Maker @key(fields: "id") { id: ID! name: String @shareable town: Town @shareable }
        type Town @shareable { name: String mayor: String }`,
      players: `
        type Query { players: [Player!] teachers: [Maker!] @provides(fields: "town { name }") }
        type Player @key(fields: "id") {
          id: ID!
          plays: Playable @provides(fields: "... on Violin { title strings }")
          owns: [Instrument!] @provides(fields: "... on Violin { title } ... on Horn { title valves maker { name town { mayor } } }")
          teacher: Maker @provides(fields: "name town { name mayor }")
        }
        union Playable = Violin | Horn
        interface Instrument { id: ID! title: String }
        type Violin implements Instrument @key(fields: "id") { id: ID! title: String @external strings: Int @external }
        type Horn implements Instrument @key(fields: "id") { id: ID! title: String @external valves: Int @external maker: Maker @external }
        type Maker @key(fields: "id") { id: ID! name: String @external town: Town @external }
        type Town { name: String @external mayor: String @external }`,
    },
    data: {
      rootValue: { instruments: () => instruments, players: () => players, teachers: () => makers },
      entities: {
        Violin: [instruments[0]!, instruments[2]!],
        Horn: [instruments[1]!],
        Maker: makers,
        Player: players,
      },
    },
    cases: [
      { source: '{ players { plays { ... on Violin { title strings } } } }', asks: { players: 1 } },
      {
        source: '{ players { plays { ... on Violin { title } ... on Horn { title } } } }',
        asks: { players: 1, instruments: 1 },
      },
      { source: '{ players { owns { title } } }', asks: { players: 1 } },
      { source: '{ instruments { title ... on Violin { maker { name } } } }', asks: { instruments: 1 } },
      {
        source: '{ players { owns { id title ... on Horn { valves maker { name town { mayor } } } } } }',
        asks: { players: 1 },
      },
      { source: '{ players { owns { title ... on Violin { strings } } } }', asks: { players: 1, instruments: 1 } },
      { source: '{ players { teacher { name town { name mayor } } } }', asks: { players: 1 } },
      { source: '{ teachers { town { name } } }', asks: { players: 1 } },
      { source: '{ teachers { id name } }', asks: { players: 1, instruments: 1 } },
    ],
  },
]
