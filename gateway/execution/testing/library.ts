// A library over five subgraphs: an interface that is an entity, interface objects that add fields to all its types, one of them requiring a field
// of the interface, unions of which subgraphs know different members, @provides into a union, fields that are moving between subgraphs, root fields
// in two subgraphs with inputs of which each knows a part, and what clients may not see.
import { fail, openSupergraph, read, type OpenedSupergraph, type Thing } from './open-supergraph.ts'

export const LIBRARY_SUBGRAPHS: Record<string, string> = {
  catalog: `
    type Query { media(first: Int = 3): [Media]! work(id: ID!): Media anything(shelf: Shelf! = NEW): [Anything!] }
    interface Media @key(fields: "id") { id: ID! title: String! shelf: Shelf }
    interface Printed { pages: Int author: Person }
    type Novel implements Media & Printed @key(fields: "id") {
      id: ID! title: String! @shareable shelf: Shelf pages: Int @tag(name: "print") author: Person genre: String! price: Int @inaccessible
    }
    type Atlas implements Media & Printed @key(fields: "id") { id: ID! title: String! shelf: Shelf pages: Int author: Person scale: Float }
    type Record implements Media @key(fields: "id") { id: ID! title: String! @shareable shelf: Shelf tracks: [[String!]]! }
    enum Shelf { NEW USED CELLAR @inaccessible }
    union Anything = Novel | Record | Person
    type Person @key(fields: "id") { id: ID! name: String @override(from: "people", label: "percent(30)") }`,
  ratings: `
    type Query { bestRated(first: Int = 2): [Media!]! }
    type Media @interfaceObject @key(fields: "id") {
      id: ID! title: String! @external rating(scale: Int! = 10): Float! opinions(first: Int = 2): [Opinion!]!
      spine: String @requires(fields: "title")
    }
    type Opinion { text: String about: Media! by: Person! }
    type Person @key(fields: "id", resolvable: false) { id: ID! }`,
  people: `
    type Query { people(sort: Sort): [Person!]! @shareable }
    type Person @key(fields: "id") { id: ID! name: String born: Int works(first: Int = 2): [Novel]! address: Address @shareable }
    type Novel @key(fields: "id", resolvable: false) { id: ID! }
    type Address @shareable { street: String city: String }
    input Sort { by: By = NAME isDescending: Boolean = false limit: Int }
    enum By { NAME BORN HEIGHT }`,
  desk: `
    type Query { people(sort: Sort): [Person!]! @shareable }
    type Person @key(fields: "id") {
      id: ID! born: Int @override(from: "people", label: "births") loans: [Loan!] address: Address @shareable
    }
    type Address @shareable { street: String city: String }
    input Sort { by: By = NAME isDescending: Boolean = false }
    enum By { NAME BORN }
    type Loan @key(fields: "id") { id: ID! days: Int }`,
  loans: `
    type Query { loans: [Loan!]! lost: Anything }
    type Loan @key(fields: "id") {
      id: ID! item: Anything @provides(fields: "... on Novel { title } ... on Record { title }") borrower: Person
    }
    union Anything = Novel | Record
    type Novel @key(fields: "id") { id: ID! title: String! @external }
    type Record @key(fields: "id") { id: ID! title: String! @external }
    type Person @key(fields: "id", resolvable: false) { id: ID! }`,
}

const [novels, atlases, recordings] = [
  ['n1', 'n2', 'n3'].map((id, index) => ({
    ...medium('Novel', id, index),
    pages: index === 1 ? null : 100 + index,
    author: () => (index === 2 ? null : people[index]),
    genre: index === 2 ? () => fail('Which genre?') : 'crime',
  })),
  ['t1'].map((id) => ({ ...medium('Atlas', id, 0), pages: 40, author: () => people[2], scale: 0.5 })),
  ['c1', 'c2'].map((id, index) => ({ ...medium('Record', id, index), tracks: index ? [] : [['one', 'two'], null] })),
]
const media: Thing[] = [novels[0]!, recordings[0]!, atlases[0]!, novels[1]!, novels[2]!, recordings[1]!]

function medium(typeName: string, id: string, index: number): Thing {
  return {
    __typename: typeName,
    kinds: ['Media'],
    id,
    title: `Title of ${id}`,
    shelf: index === 1 ? null : index === 0 ? 'NEW' : 'USED',
    rating: ({ scale }: { scale: number }) => (scale * (index + 4)) / 10,
    opinions: ({ first }: { first: number | null }) =>
      ['well', null, 'so'].slice(0, first ?? 1).map((text, at) => ({
        __typename: 'Opinion',
        text,
        about: () => media.find((each) => each['id'] === id),
        by: () => people[(index + at) % people.length],
      })),
    spine(this: Thing) {
      return `| ${String(read(this, 'title'))} |`
    },
  }
}

const people: Thing[] = ['p1', 'p2', 'p3'].map((id, index) => ({
  __typename: 'Person',
  id,
  name: index === 1 ? null : `Person ${id}`,
  born: 1950 + index,
  works: ({ first }: { first: number | null }) => [...novels.slice(0, first ?? 0), null],
  address: index === 2 ? null : { street: `Street ${index}`, city: 'Oslo' },
  loans: () => (index === 1 ? null : loans.slice(index, index + 2)),
}))
const loans: Thing[] = ['l1', 'l2', 'l3'].map((id, index) => ({
  __typename: 'Loan',
  id,
  days: index * 7,
  item: () => [novels[0], recordings[0], null][index],
  borrower: () => people[index],
}))

const rootValue: Thing = {
  media: ({ first }: { first: number | null }) => [...media.slice(0, first ?? 1), null],
  work: ({ id }: { id: string }) => media.find((each) => each['id'] === id) ?? null,
  anything: ({ shelf }: { shelf: string }) =>
    shelf === 'NEW' ? [novels[1], people[0], recordings[0], novels[0]] : [recordings[1], people[1]],
  bestRated: ({ first }: { first: number | null }) => media.slice(0, first ?? 1),
  people: ({ sort }: { sort?: { isDescending?: boolean } | null }) =>
    sort?.isDescending ? people.toReversed() : people,
  loans: () => loans,
  lost: () => novels[1],
}

export const openLibrary = (): Promise<OpenedSupergraph> =>
  openSupergraph({
    subgraphs: LIBRARY_SUBGRAPHS,
    data: {
      rootValue,
      entities: { Novel: novels, Atlas: atlases, Record: recordings, Person: people, Loan: loans },
    },
  })

export const LIBRARY_VALUES = { id: ['n1', 'n2', 'n3', 't1', 'c1', 'x9'] }
