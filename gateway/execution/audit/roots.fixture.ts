// What operations begin with: root fields in several subgraphs, mutations in the order of the client, names of types, and conditions.
import { read, type Thing } from '../testing/open-supergraph.ts'
import type { AuditedSupergraph } from './audited-supergraph.fixture.ts'

const dishes: Thing[] = ['d1', 'd2'].map((id, index) => ({
  __typename: 'Dish',
  id,
  name: `Dish ${id}`,
  price: index === 1 ? null : 12.5,
  rating: 4 + index,
  side: { name: 'Bread', salt: index, cost: null },
  isDear(this: Thing) {
    return Number(read(this, 'price')) > 10
  },
  hint(this: Thing) {
    return `Is ${read(this, 'isDear') === true ? '' : 'not '}dear`
  },
}))
let total = 0
let log: string[] = []

export const ROOTS: readonly AuditedSupergraph[] = [
  {
    name: 'root fields that several subgraphs share',
    subgraphs: {
      menu: `
        type Query { dish: Dish @shareable }
        type Dish { id: ID! @shareable name: String side: Side @shareable }
        type Side { name: String @shareable salt: Int }`,
      prices: `
        type Query { dish: Dish @shareable }
        type Dish { id: ID! @shareable price: Float side: Side @shareable }
        type Side { name: String @shareable cost: Float }`,
      ratings: `
        type Query { dish: Dish @shareable }
        type Dish { id: ID! @shareable rating: Int }`,
    },
    data: { rootValue: { dish: () => dishes[0] }, entities: { Dish: dishes } },
    cases: [
      { source: '{ dish { id } }', asks: { menu: 1 } },
      { source: '{ dish { id name price } }', asks: { menu: 1, prices: 1 } },
      { source: '{ dish { name } again: dish { price rating } }', asks: { menu: 1, prices: 1, ratings: 1 } },
      { source: '{ dish { side { name } } }', asks: { menu: 1 } },
      { source: '{ dish { name side { name salt cost } rating } }', asks: { menu: 1, prices: 1, ratings: 1 } },
    ],
  },
  {
    name: 'mutations over three subgraphs',
    subgraphs: {
      adding: `
        type Query { total: Int }
        type Mutation { add(amount: Int!): Dish! fail: Int }
        type Dish @key(fields: "id") { id: ID! total: Int }`,
      doubling: `
        type Mutation { double: Int! order: [String!]! }
        type Dish @key(fields: "id") { id: ID! name: String }`,
      prices: 'type Dish @key(fields: "id") { id: ID! price: Float } type Mutation { clear: Int! }',
    },
    data: {
      rootValue: {
        total: () => total,
        add: ({ amount }: { amount: number }) => {
          total += amount
          log.push(`add ${amount}`)
          return { ...dishes[0], total }
        },
        double: () => {
          log.push('double')
          return (total *= 2)
        },
        clear: () => {
          log.push('clear')
          return (total = 0)
        },
        order: () => [...log],
      },
      entities: { Dish: dishes },
      reset() {
        total = 0
        log = []
      },
    },
    cases: [
      {
        source:
          'mutation { one: add(amount: 2) { total } two: double three: add(amount: 1) { total } four: double order }',
        asks: { adding: 2, doubling: 2 },
      },
      {
        source:
          'mutation { add(amount: 2) { total name price } double clear again: add(amount: 3) { id total name } order }',
        asks: { adding: 2, doubling: 4, prices: 2 },
      },
      {
        source: 'mutation { double ...Rest } fragment Rest on Mutation { add(amount: 5) { total } clear order }',
        asks: { adding: 1, doubling: 2, prices: 1 },
      },
      {
        source:
          'mutation ($no: Boolean!) { add(amount: 1) { total } double @include(if: $no) clear @skip(if: $no) order }',
        variables: { no: false },
        asks: { adding: 1, doubling: 1, prices: 1 },
      },
    ],
  },
  {
    name: 'names of types, and conditions',
    subgraphs: {
      menu: `
        type Query { dishes: [Dish!] meal: Meal }
        union Meal = Dish | Menu
        type Menu { dishes: [Dish!] }
        type Dish @key(fields: "id") { id: ID! name: String price: Float }`,
      guide: `
        type Query { best: Dish }
        type Dish @key(fields: "id") {
          id: ID! price: Float @external rating: Int
          isDear: Boolean @requires(fields: "price")
        }`,
      hints:
        'type Dish @key(fields: "id") { id: ID! isDear: Boolean @external hint: String @requires(fields: "isDear") }',
    },
    data: {
      rootValue: {
        dishes: () => dishes,
        meal: () => ({ __typename: 'Menu', dishes }),
        best: () => dishes[1],
      },
      entities: { Dish: dishes },
    },
    cases: [
      { source: '{ __typename }', asks: {} },
      { source: '{ a: __typename ...Root } fragment Root on Query { b: __typename }', asks: {} },
      { source: '{ __typename dishes { __typename kind: __typename } }', asks: { menu: 1 } },
      { source: '{ meal { __typename ... on Menu { dishes { __typename rating } } } }', asks: { menu: 1, guide: 1 } },
      { source: '{ best { __typename } }', asks: { guide: 1 } },
      ...[true, false].flatMap((yes) => [
        {
          source: 'query ($yes: Boolean = false) { dishes { name rating @include(if: $yes) } }',
          variables: { yes },
          asks: yes ? { menu: 1, guide: 1 } : { menu: 1 },
        },
        {
          source: 'query ($yes: Boolean!) { dishes { name hint @skip(if: $yes) } }',
          variables: { yes },
          asks: yes ? { menu: 1 } : { menu: 1, guide: 1, hints: 1 },
        },
        {
          source: 'query ($yes: Boolean!) { dishes @include(if: $yes) { isDear } best @skip(if: $yes) { rating } }',
          variables: { yes },
          asks: yes ? { menu: 1, guide: 1 } : { guide: 1 },
        },
      ]),
      { source: '{ dishes { name rating @include(if: false) hint @skip(if: true) } }', asks: { menu: 1 } },
    ],
  },
]
