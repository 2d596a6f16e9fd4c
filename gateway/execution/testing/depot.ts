// A depot over six subgraphs: entities that one subgraph knows by keys that another has to be asked for, compound keys made of other entities' keys, keys
// that are null, requirements with arguments, of required fields, nested, in circles between two subgraphs, and parts of values known by two subgraphs.
import { openSupergraph, read, type OpenedSupergraph, type Thing } from './open-supergraph.ts'

export const DEPOT_SUBGRAPHS: Record<string, string> = {
  orders: `
    type Query { orders(first: Int = 2): [Order!]! order(id: ID!): Order }
    type Order @key(fields: "id") {
      id: ID! lines(limit: Int! = 2): [Line!]! total(currency: Currency! = USD): Int note(language: String): String
      buyer: Buyer parcels: [Parcel!]
    }
    type Line @shareable { count: Int! part: Part! }
    type Part @key(fields: "id") { id: ID! }
    enum Currency { USD EUR }
    type Buyer @shareable { name: String address: Address }
    type Address @shareable { zip: String }
    type Parcel @key(fields: "id") { id: ID! }`,
  duties: `
    type Order @key(fields: "id") {
      id: ID! total(currency: Currency! = USD): Int @external lines(limit: Int! = 2): [Line!]! @external note(language: String): String @external
      buyer: Buyer @external
      dutyUsd: Int @requires(fields: "total(currency: USD)")
      dutyEur: Int @requires(fields: "total(currency: EUR)")
      usual: Int @requires(fields: "total")
      counts(from: Int = 0): [Int!] @requires(fields: "lines(limit: 3) { count }")
      label: String @requires(fields: "note(language: \\"no\\") buyer { name address { zip } }")
      fee: Int @requires(fields: "risk")
      risk: Int @external
      stamp: String
    }
    type Line @shareable { count: Int! }
    enum Currency { USD EUR }
    type Buyer @shareable { name: String address: Address }
    type Address @shareable { zip: String }`,
  risks: `
    type Order @key(fields: "id") {
      id: ID! risk: Int @requires(fields: "stamp") stamp: String @external fee: Int @external
      verdict: String @requires(fields: "fee")
    }
    type Query { riskiest: Order }`,
  parts: `
    type Query { parts: [Part!]! parcel(id: ID! = "q1"): Parcel }
    type Part @key(fields: "id") @key(fields: "sku") { id: ID! sku: String name: String box: Box }
    type Box @key(fields: "place { row column } part { id }") { place: Place! part: Part! size: Int }
    type Place @shareable { row: Int! column: Int! }
    type Parcel @key(fields: "id") @key(fields: "id code") { id: ID! code: String! weight: Int }`,
  stock: `
    type Part @key(fields: "sku") @key(fields: "upc") { id: ID! sku: String upc: String stock: Int! }
    type Box @key(fields: "place { row column } part { id }") { place: Place! part: Part! content(limit: Int = 1): [Part!] }
    type Place @shareable { row: Int! column: Int! }`,
  codes: `
    type Query { byCode(upc: String!): Part }
    type Part @key(fields: "upc") { upc: String origin: String }
    type Parcel @key(fields: "id code") { id: ID! code: String! route: [[String!]!] contents: [Part] }`,
}

const parts: Thing[] = ['a', 'b', 'c'].map((id, index) => ({
  __typename: 'Part',
  id,
  sku: index === 2 ? null : `sku-${id}`,
  upc: index === 1 ? null : `upc-${id}`,
  name: `Part ${id}`,
  stock: 5 * index,
  origin: index === 0 ? 'NO' : null,
  box: () => boxes[index] ?? null,
}))
const boxes: Thing[] = [0, 1].map((index) => ({
  __typename: 'Box',
  place: { row: index, column: 7 },
  part: () => parts[index],
  size: 10 + index,
  content: ({ limit }: { limit: number | null }) => parts.slice(0, Math.min(limit ?? 1, 2)),
}))
const parcels: Thing[] = ['q1', 'q2'].map((id, index) => ({
  __typename: 'Parcel',
  id,
  code: `code-${id}`,
  weight: index === 1 ? null : 4,
  route: index === 1 ? null : [['Oslo', 'Bergen'], []],
  contents: () => [parts[0], null],
}))
const orders: Thing[] = ['o1', 'o2', 'o3'].map((id, index) => ({
  __typename: 'Order',
  id,
  lines: ({ limit }: { limit: number }) =>
    Array.from({ length: limit }, (_, at) => ({
      count: at + 1 + index,
      part: () => parts[(index + at) % parts.length],
    })),
  total: ({ currency }: { currency?: string }) => (index === 2 ? null : currency === 'EUR' ? 200 + index : 100 + index),
  note: ({ language }: { language?: string | null }) => (index === 1 ? null : `Note in ${language ?? 'no language'}`),
  buyer: index === 2 ? null : { name: `Buyer ${index}`, address: index === 1 ? null : { zip: '0150' } },
  parcels: () => (index === 1 ? null : parcels),
  dutyUsd(this: Thing) {
    return tenth(read(this, 'total', { currency: 'USD' }))
  },
  dutyEur(this: Thing) {
    return tenth(read(this, 'total', { currency: 'EUR' }))
  },
  usual(this: Thing) {
    return read(this, 'total', { currency: 'USD' })
  },
  counts(this: Thing, { from }: { from: number | null }) {
    return (read(this, 'lines', { limit: 3 }) as Thing[]).slice(from ?? 0).map((line) => line['count'])
  },
  label(this: Thing) {
    return JSON.stringify([read(this, 'note', { language: 'no' }), read(this, 'buyer')])
  },
  stamp: index === 1 ? null : `stamp-${id}`,
  risk(this: Thing) {
    return String(read(this, 'stamp')).length
  },
  fee(this: Thing) {
    return Number(read(this, 'risk')) * 2
  },
  verdict(this: Thing) {
    return `fee ${String(read(this, 'fee'))}`
  },
}))

const tenth = (value: unknown): number | null => (value === null ? null : Math.floor(Number(value) / 10))

const rootValue: Thing = {
  orders: ({ first }: { first: number | null }) => orders.slice(0, first ?? 1),
  order: ({ id }: { id: string }) => orders.find((order) => order['id'] === id) ?? null,
  riskiest: () => orders[0],
  parts: () => parts,
  parcel: ({ id }: { id: string }) => parcels.find((parcel) => parcel['id'] === id) ?? null,
  byCode: ({ upc }: { upc: string }) => parts.find((part) => part['upc'] === upc) ?? null,
}

export const openDepot = (): Promise<OpenedSupergraph> =>
  openSupergraph({
    subgraphs: DEPOT_SUBGRAPHS,
    data: { rootValue, entities: { Part: parts, Box: boxes, Parcel: parcels, Order: orders } },
  })

export const DEPOT_VALUES = {
  id: ['o1', 'o2', 'o3', 'q1', 'q2'],
  upc: ['upc-a', 'upc-c', 'upc-x'],
  language: ['no', 'en'],
  limit: [0, 1, 2, 3],
}
