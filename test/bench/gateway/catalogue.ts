// A shop over four subgraphs and the operation that the gateways are compared with: reviews of products of reviews, an answer of about 116 kB that
// needs 16 fetches where nothing is shared.
import compositionLibrary from '@apollo/composition'
import { buildSubgraphSchema } from '@apollo/subgraph'
import { parse, type GraphQLSchema } from 'graphql'

const LINK =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@requires", "@external", "@shareable"])'

/** `salt` makes two requests different, and nothing else. */
const SUBGRAPHS = {
  accounts: `${LINK}
    type Query { users(salt: String): [User!]! }
    type User @key(fields: "id") { id: ID! name: String username: String @shareable birthday: Int }`,
  inventory: `${LINK}
    type Product @key(fields: "upc") {
      upc: String! weight: Int @external price: Int @external
      inStock(salt: String): Boolean shippingEstimate: Int @requires(fields: "price weight")
    }`,
  products: `${LINK}
    type Query { topProducts(salt: String): [Product!]! }
    type Product @key(fields: "upc") { upc: String! name(salt: String): String price: Int weight: Int }`,
  reviews: `${LINK}
    type Review @key(fields: "id") { id: ID! body: String author: User product: Product }
    type User @key(fields: "id") { id: ID! username: String @shareable reviews(salt: String): [Review!]! }
    type Product @key(fields: "upc") { upc: String! reviews(salt: String): [Review!]! }`,
} as const

export type BenchedSubgraph = keyof typeof SUBGRAPHS
export const BENCHED_SUBGRAPHS = Object.keys(SUBGRAPHS) as BenchedSubgraph[]

export const OPERATION = `
  fragment Person on User { id username name }
  fragment Opinion on Review { id body }
  fragment Ware on Product { inStock(salt: $salt) name(salt: $salt) price shippingEstimate upc weight }
  query Nested($salt: String) {
    users(salt: $salt) {
      ...Person
      reviews(salt: $salt) {
        ...Opinion
        product {
          ...Ware
          reviews(salt: $salt) { ...Opinion author { ...Person reviews(salt: $salt) { ...Opinion product { ...Ware } } } }
        }
      }
    }
    topProducts(salt: $salt) {
      ...Ware
      reviews(salt: $salt) { ...Opinion author { ...Person reviews(salt: $salt) { ...Opinion product { ...Ware } } } }
    }
  }`

const count = (length: number): number[] => Array.from({ length }, (_, index) => index)
const users = count(6).map((index) => ({
  id: `${index}`,
  name: `Name of user ${index}`,
  username: `user-${index}`,
  birthday: 1980 + index,
}))
const products = count(6).map((index) => ({
  upc: `${index}`,
  name: `Product number ${index}`,
  price: 100 + index,
  weight: 10 * index,
  inStock: index % 2 === 0,
}))
const reviews = count(24).map((index) => ({
  id: `${index}`,
  body: `What there is to say about it, by somebody who has it (${index}).`,
  author: () => users[index % 6],
  product: () => products[(index * 5 + Math.floor(index / 6)) % 6],
}))

/** The schema of a subgraph, with its data. */
export function schemaOf(name: BenchedSubgraph): GraphQLSchema {
  const reviewsOf = (key: 'author' | 'product', of: object) => reviews.filter((review) => review[key]() === of)
  const resolvers = {
    accounts: {
      Query: { users: () => users },
      User: { __resolveReference: ({ id }: { id: string }) => users[Number(id)] },
    },
    inventory: {
      Product: {
        __resolveReference: (reference: { upc: string }) => ({ ...products[Number(reference.upc)], ...reference }),
        shippingEstimate: ({ price, weight }: { price: number; weight: number }) => price + weight,
      },
    },
    products: {
      Query: { topProducts: () => products },
      Product: { __resolveReference: ({ upc }: { upc: string }) => products[Number(upc)] },
    },
    reviews: {
      Review: { __resolveReference: ({ id }: { id: string }) => reviews[Number(id)] },
      User: {
        __resolveReference: ({ id }: { id: string }) => users[Number(id)],
        reviews: (user: object) => reviewsOf('author', user),
      },
      Product: {
        __resolveReference: ({ upc }: { upc: string }) => products[Number(upc)],
        reviews: (product: object) => reviewsOf('product', product),
      },
    },
  }[name]
  return buildSubgraphSchema({ typeDefs: parse(SUBGRAPHS[name]), resolvers })
}

export function composeCatalogue(urlOf: (name: BenchedSubgraph) => string): string {
  const { supergraphSdl, errors } = compositionLibrary.composeServices(
    BENCHED_SUBGRAPHS.map((name) => ({ name, url: urlOf(name), typeDefs: parse(SUBGRAPHS[name]) })),
  )
  if (!supergraphSdl) throw new Error((errors ?? []).map(String).join('\n'))
  return supergraphSdl
}
