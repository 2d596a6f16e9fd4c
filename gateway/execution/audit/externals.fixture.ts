// Fields that belong to another subgraph: in the manner of Federation 1, where keys of extended types are external and others may be without any use, and
// in that of Federation 2; and fields that moved away.
import { read, type Thing } from '../testing/open-supergraph.ts'
import type { AuditedSupergraph } from './audited-supergraph.fixture.ts'

const berths: Thing[] = ['A', 'B'].map((code, index) => ({
  __typename: 'Berth',
  code,
  city: index === 1 ? null : 'Bodø',
  depth: 7 + index,
}))
const ferries: Thing[] = ['f1', 'f2'].map((id, index) => ({
  __typename: 'Ferry',
  id,
  name: `Ferry ${id}`,
  berth: () => berths[index],
  crew: 12 + index,
  sign(this: Thing) {
    return `< ${String(read(this, 'name'))} >`
  },
  badge(this: Thing) {
    return `badge with ${String(read(this, 'sign'))}`
  },
}))
const data = {
  rootValue: { ferries: () => ferries, berths: () => berths },
  entities: { Ferry: ferries, Berth: berths },
}

const HARBOURS = `
  type Query { berths: [Berth!] }
  type Berth @key(fields: "code") { code: String! city: String depth: Int }`
const cases: AuditedSupergraph['cases'] = [
  { source: '{ ferries { name berth { code city } } }', asks: { ferries: 1 } },
  { source: '{ ferries { berth { city depth } } }', asks: { ferries: 1, harbours: 1 } },
  { source: '{ berths { city depth } }', asks: { harbours: 1 } },
  { source: '{ ferries { sign } }', asks: { ferries: 1, harbours: 1 } },
  { source: '{ ferries { crew } }', asks: { ferries: 1, harbours: 1 }, neverAsked: ['name'] },
  ...[true, false].map((yes) => ({
    source: 'query ($yes: Boolean!) { ferries { crew sign @include(if: $yes) } }',
    variables: { yes },
    asks: { ferries: 1, harbours: 1 },
  })),
]

export const EXTERNALS: readonly AuditedSupergraph[] = [
  {
    name: 'Federation 1, with "extend type"',
    federation1: ['ferries', 'harbours'],
    subgraphs: {
      ferries: `
        type Query { ferries: [Ferry!] }
        type Ferry @key(fields: "id") { id: ID! name: String berth: Berth @provides(fields: "city") }
        extend type Berth @key(fields: "code") { code: String! @external city: String @external }`,
      harbours: `${HARBOURS}
        extend type Ferry @key(fields: "id") {
          id: ID! @external crew: Int name: String @external
          sign: String @requires(fields: "name")
        }`,
    },
    data,
    cases,
  },
  {
    name: 'Federation 1, with @extends, beside Federation 2',
    federation1: ['ferries'],
    subgraphs: {
      ferries: `
        type Query { ferries: [Ferry!] }
        type Ferry @key(fields: "id") { id: ID! name: String berth: Berth @provides(fields: "city") }
        type Berth @extends @key(fields: "code") { code: String! @external city: String @external }`,
      harbours: `
        type Query { berths: [Berth!] }
        type Berth @key(fields: "code") { code: String! city: String @shareable depth: Int }
        extend type Ferry @key(fields: "id") {
          id: ID! @external crew: Int name: String @external sign: String @requires(fields: "name")
        }`,
    },
    data,
    cases,
  },
  {
    name: 'an external field without any use',
    federation1: ['ferries', 'harbours'],
    subgraphs: {
      ferries: `
        type Query { ferries: [Ferry!] }
        type Ferry @key(fields: "id") { id: ID! name: String berth: Berth }
        extend type Berth @key(fields: "code") { code: String! @external city: String @external }`,
      harbours: `${HARBOURS}
        extend type Ferry @key(fields: "id") { id: ID! @external name: String @external crew: Int }`,
    },
    data,
    cases: [
      { source: '{ ferries { name crew } }', asks: { ferries: 1, harbours: 1 } },
      { source: '{ ferries { berth { city } } }', asks: { ferries: 1, harbours: 1 } },
      { source: '{ ferries { berth { code } } }', asks: { ferries: 1 } },
    ],
  },
  {
    name: 'fields that moved, and require',
    subgraphs: {
      old: `
        type Query { ferries: [Ferry!] }
        type Ferry @key(fields: "id") { id: ID! name: String sign: String crew: Int }`,
      new: `
        type Ferry @key(fields: "id") {
          id: ID! name: String @external sign: String @override(from: "old") @requires(fields: "name")
        }`,
      newest: `
        type Query { berths: [Berth!] }
        type Berth @key(fields: "code") { code: String! depth: Int }
        type Ferry @key(fields: "id") {
          id: ID! sign: String @external badge: String @requires(fields: "sign") crew: Int @override(from: "old") berth: Berth
        }`,
    },
    data,
    cases: [
      { source: '{ ferries { name crew } }', asks: { old: 1, newest: 1 } },
      { source: '{ ferries { sign } }', asks: { old: 1, new: 1 } },
      { source: '{ ferries { badge } }', asks: { old: 1, new: 1, newest: 1 } },
      { source: '{ ferries { badge berth { depth } } }', asks: { old: 1, new: 1, newest: 2 } },
      { source: '{ ferries { name } }', asks: { old: 1 } },
    ],
  },
  {
    name: 'fields that moved from where nobody is',
    subgraphs: {
      ferries: `
        type Query { ferries: [Ferry!] }
        type Ferry @key(fields: "id") { id: ID! name: String @override(from: "closed") }`,
      harbours: `
        type Berth @key(fields: "code") { code: String! city: String @override(from: "closed") }
        type Ferry @key(fields: "id") { id: ID! berth: Berth crew: Int @override(from: "closed") }`,
    },
    data,
    cases: [
      { source: '{ ferries { name } }', asks: { ferries: 1 } },
      { source: '{ ferries { name crew berth { city } } }', asks: { ferries: 1, harbours: 1 } },
    ],
  },
]
