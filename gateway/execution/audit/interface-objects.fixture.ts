// Interfaces that a subgraph has as an object. It knows of no types, so whoever knows them is asked, and only when the client wants to know; and it is
// itself asked for nothing that the client did not want.
import { read, type Thing } from '../testing/open-supergraph.ts'
import type { AuditedSupergraph } from './audited-supergraph.fixture.ts'

const shapes: Thing[] = ['t1', 't2', 't3'].map((id, index) => ({
  __typename: ['Tower', 'Bridge', 'Tower'][index],
  kinds: ['Site', 'Listed'],
  id,
  name: `Site ${id}`,
  height: index === 1 ? null : 30 + index,
  span: index === 1 ? 200 : null,
  visits: 100 * index,
  near: () => shapes[(index + 1) % 3],
  label(this: Thing) {
    return `${String(read(this, 'name'))}!`
  },
  plaque(this: Thing) {
    return `visited ${String(read(this, 'visits'))} times`
  },
  tickets: index === 2 ? null : [{ price: 5 }, { price: 7 }],
}))
const data = {
  rootValue: { sites: () => shapes, site: () => shapes[1], mostVisited: () => shapes[2], towers: () => [shapes[0]] },
  entities: {
    Tower: shapes.filter((shape) => shape['__typename'] === 'Tower'),
    Bridge: shapes.filter((shape) => shape['__typename'] === 'Bridge'),
  },
}

export const INTERFACE_OBJECTS: readonly AuditedSupergraph[] = [
  {
    name: 'an interface as an object, with requirements both ways',
    subgraphs: {
      sites: `
        type Query { sites: [Site!] site: Site towers: [Tower!] }
        interface Site @key(fields: "id") { id: ID! name: String }
        type Tower implements Site @key(fields: "id") {
          id: ID! name: String height: Int visits: Int @external plaque: String @requires(fields: "visits")
        }
        type Bridge implements Site @key(fields: "id") { id: ID! name: String span: Int }`,
      visits: `
        type Query { mostVisited: Site }
        type Site @interfaceObject @key(fields: "id") {
          id: ID! name: String @external visits: Int near: Site tickets: [Ticket!] label: String @requires(fields: "name")
        }
        type Ticket { price: Int }`,
    },
    data,
    cases: [
      { source: '{ sites { id name } }', asks: { sites: 1 } },
      { source: '{ sites { __typename ... on Tower { height } } }', asks: { sites: 1 } },
      { source: '{ sites { id visits } }', asks: { sites: 1, visits: 1 }, neverAsked: ['near', 'label', 'tickets'] },
      { source: '{ sites { ... on Tower { visits } } }', asks: { sites: 1, visits: 1 } },
      { source: '{ sites { ... on Bridge { span } ... on Tower { name } } }', asks: { sites: 1 } },
      { source: '{ mostVisited { id visits } }', asks: { visits: 1 } },
      { source: '{ mostVisited { id near { id tickets { price } } } }', asks: { visits: 1 } },
      { source: '{ mostVisited { __typename visits } }', asks: { visits: 1, sites: 1 } },
      { source: '{ mostVisited { visits ... on Tower { height } } }', asks: { visits: 1, sites: 1 } },
      { source: '{ mostVisited { name } }', asks: { visits: 1, sites: 1 }, neverAsked: ['visits', 'height'] },
      { source: '{ mostVisited { label } }', asks: { visits: 2, sites: 1 }, neverAsked: ['visits'] },
      { source: '{ sites { label } }', asks: { sites: 1, visits: 1 }, neverAsked: ['visits'] },
      { source: '{ towers { plaque } }', asks: { sites: 2, visits: 1 } },
      { source: '{ sites { ... on Tower { plaque } name } }', asks: { sites: 2, visits: 1 }, neverAsked: ['label'] },
      { source: '{ mostVisited { ... on Tower { plaque } } }', asks: { visits: 2, sites: 2 } },
      { source: '{ site { visits ... on Tower { label } } }', asks: { sites: 1, visits: 1 } },
    ],
  },
  {
    name: 'an interface as an object that cannot be asked',
    subgraphs: {
      sites: `
        type Query { sites: [Site!] }
        interface Site @key(fields: "id") { id: ID! name: String }
        type Tower implements Site @key(fields: "id") { id: ID! name: String height: Int }
        type Bridge implements Site @key(fields: "id") { id: ID! name: String span: Int }`,
      references: `
        type Query { mostVisited: Site }
        type Site @interfaceObject @key(fields: "id", resolvable: false) { id: ID! }`,
    },
    data,
    cases: [
      { source: '{ mostVisited { id } }', asks: { references: 1 } },
      { source: '{ mostVisited { id name } }', asks: { references: 1, sites: 1 } },
      { source: '{ mostVisited { __typename } }', asks: { references: 1, sites: 1 } },
      {
        source: '{ mostVisited { ... on Tower { height } ... on Bridge { span } } }',
        asks: { references: 1, sites: 1 },
      },
      { source: '{ sites { name } }', asks: { sites: 1 } },
    ],
  },
  {
    name: 'an interface as an object beside other interfaces of its types',
    subgraphs: {
      sites: `
        type Query { sites: [Site!] site: Site listed: [Listed!] }
        interface Site @key(fields: "id") { id: ID! name: String }
        interface Listed { id: ID! name: String }
        type Tower implements Site & Listed @key(fields: "id") { id: ID! name: String height: Int }
        type Bridge implements Site @key(fields: "id") { id: ID! name: String span: Int }`,
      visits: `
        type Query { mostVisited: Site }
        type Site @interfaceObject @key(fields: "id") { id: ID! visits: Int }`,
      tickets:
        'type Site @interfaceObject @key(fields: "id") { id: ID! tickets: [Ticket!] } type Ticket { price: Int }',
    },
    data: {
      ...data,
      rootValue: { ...data.rootValue, listed: () => shapes.filter((shape) => shape['__typename'] === 'Tower') },
    },
    cases: [
      { source: '{ sites { visits tickets { price } } }', asks: { sites: 1, visits: 1, tickets: 1 } },
      { source: '{ mostVisited { tickets { price } visits } }', asks: { visits: 1, tickets: 1 } },
      { source: '{ mostVisited { ... on Listed { name } } }', asks: { visits: 1, sites: 1 } },
      { source: '{ listed { name ... on Tower { visits } } }', asks: { sites: 1, visits: 1 } },
      { source: '{ listed { ... on Site { visits } } }', asks: { sites: 1, visits: 1 } },
      {
        source: '{ sites { ... on Bridge { visits } ... on Tower { tickets { price } } } }',
        asks: { sites: 1, visits: 1, tickets: 1 },
      },
    ],
  },
]
