// @requires: over interfaces and with fragments, of what is itself required, in circles between types, and beside fields that require nothing.
import { read, type Thing } from '../testing/open-supergraph.ts'
import type { AuditedSupergraph } from './audited-supergraph.fixture.ts'

const drivers: Thing[] = [
  {
    __typename: 'Pilot',
    id: 'd1',
    licence: 'L1',
    hours: 900,
    home: () => hangars[0],
    medals: 2,
    grade(this: Thing) {
      return `grade for ${String(read(this, 'licence'))}`
    },
  },
  { __typename: 'Cadet', id: 'd2', school: 'Bardufoss', home: () => hangars[1] },
]
const licensed: Thing[] = [drivers[0]!, { __typename: 'Cadet', id: 'd2', licence: 'L2', marks: 5 }]
const hangars: Thing[] = [
  { __typename: 'Steel', id: 'h1', doors: 3 },
  { __typename: 'Tent', id: 'h2', poles: 8 },
]
const text = (value: unknown): string => JSON.stringify(value)
/** Only what a subgraph may know, in the order of its names. */
const known = (thing: unknown, names: readonly string[]): Thing =>
  Object.fromEntries(
    names.flatMap((name) => {
      const value = read((thing ?? {}) as Thing, name)
      return value === undefined || value === null ? [] : [[name, value]]
    }),
  )
const planes: Thing[] = ['p1', 'p2', 'p3'].map((id, index) => ({
  __typename: 'Plane',
  id,
  driver: () => (index === 2 ? null : drivers[index]),
  hangar: () => (index === 2 ? null : hangars[index]),
  seats: 2 + index,
  load(this: Thing) {
    return Number(read(this, 'seats')) * 100
  },
  fuel(this: Thing) {
    return Number(read(this, 'load')) / 10
  },
  price(this: Thing) {
    return Number(read(this, 'fuel')) * 3 + Number(read(this, 'seats'))
  },
  crewSheet(this: Thing) {
    return text(known(read(this, 'driver'), ['id', 'licence', 'school']))
  },
  parking(this: Thing) {
    return text(known(read(this, 'hangar'), ['doors', 'poles']))
  },
  colour: `colour ${index}`,
}))

const HANGARS = `
  interface Hangar { id: ID! }
  type Steel implements Hangar @key(fields: "id") { id: ID! doors: Int }
  type Tent implements Hangar @key(fields: "id") { id: ID! poles: Int }`

const letters: Thing[] = ['w1', 'w2'].map((id, index) => ({
  __typename: 'Writer',
  id,
  address: index === 1 ? null : 'Gate 1',
  pen: `pen ${index}`,
  age: 30 + index,
  letter(this: Thing) {
    return `To ${String(read(this, 'address'))}`
  },
  signature(this: Thing) {
    return `Signed with ${String(read(this, 'pen'))}`
  },
}))
const papers: Thing[] = [
  { __typename: 'Essay', id: 's1', by: () => letters[0] },
  { __typename: 'Poem', id: 's2', by: () => letters[1] },
]

