// A shop over four subgraphs that together use what federation has for entities: simple, several, nested and compound keys, @requires, @provides,
// @external, shareable types, interfaces and unions over entities, fields of one type in several subgraphs, nulls and errors in places where they
// travel upwards. The same objects answer for each subgraph and for the monolith that has everything.
import { fail, openSupergraph, type OpenedSupergraph, type Thing } from './open-supergraph.ts'

export const SHOP_SUBGRAPHS: Record<string, string> = {
  accounts: `
    type Query { me: User! users(first: Int = 2): [User!]! user(id: ID!): User account(kind: Kind! = PERSONAL): Account }
    type User @key(fields: "id") {
      id: ID! name: String! @shareable nickname: String role: Role! friends(first: Int = 1): [User!]! account: Account
      tags: [[String!]] since: Date phone: String @inaccessible
    }
    enum Role { ADMIN MEMBER GUEST }
    enum Kind { PERSONAL BUSINESS }
    union Account = Personal | Business
    type Personal { owner: User! limit: Int }
    type Business { company: String! owners: [User]! }
    scalar Date`,
  products: `
    type Query { items(first: Int = 3): [Item]! topItem: Item search(text: String): [Hit!] book(isbn: String!): Book }
    interface Item { id: ID! title: String price: Float }
    type Book implements Item @key(fields: "id") @key(fields: "isbn") {
      id: ID! isbn: String! title: String price: Float weight: Int author: User pages: Int! size: Size
    }
    type Film implements Item @key(fields: "id") { id: ID! title: String price: Float minutes: Int! size: Size }
    type Size @shareable { width: Int height: Int }
    union Hit = Book | Film | User
    type User @key(fields: "id", resolvable: false) { id: ID! }
    type Store @key(fields: "region { code } number") { region: Region! number: Int! stock(first: Int = 2): [Item!]! }
    type Region @shareable { code: String! }`,
  reviews: `
    type Query { reviews(first: Int = 2): [Review!]! latest: Review }
    type Mutation { addReview(input: ReviewInput!): Review! countUp(by: Int = 1): Int! }
    input ReviewInput { body: String! stars: Int = 3 }
    enum Order { NEW OLD }
    type Review @key(fields: "id") { id: ID! body: String stars: Int! author: User! @provides(fields: "name") about: Item }
    interface Item { id: ID! }
    type User @key(fields: "id") {
      id: ID! name: String! @external reviews(first: Int = 2, order: Order = NEW): [Review!]
    }
    type Book implements Item @key(fields: "id") { id: ID! reviews: [Review!]! averageStars: Float pages: Int! @override(from: "products") }
    type Film implements Item @key(fields: "id") { id: ID! reviews: [Review]! }`,
  shipping: `
    type Query { store(number: Int = 1): Store }
    type Book @key(fields: "isbn") {
      isbn: String! weight: Int @external price: Float @external size: Size @external
      shippingCost(express: Boolean = false): Float @requires(fields: "weight price size { width }")
    }
    type Store @key(fields: "region { code } number") { region: Region! number: Int! name: String city: String }
    type Region @shareable { code: String! }
    type Size @shareable { width: Int height: Int }
    type User @key(fields: "id") { id: ID! store: Store }`,
}

const take =
  (things: () => readonly unknown[]) =>
  ({ first }: { first: number }) =>
    things().slice(0, first)

const users: Thing[] = ['u1', 'u2', 'u3', 'u4'].map((id, index) => ({
  __typename: 'User',
  id,
  name: `User ${id}`,
  nickname: index === 2 ? () => fail('This nickname is secret.') : index === 1 ? null : `nick-${id}`,
  role: ['ADMIN', 'MEMBER', 'GUEST', 'MEMBER'][index],
  friends: take(() => users.filter((user) => user['id'] !== id)),
  account: () => accounts[index % 2],
  tags: index === 3 ? null : [['a', 'b'], null, ['c']],
  since: { year: 2000 + index },
  reviews: ({ first, order }: { first: number; order: string }) =>
    index === 1 ? null : (order === 'NEW' ? reviews : reviews.toReversed()).slice(0, first),
  store: () => (index === 3 ? null : stores[index % 2]),
}))
const accounts: Thing[] = [
  { __typename: 'Personal', owner: () => users[0], limit: 5 },
  { __typename: 'Business', company: 'Brekke', owners: () => [users[1], null, users[2]] },
]
const costOf = ({ weight, price, size }: Thing, isExpress: boolean) =>
  weight === null || price === null
    ? null
    : Number(weight) * 2 + Number(price) + Number((size as Thing | null)?.['width'] ?? 0) + (isExpress ? 10 : 0)
