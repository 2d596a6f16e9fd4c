// Interfaces and unions of which subgraphs know different types, and types that differ between their members.
import type { Thing } from '../testing/open-supergraph.ts'
import type { AuditedSupergraph } from './audited-supergraph.fixture.ts'

const birds: Thing[] = ['b1', 'b2'].map((id, index) => ({
  __typename: 'Bird',
  id,
  code: index,
  name: `Bird ${id}`,
  mate: () => birds[1 - index],
  wings: 2,
  sounds: index === 1 ? null : ['tweet'],
  keeper: () => keepers[index],
}))
const fish: Thing[] = ['f1', 'f2'].map((id, index) => ({
  __typename: 'Fish',
  id,
  code: `code-${id}`,
  name: index === 0 ? null : `Fish ${id}`,
  mate: () => fish[1 - index],
  depth: 40,
  keeper: () => null,
}))
const keepers: Thing[] = ['k1', 'k2'].map((id, index) => ({
  __typename: 'Keeper',
  id,
  name: `Keeper ${id}`,
  shift: index,
  notes: () => [notes[index]],
}))
const notes: Thing[] = ['n1', 'n2'].map((id, index) => ({
  __typename: 'Note',
  id,
  text: `Note ${id}`,
  writer: () => keepers[index],
}))
const rocks: Thing[] = [{ __typename: 'Rock', id: 'r1', name: 'Rock', weight: 3 }]
const entities = { Bird: birds, Fish: fish, Keeper: keepers, Note: notes, Rock: rocks }