export const REQUIREMENTS: readonly AuditedSupergraph[] = [
  {
    name: 'what requires what requires',
    subgraphs: {
      one: `
        type Query { planes: [Plane!] }
        type Plane @key(fields: "id") {
          id: ID! seats: Int fuel: Int @external price: Int @requires(fields: "fuel") colour: String
        }`,
      two: 'type Plane @key(fields: "id") { id: ID! seats: Int @external load: Int @requires(fields: "seats") }',
      three: 'type Plane @key(fields: "id") { id: ID! load: Int @external fuel: Int @requires(fields: "load") }',
    },
    data: {
      rootValue: { planes: () => planes },
      entities: { Plane: planes },
    },
    cases: [
      { source: '{ planes { load } }', asks: { one: 1, two: 1 } },
      { source: '{ planes { fuel } }', asks: { one: 1, two: 1, three: 1 } },
      { source: '{ planes { price } }', asks: { one: 2, two: 1, three: 1 } },
      { source: '{ planes { price fuel load seats colour } }', asks: { one: 2, two: 1, three: 1 } },
      { source: '{ planes { colour seats } }', asks: { one: 1 }, neverAsked: ['id', 'fuel', 'load'] },
    ],
  },
  {
    name: 'requirements over interfaces, with fragments',
    subgraphs: {
      tower: `${HANGARS}
        type Query { planes: [Plane!] }
        type Plane @key(fields: "id") { id: ID! driver: Driver hangar: Hangar }
        interface Driver { id: ID! }
        type Pilot implements Driver @key(fields: "id") { id: ID! licence: String hours: Int home: Hangar }
        type Cadet implements Driver @key(fields: "id") { id: ID! school: String home: Hangar }`,
      ground: `
        type Plane @key(fields: "id") {
          id: ID! driver: Driver @external hangar: Hangar @external colour: String
          crewSheet: String @requires(fields: "driver { id ... on Pilot { licence } ... on Cadet { school } }")
          parking: String @requires(fields: "hangar { ... on Steel { doors } ... on Tent { poles } }")
        }
        interface Driver { id: ID! }
        type Pilot implements Driver @key(fields: "id", resolvable: false) { id: ID! licence: String @external }
        type Cadet implements Driver @key(fields: "id", resolvable: false) { id: ID! school: String @external }
        interface Hangar { id: ID! }
        type Steel implements Hangar @key(fields: "id", resolvable: false) { id: ID! doors: Int @external }
        type Tent implements Hangar @key(fields: "id", resolvable: false) { id: ID! poles: Int @external }`,
    },
    data: {
      rootValue: { planes: () => planes },
      entities: {
        Plane: planes,
        Pilot: [drivers[0]!],
        Cadet: [drivers[1]!],
        Steel: [hangars[0]!],
        Tent: [hangars[1]!],
      },
    },
    cases: [
      { source: '{ planes { crewSheet } }', asks: { tower: 1, ground: 1 }, neverAsked: ['hours', 'hangar'] },
      { source: '{ planes { parking colour } }', asks: { tower: 1, ground: 1 }, neverAsked: ['driver'] },
      {
        source: '{ planes { crewSheet parking driver { __typename ... on Pilot { hours licence } } } }',
        asks: { tower: 1, ground: 1 },
      },
      {
        source: '{ planes { driver { ... on Pilot { licence: hours } } crewSheet } }',
        asks: { tower: 1, ground: 1 },
      },
      {
        source: '{ planes { driver { id ... on Cadet { home { id ... on Tent { poles } } } } parking } }',
        asks: { tower: 1, ground: 1 },
      },
    ],
  },
  {
    name: 'requirements of only some types',
    subgraphs: {
      papers: `
        type Query { papers: [Paper!] writers: [Writer!] }
        interface Paper { id: ID! by: Writer }
        type Essay implements Paper { id: ID! by: Writer }
        type Poem implements Paper { id: ID! by: Writer }
        type Writer @key(fields: "id") { id: ID! address: String pen: String }`,
      post: `
        type Writer @key(fields: "id") {
          id: ID! age: Int address: String @external pen: String @external
          letter: String @requires(fields: "address") signature: String @requires(fields: "pen")
        }`,
    },
    data: {
      rootValue: { papers: () => papers, writers: () => letters },
      entities: { Writer: letters },
    },
    cases: [
      { source: '{ papers { by { age } ... on Essay { by { letter } } } }', asks: { papers: 1, post: 2 } },
      {
        source: '{ papers { ... on Essay { by { letter } } ... on Poem { by { signature } } } }',
        asks: { papers: 1, post: 2 },
      },
      {
        source: '{ papers { ... on Essay { by { age letter } } ... on Poem { by { age letter signature } } } }',
        asks: { papers: 1, post: 3 },
      },
      { source: '{ papers { by { age letter signature } } writers { letter } }', asks: { papers: 1, post: 1 } },
      {
        source: 'query ($no: Boolean!) { papers { by { age letter @include(if: $no) signature } } }',
        variables: { no: false },
        asks: { papers: 1, post: 1 },
      },
    ],
  },
  {
    name: 'a key of one type that another type requires',
    subgraphs: {
      tower: `
        type Query { drivers: [Driver!] }
        interface Driver { id: ID! }
        type Pilot implements Driver @key(fields: "id") { id: ID! licence: String }
        type Cadet implements Driver @key(fields: "id") @key(fields: "licence") { id: ID! licence: String }`,
      exams: `
        type Pilot @key(fields: "id") {
          id: ID! licence: String @external grade: String @requires(fields: "licence") medals: Int
        }
        type Cadet @key(fields: "licence") { licence: String marks: Int }`,
    },
    data: {
      rootValue: { drivers: () => licensed },
      entities: { Pilot: [licensed[0]!], Cadet: [licensed[1]!] },
    },
    cases: [true, false].map((yes) => ({
      source:
        'query ($yes: Boolean!) { drivers { ... on Pilot { grade @include(if: $yes) medals } ... on Cadet { marks } } }',
      variables: { yes },
      asks: { tower: 1, exams: 1 },
    })),
  },
]
