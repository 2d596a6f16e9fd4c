// A ledger over three subgraphs: mutations whose order shows in what they answer, arguments of every kind of input with and without defaults, told apart
// whether they were null or absent, lists of lists, and scalars of which only subgraphs know what they are.
import { fail, openSupergraph, type OpenedSupergraph, type Thing } from './open-supergraph.ts'

export const LEDGER_SUBGRAPHS: Record<string, string> = {
  books: `
    type Query {
      accounts(filter: Filter): [Account!]! @shareable
      echo(json: JSON, day: Day = "2026-01-01", days: [Day!], matrix: [[Int]!]! = [[1], [2, 3]], kind: Kind = OPEN, kinds: [[Kind!]]): Echo!
    }
    type Mutation { post(entry: EntryInput!): Entry! reverse(id: ID! = "e1", reason: String): Entry refuse: Int }
    input Filter { kind: Kind = OPEN and: [Filter!] amount: Range = { from: 1 } }
    input Range { from: Int! = 0 to: Int }
    input EntryInput { text: String! = "nothing" amount: Float day: Day kind: Kind = OPEN lines: [LineInput!] }
    input LineInput { account: ID! share: Float = 0.5 }
    enum Kind { OPEN CLOSED }
    scalar JSON
    scalar Day
    type Echo { json: JSON day: Day days: [Day] matrix: [[Int]]! kind: Kind kinds: [[Kind]] given: [String!]! }
    type Account @key(fields: "number") { number: Int! kind: Kind! balances: [[Float!]!] given: JSON }
    type Entry @key(fields: "id") { id: ID! text: String at: Int! input: JSON account: Account }`,
  audit: `
    type Query { accounts(filter: Filter): [Account!]! @shareable notes: [Note!] }
    type Mutation { note(text: String! = "noted"): Note! countUp(by: Int! = 1): Int! }
    input Filter { kind: Kind = OPEN and: [Filter!] amount: Range = { from: 1 } }
    input Range { from: Int! = 0 to: Int }
    enum Kind { OPEN CLOSED }
    type Note { text: String! at: Int! about: Entry! }
    type Account @key(fields: "number") { number: Int! auditor: String flags: [Flag!]! }
    enum Flag { LATE ODD }
    type Entry @key(fields: "id") { id: ID! audited: Boolean trail(days: [Day!] = ["2026-01-02"]): JSON bank: Bank @provides(fields: "name") }
    type Bank @key(fields: "code country { code }") { code: String! country: Country! name: String @external }
    type Country @shareable { code: String! }
    scalar JSON
    scalar Day`,
  names: `
    type Query { banks(of: [[ID!]!]): [[Bank]!]! }
    type Bank @key(fields: "code country { code }") { code: String! country: Country! name: String @shareable }
    type Country @shareable { code: String! }
    type Account @key(fields: "number") { number: Int! bank: Bank owner(style: Style): String }
    input Style { isShort: Boolean prefix: String = "Owner" }`,
}

let count = 0
let countedUp = 0

const banks: Thing[] = ['dn', 'sp'].map((code, index) => ({
  __typename: 'Bank',
  code,
  country: { code: 'NO' },
  name: index === 1 ? null : 'Bank',
}))
const accounts: Thing[] = [1, 2, 3].map((number) => ({
  __typename: 'Account',
  number,
  kind: number === 2 ? 'CLOSED' : 'OPEN',
  balances: number === 3 ? null : [[1.5, 2], [], [3]],
  given: null,
  auditor: number === 1 ? 'Liv' : null,
  flags: () => (number === 3 ? fail('The flags are lost.') : ['LATE', 'ODD']),
  bank: () => (number === 3 ? null : banks[number - 1]),
  owner: ({ style }: { style?: { prefix: string } | null }) => JSON.stringify(style === undefined ? 'absent' : style),
}))
const entries: Thing[] = ['e1', 'e2'].map((id, index) => ({
  __typename: 'Entry',
  id,
  text: index === 1 ? null : 'first',
  at: 0,
  input: null,
  account: () => accounts[index],
  audited: index === 0,
  trail: ({ days }: { days: unknown }) => ({ days, of: id }),
  bank: () => banks[index],
}))

const rootValue: Thing = {
  accounts: ({ filter }: { filter?: unknown }) => accounts.map((account) => ({ ...account, given: filter ?? 'none' })),
  echo: (given: Thing) => ({ ...given, given: Object.keys(given).toSorted() }),
  banks: ({ of }: { of?: unknown[][] | null }) =>
    (of ?? [['dn']]).map((codes) => codes.map((code) => banks.find((bank) => bank['code'] === code) ?? null)),
  notes: () => [{ text: 'a note', at: 0, about: entries[1] }],
  post: ({ entry }: { entry: Thing }) => ({ ...entries[0], text: entry['text'], input: entry, at: (count += 1) }),
  reverse: ({ id }: { id: string }) => ({
    ...(entries.find((entry) => entry['id'] === id) ?? entries[0]),
    at: (count += 1),
  }),
  refuse: () => fail('Refused.'),
  note: ({ text }: { text: string }) => ({ text, at: (count += 1), about: entries[0] }),
  countUp: ({ by }: { by: number }) => (countedUp += by),
}

export const openLedger = (): Promise<OpenedSupergraph> =>
  openSupergraph({
    subgraphs: LEDGER_SUBGRAPHS,
    data: {
      rootValue,
      entities: { Bank: banks, Account: accounts, Entry: entries },
      reset() {
        count = 0
        countedUp = 0
      },
    },
  })

export const LEDGER_VALUES = { id: ['e1', 'e2'], of: ['dn', 'sp', 'xx'], by: [1, 5, 10] }