export const ABSTRACT_TYPES: readonly AuditedSupergraph[] = [
  {
    name: 'interfaces whose types refer to themselves',
    subgraphs: {
      zoo: `
        type Query { animals: [Animal!] }
        interface Animal { mate: Animal }
        type Bird implements Animal @key(fields: "id") { id: ID! mate: Bird }
        type Fish implements Animal @key(fields: "id") { id: ID! mate: Fish }`,
      facts: `
        interface Animal { id: ID! name: String }
        type Bird implements Animal @key(fields: "id") { id: ID! name: String wings: Int }
        type Fish implements Animal @key(fields: "id") { id: ID! name: String depth: Int }`,
    },
    data: { rootValue: { animals: () => [...birds, ...fish] }, entities },
    cases: [
      { source: '{ animals { mate { mate { __typename } } } }', asks: { zoo: 1 } },
      { source: '{ animals { ... on Bird { mate { id wings mate { name } } } } }', asks: { zoo: 1, facts: 1 } },
      {
        source: '{ animals { mate { ... on Bird { wings } ... on Fish { mate { depth } } } } }',
        asks: { zoo: 1, facts: 1 },
      },
      { source: '{ animals { mate { ... on Animal { ... on Fish { id mate { id } } } } } }', asks: { zoo: 1 } },
    ],
  },
  {
    name: 'fields of one name whose types differ',
    subgraphs: {
      zoo: `
        type Query { animals: [Animal!] beings: [Being!] birds: [Bird!]! }
        interface Animal { id: ID }
        union Being = Bird | Fish | Keeper
        type Bird implements Animal @key(fields: "id") { id: ID! code: Int! sounds: [String!] }
        type Fish implements Animal @key(fields: "id") { id: ID! code: ID }
        type Keeper @key(fields: "id") { id: ID! }`,
      names: `
        type Query { named: [Being!] }
        union Being = Bird | Fish | Keeper
        type Bird @key(fields: "id") { id: ID! name: String! }
        type Fish @key(fields: "id") { id: ID! name: String }
        type Keeper @key(fields: "id") { id: ID! name: String! shift: Int }`,
    },
    data: {
      rootValue: {
        animals: () => [...birds, ...fish],
        beings: () => [birds[0], fish[0], keepers[0]],
        named: () => [fish[1], keepers[1]],
        birds: () => birds,
      },
      entities,
    },
    cases: [
      { source: '{ beings { ... on Bird { birdCode: code } ... on Fish { fishCode: code } } }', asks: { zoo: 1 } },
      {
        source: '{ beings { ... on Bird { code name } ... on Fish { id fish: name } ... on Keeper { name } } }',
        asks: { zoo: 1, names: 1 },
      },
      {
        source: '{ named { ... on Bird { name } ... on Keeper { name shift } ... on Fish { other: name code } } }',
        asks: { names: 1, zoo: 1 },
      },
      { source: '{ birds { code sounds name } }', asks: { zoo: 1, names: 1 } },
    ],
  },
  {
    name: 'unions of which each subgraph knows some members',
    subgraphs: {
      left: `
        type Query { some: [Thing] @shareable one: Thing @shareable left: [Thing!] }
        union Thing = Bird | Fish
        type Bird @key(fields: "id") { id: ID! name: String @shareable }
        type Fish @key(fields: "id") { id: ID! depth: Int }
        type Holder @key(fields: "id") { id: ID! holds: Thing @shareable }`,
      right: `
        type Query { some: [Thing] @shareable one: Thing @shareable holders: [Holder!] right: [Thing!] }
        union Thing = Bird | Rock
        type Bird @key(fields: "id") { id: ID! name: String @shareable wings: Int }
        type Rock @key(fields: "id") { id: ID! weight: Int }
        type Holder @key(fields: "id") { id: ID! holds: Thing @shareable }`,
    },
    data: {
      rootValue: {
        some: () => birds,
        one: () => birds[0],
        left: () => [...birds, ...fish],
        right: () => [...rocks, ...birds],
        holders: () => [{ __typename: 'Holder', id: 'x', holds: birds[0] }],
      },
      entities: { ...entities, Holder: [{ __typename: 'Holder', id: 'x', holds: birds[0] }] },
    },
    cases: [
      {
        source: '{ one { __typename ... on Bird { name } ... on Fish { depth } ... on Rock { weight } } }',
        asks: { left: 1 },
      },
      { source: '{ some { ... on Rock { weight } } }', asks: { left: 1 } },
      {
        source: '{ left { ... on Bird { wings } ... on Fish { depth } ... on Rock { weight } } }',
        asks: { left: 1, right: 1 },
      },
      { source: '{ right { ... on Fish { depth } ... on Rock { weight } } }', asks: { right: 1 } },
      { source: '{ holders { holds { ... on Bird { wings name } ... on Fish { depth } } } }', asks: { right: 1 } },
    ],
  },
  {
    name: 'an interface that several subgraphs have for entities of each',
    subgraphs: {
      keepers: `
        type Query { keeper(id: ID! = "k1"): Keeper node: Node }
        interface Node { id: ID! }
        type Keeper implements Node @key(fields: "id") { id: ID! name: String shift: Int }`,
      notes: `
        type Query { note(id: ID! = "n2"): Note nodes: [Node!] }
        interface Node { id: ID! }
        type Note implements Node @key(fields: "id") { id: ID! text: String writer: Keeper }
        type Keeper implements Node @key(fields: "id") { id: ID! notes: [Note!] }`,
    },
    data: {
      rootValue: {
        keeper: ({ id }: { id: string }) => keepers.find((keeper) => keeper['id'] === id),
        note: ({ id }: { id: string }) => notes.find((note) => note['id'] === id),
        node: () => keepers[0],
        nodes: () => [notes[0], keepers[1]],
      },
      entities,
    },
    cases: [
      { source: '{ keeper { id name notes { id text } } }', asks: { keepers: 1, notes: 1 } },
      { source: '{ note { id text writer { id name } } }', asks: { notes: 1, keepers: 1 } },
      { source: '{ nodes { id ... on Note { text } ... on Keeper { shift } } }', asks: { notes: 1, keepers: 1 } },
      { source: '{ nodes { __typename id } node { id } }', asks: { notes: 1, keepers: 1 } },
      { source: '{ node { ... on Keeper { notes { writer { name } } } } }', asks: { keepers: 2, notes: 1 } },
    ],
  },
]
