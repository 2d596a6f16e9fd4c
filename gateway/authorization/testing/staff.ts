// Two subgraphs in which everything that can be restricted is: object types, fields, scalars, enums, types behind interfaces and in unions, keys. Each
// directive has its name in another way: renamed, by its namespace, imported as it is. The same objects answer for each subgraph and for the one server
// that has everything.
import compositionLibrary from '@apollo/composition'
import { buildSubgraphSchema } from '@apollo/subgraph'
import { execute, parse, type DocumentNode, type GraphQLFieldResolver } from 'graphql'
import type { SubgraphClient, SubgraphResponse } from '../../subgraphs/subgraph-client.ts'
import { buildSupergraph, type LoadedSupergraph } from '../../supergraph/load-supergraph.ts'
import type { Claims } from '../claims.ts'

export const LINK = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: [
  "@key", "@requires", "@external", "@shareable", { name: "@authenticated", as: "@signedIn" }, "@policy"
])\n`

export const STAFF_SUBGRAPHS: Record<string, string> = {
  directory: `
    type Query {
      me: Person people: [Person!]! person(id: ID!): Person! entries: [Entry] entry: Entry! found: [Found!]
      open: Open closed: Closed audit: Audit audits: [Audit!]! level: Level levels: [[Level!]]! notice: String
      ledger: String! @policy(policies: [["ADMIN", "EDITOR"], ["SERVICE"]])
      account: Account
    }
    type Mutation {
      touch(id: ID!): Person!
      rename(id: ID!, name: String!): Person @federation__requiresScopes(scopes: [["write"]])
    }
    type Subscription { changes: Person ticks: Person @signedIn }
    type Person @key(fields: "id") {
      id: ID! name: String! email: String @signedIn nickname: String boss: Person friends: [Person!] @signedIn
      phone: String! @federation__requiresScopes(scopes: [["phone", "contact"], ["all"]])
    }
    type Account @key(fields: "number") { number: ID! @signedIn owner: Person }
    type Audit @policy(policies: [["ADMIN"]]) { id: ID! text: String! about: Person }
    enum Level @signedIn { LOW HIGH }
    interface Entry { id: ID! title: String body: String! owner: Person }
    type Open implements Entry { id: ID! title: String body: String! owner: Person }
    type Closed implements Entry @signedIn {
      id: ID! title: String body: String! @policy(policies: [["EDITOR"]]) owner: Person
    }
    union Found = Person | Audit | Open | Closed`,
  payroll: `
    type Query { budget: Int @federation__requiresScopes(scopes: [["pay"]]) currency: String! }
    scalar Money @federation__requiresScopes(scopes: [["pay"], ["all"]])
    type Person @key(fields: "id") {
      id: ID! salary: Money! bonus: [Money] grade: String! level: Int @signedIn @policy(policies: [["ADMIN"]])
      email: String @external letter: String @signedIn @requires(fields: "email")
    }
    type Account @key(fields: "number") { number: ID! @signedIn balance: Int }`,
}

/** What the schema says, said again by hand. */
export const STAFF_REQUIREMENTS: Record<string, (claims: Claims) => boolean> = (() => {
  const signedIn = ({ isAuthenticated }: Claims) => isAuthenticated
  const isAdmin = ({ policies }: Claims) => policies.has('ADMIN')
  const pay = ({ scopes }: Claims) => scopes.has('pay') || scopes.has('all')
  const isEditorSignedIn = (claims: Claims) => signedIn(claims) && claims.policies.has('EDITOR')
  return {
    'Query.closed': signedIn,
    'Query.audit': isAdmin,
    'Query.audits': isAdmin,
    'Query.level': signedIn,
    'Query.levels': signedIn,
    'Query.ledger': ({ policies }) => (policies.has('ADMIN') && policies.has('EDITOR')) || policies.has('SERVICE'),
    'Query.budget': ({ scopes }) => scopes.has('pay'),
    'Mutation.rename': ({ scopes }) => scopes.has('write'),
    'Subscription.ticks': signedIn,
    'Person.email': signedIn,
    'Person.friends': signedIn,
    'Person.phone': ({ scopes }) => (scopes.has('phone') && scopes.has('contact')) || scopes.has('all'),
    'Person.salary': pay,
    'Person.bonus': pay,
    'Person.level': (claims) => signedIn(claims) && isAdmin(claims),
    'Person.letter': signedIn,
    'Account.number': signedIn,
    'Audit.id': isAdmin,
    'Audit.text': isAdmin,
    'Audit.about': isAdmin,
    'Closed.id': signedIn,
    'Closed.title': signedIn,
    'Closed.owner': signedIn,
    'Closed.body': isEditorSignedIn,
    'Entry.id': signedIn,
    'Entry.title': signedIn,
    'Entry.owner': signedIn,
    'Entry.body': isEditorSignedIn,
  }
})()

type Thing = Record<string, unknown>

const people: Thing[] = ['u0', 'u1', 'u2'].map((id, index) => ({
  __typename: 'Person',
  id,
  name: `Person ${id}`,
  email: index === 2 ? null : `${id}@example.org`,
  nickname: index === 1 ? null : `nick-${id}`,
  boss: () => people[index - 1] ?? null,
  friends: () => (index === 0 ? [] : people.filter((person) => person['id'] !== id)),
  phone: `+47 ${index}`,
  salary: 1_000 * index,
  bonus: index === 1 ? null : [1, null, 2],
  grade: 'A',
  level: index,
  letter: index === 2 ? 'Dear nobody' : `Dear ${id}@example.org`,
}))
const audits: Thing[] = [{ __typename: 'Audit', id: 'a1', text: 'All is well.', about: () => people[1] }]
const openEntry: Thing = { __typename: 'Open', id: 'o1', title: 'Open', body: 'For all', owner: () => people[1] }
const closedEntry: Thing = { __typename: 'Closed', id: 'c1', title: 'Closed', body: 'For some', owner: () => people[2] }
const account: Thing = { __typename: 'Account', number: 'n1', owner: () => people[0], balance: 7 }

const rootValue: Thing = {
  me: () => people[1],
  people: () => people,
  person: ({ id }: { id: string }) => people.find((person) => person['id'] === id) ?? people[0],
  entries: () => [openEntry, closedEntry, null, openEntry],
  entry: () => openEntry,
  found: () => [people[0], audits[0], openEntry, closedEntry],
  open: () => openEntry,
  closed: () => closedEntry,
  audit: () => audits[0],
  audits: () => audits,
  level: () => 'LOW',
  levels: () => [['LOW', 'HIGH'], null],
  notice: () => 'Hello',
  ledger: () => 'Ledger',
  account: () => account,
  touch: ({ id }: { id: string }) => people.find((person) => person['id'] === id) ?? people[0],
  rename: ({ name }: { name: string }) => ({ ...people[1], name }),
  budget: () => 5,
  currency: () => 'NOK',
}

function findReference(reference: Thing): Thing | null {
  if (reference['__typename'] === 'Account') return account
  const person = people.find(({ id }) => id === reference['id'])
  return person && 'email' in reference
    ? { ...person, letter: `Dear ${(reference['email'] as string | null) ?? 'nobody'}` }
    : (person ?? null)
}

export interface Staff {
  supergraph: LoadedSupergraph
  client: SubgraphClient
  /** What the subgraphs were asked since the last call. */
  takeRequests(): readonly { subgraph: string; query: string }[]
  /** As one server that has everything, with resolvers of the caller's choice. */
  executeMonolith(document: DocumentNode, variables: Thing, resolver: GraphQLFieldResolver<unknown, unknown>): unknown
}

/** `edit`: of the supergraph, for what composition would not write. */
export function openStaff(edit: (sdl: string) => string = (sdl) => sdl): Staff {
  const supergraph = composeSupergraph(STAFF_SUBGRAPHS, edit)
  const schemas = new Map(
    Object.entries(STAFF_SUBGRAPHS).map(([name, typeDefs]) => {
      const entities = { Person: { __resolveReference: findReference }, Account: { __resolveReference: findReference } }
      return [name, buildSubgraphSchema({ typeDefs: parse(LINK + typeDefs), resolvers: entities })] as const
    }),
  )
  let requests: { subgraph: string; query: string }[] = []
  return {
    supergraph,
    client: {
      async request(subgraph, { operation: { query }, variables }) {
        requests.push({ subgraph, query })
        const variableValues = JSON.parse(variables) as Thing
        const result = await execute({
          schema: schemas.get(subgraph)!,
          document: parse(query),
          rootValue,
          variableValues,
        })
        return JSON.parse(JSON.stringify(result)) as SubgraphResponse
      },
      async close() {},
    },
    takeRequests() {
      const taken = requests
      requests = []
      return taken
    },
    executeMonolith: (document, variableValues, fieldResolver) =>
      execute({ schema: supergraph.apiSchema, document, rootValue, variableValues, fieldResolver }),
  }
}

/** Subgraphs by name. */
export function composeSupergraph(
  subgraphs: Record<string, string>,
  edit: (sdl: string) => string = (sdl) => sdl,
): LoadedSupergraph {
  const composed = compositionLibrary.composeServices(
    Object.entries(subgraphs).map(([name, typeDefs]) => ({
      name,
      url: `http://${name}`,
      typeDefs: parse(typeDefs.includes('@link(') ? typeDefs : LINK + typeDefs),
    })),
  )
  if (!composed.supergraphSdl) throw new Error((composed.errors ?? []).map(String).join('\n'))
  return buildSupergraph(edit(composed.supergraphSdl))
}