const books: Thing[] = ['b1', 'b2', 'b3'].map((id, index) => ({
  __typename: 'Book',
  id,
  isbn: `isbn-${index}`,
  title: index === 1 ? null : `Book ${id}`,
  price: index === 2 ? null : 9.5 + index,
  weight: 100 * (index + 1),
  author: () => (index === 2 ? null : users[index]),
  pages: index === 2 ? () => fail('Nobody has counted.') : 300 + index,
  size: index === 1 ? null : { width: 10 + index, height: 20 },
  reviews: () => reviews.filter((_, at) => at % 3 === index),
  averageStars: 3.5,
  shippingCost(this: Thing, { express }: { express: boolean }) {
    return costOf(this, express)
  },
}))
const films: Thing[] = ['f1', 'f2'].map((id, index) => ({
  __typename: 'Film',
  id,
  title: `Film ${id}`,
  price: 5,
  minutes: index === 1 ? null : 90,
  size: { width: 1, height: 2 },
  reviews: () => [reviews[0], null, reviews[1]],
}))
const items = [books[0]!, films[0]!, books[1]!, films[1]!, books[2]!]
const reviews: Thing[] = ['r1', 'r2', 'r3', 'r4', 'r5'].map((id, index) => ({
  __typename: 'Review',
  id,
  body: index === 3 ? null : `Review ${id}`,
  stars: (index % 5) + 1,
  author: () => users[index % 4],
  about: () => (index === 4 ? null : items[index]),
}))
const stores: Thing[] = [1, 2].map((number) => ({
  __typename: 'Store',
  region: { code: `region-${number}` },
  number,
  name: `Store ${number}`,
  city: number === 2 ? null : 'Bergen',
  stock: take(() => (number === 1 ? items : items.toReversed())),
}))

const rootValue: Thing = {
  me: () => users[0],
  users: take(() => users),
  user: ({ id }: { id: string }) => users.find((user) => user['id'] === id) ?? null,
  account: ({ kind }: { kind: string }) => accounts[kind === 'PERSONAL' ? 0 : 1],
  items: ({ first }: { first: number }) => [...items.slice(0, first), null],
  topItem: () => items[0],
  search: ({ text }: { text?: string | null }) => (text === null ? null : [books[1], users[1], films[0], users[2]]),
  book: ({ isbn }: { isbn: string }) => books.find((book) => book['isbn'] === isbn) ?? null,
  reviews: take(() => reviews),
  latest: () => reviews[3],
  store: ({ number }: { number: number }) => stores.find((store) => store['number'] === number) ?? null,
  addReview: ({ input }: { input: { body: string; stars: number } }) => ({
    __typename: 'Review',
    id: 'r1',
    body: input.body,
    stars: input.stars,
    author: () => users[1],
    about: () => books[0],
  }),
  countUp: ({ by }: { by: number }) => by + 1,
}

export const openShop = (): Promise<OpenedSupergraph> =>
  openSupergraph({
    subgraphs: SHOP_SUBGRAPHS,
    data: {
      rootValue,
      entities: { User: users, Book: books, Film: films, Review: reviews, Store: stores },
    },
  })

/** What arguments of the shop are worth asking for. */
export const SHOP_VALUES = { isbn: ['isbn-0', 'isbn-1', 'isbn-2', 'isbn-9'], id: ['u1', 'u2', 'u3', 'u4', 'u9'] }
