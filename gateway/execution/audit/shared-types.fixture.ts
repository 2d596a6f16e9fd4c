// Types that several subgraphs have, each with its own values and fields: the schema has what all can take and what any can give.
import type { Thing } from '../testing/open-supergraph.ts'
import type { AuditedSupergraph } from './audited-supergraph.fixture.ts'

const members: Thing[] = ['m1', 'm2'].map((id, index) => ({
  __typename: 'Member',
  id,
  rank: index === 1 ? 'SECRET' : 'HIGH',
  name: `Member ${id}`,
  colleague: () => members[1 - index],
}))

export const SHARED_TYPES: readonly AuditedSupergraph[] = [
  {
    name: 'values and inputs that only one subgraph knows',
    subgraphs: {
      ranks: `
        type Query { members(filter: Filter): [Member!]! @shareable ranked(rank: Rank): [Member] member(id: ID!): Member }
        enum Rank { HIGH LOW SECRET @inaccessible }
        input Filter { rank: Rank first: Int! = 1 onlyHere: Boolean }
        type Member @key(fields: "id") { id: ID! rank: Rank colleague: Member }`,
      names: `
        type Query { members(filter: Filter): [Member!]! @shareable }
        enum Rank { HIGH LOW }
        input Filter { rank: Rank first: Int! = 1 }
        type Member @key(fields: "id") { id: ID! name: String }`,
    },
    data: {
      rootValue: {
        members: ({ filter }: { filter?: { first: number } }) => members.slice(0, filter?.first ?? 2),
        ranked: ({ rank }: { rank?: string }) => members.filter((member) => !rank || member['rank'] === rank),
        member: ({ id }: { id: string }) => members.find((member) => member['id'] === id),
      },
      entities: { Member: members },
    },
    cases: [
      { source: '{ ranked { id rank } }', asks: { ranks: 1 } },
      { source: '{ ranked(rank: HIGH) { rank name } }', asks: { ranks: 1, names: 1 } },
      { source: '{ member(id: "m1") { colleague { rank name } } }', asks: { ranks: 1, names: 1 } },
      { source: '{ members(filter: { rank: LOW }) { name } }', asks: { names: 1 } },
      {
        source: 'query ($filter: Filter) { members(filter: $filter) { name rank } }',
        variables: { filter: { first: 2, rank: 'HIGH' } },
        asks: { ranks: 1, names: 1 },
      },
    ],
  },
]
