// Generated operations of random callers over subgraphs with restricted fields, held against one server that has everything and whose resolvers refuse by
// rules that are written down by hand.
import { buildSubgraphSchema } from '@apollo/subgraph'
import {
  GraphQLError,
  Kind,
  parse,
  TypeInfo,
  validate,
  visit,
  visitWithTypeInfo,
  type DocumentNode,
  type FieldNode,
  type SelectionSetNode,
} from 'graphql'
import { expect, test } from 'vitest'
import type { Identity } from '../../contracts/identity.ts'
import { createSeededChance, type SeededChance } from '../../test/harness/seeded.ts'
import { generateOperation } from '../execution/testing/generate-operation.ts'
import { createPlansHere } from '../planning/testing/plan-here.ts'
import { claimsOf, type Claims } from './claims.ts'
import { ask, caller, nobody, operationOf, refusalsOf, type Answer } from './testing/ask.ts'
import { LINK, openStaff, STAFF_REQUIREMENTS, STAFF_SUBGRAPHS } from './testing/staff.ts'

const staff = openStaff()
const OPERATIONS = 1_200

test(
  'generated operations of random callers are answered as by one server whose resolvers refuse',
  { timeout: 120_000 },
  async () => {
    const chance = createSeededChance()
    console.log(`Seed of the operations: ${chance.seed}`)
    const counts = { refused: 0, whole: 0, mutations: 0, partly: 0, withoutFetch: 0 }
    const plans = createPlansHere(staff.supergraph)
    for (let made = 0; made < OPERATIONS;) {
      const kind = chance.below(10) === 0 ? 'mutation' : 'query'
      const options = { kind, depth: 4, breadth: 4, hasConditions: true } as const
      const { source, variables } = generateOperation(staff.supergraph.apiSchema, chance, options)
      const document = parse(source)
      if (validate(staff.supergraph.apiSchema, document).length > 0) continue
      made += 1
      // The same document for several callers, so that one could get another's plan.
      for (let callers = 0; callers < 3; callers += 1) {
        const identity = randomCaller(chance)
        const about = `seed ${chance.seed}, operation ${made} for ${JSON.stringify(identity)}:\n${source}\n${JSON.stringify(variables)}`
        staff.takeRequests()
        const ours = await ask(staff, document, identity, variables, plans)
        const requests = staff.takeRequests()
        const { refused, document: expanded } = refuseByHand(document, claimsOf(identity))
        let partly = 0
        const theirs = (await staff.executeMonolith(
          expanded,
          variables,
          (source, args, _context, { fieldName, fieldNodes }) => {
            const [first] = fieldNodes
            if (fieldNodes.every((node) => refused.has(node)))
              throw new GraphQLError('Refused.', { extensions: { code: refused.get(first!) } })
            if (fieldNodes.some((node) => refused.has(node))) partly += 1
            const value = (source as Record<string, unknown>)[fieldName]
            return typeof value === 'function' ? (value as (args: unknown) => unknown)(args) : value
          },
        )) as Answer
        const monolith = JSON.parse(JSON.stringify(theirs)) as Answer
        expect(ours.data, about).toEqual(monolith.data)
        expect(refusalsOf(ours), about).toEqual(refusalsOf(monolith))
        for (const request of requests)
          expect(refusedFieldsOf(request, claimsOf(identity)), `${about}\n${request.query}`).toEqual([])
        counts.refused += monolith.errors ? 1 : 0
        counts.whole += monolith.errors ? 0 : 1
        counts.mutations += monolith.errors && kind === 'mutation' ? 1 : 0
        counts.partly += partly > 0 ? 1 : 0
        counts.withoutFetch += requests.length === 0 ? 1 : 0
      }
    }
    console.log(`Answers: ${JSON.stringify(counts)}`)
    for (const [name, count] of Object.entries(counts)) expect(count, name).toBeGreaterThan(10)
  },
)

function randomCaller(chance: SeededChance): Identity | null {
  if (chance.below(3) === 0) return nobody
  const some = <Name>(names: readonly Name[]) => names.filter(() => chance.below(2) === 0)
  return caller(some(['ADMIN', 'EDITOR', 'SERVICE'] as const), some(['phone', 'contact', 'all', 'pay', 'write']))
}

/** With fragments written out, so that each selection has one place; and the code of each that may not be made there. */
function refuseByHand(document: DocumentNode, claims: Claims) {
  const definitions = new Map(
    document.definitions.flatMap((each) =>
      each.kind === Kind.FRAGMENT_DEFINITION ? [[each.name.value, each] as const] : [],
    ),
  )
  const expand = ({ selections }: SelectionSetNode): SelectionSetNode => ({
    kind: Kind.SELECTION_SET,
    selections: selections.map((selection) => {
      if (selection.kind !== Kind.FRAGMENT_SPREAD)
        return selection.selectionSet
          ? { ...selection, selectionSet: expand(selection.selectionSet) }
          : { ...selection }
      const { typeCondition, selectionSet } = definitions.get(selection.name.value)!
      const { directives = [] } = selection
      return { kind: Kind.INLINE_FRAGMENT, typeCondition, directives, selectionSet: expand(selectionSet) } as const
    }),
  })
  const operation = operationOf(document)
  const expanded: DocumentNode = {
    kind: Kind.DOCUMENT,
    definitions: [{ ...operation, selectionSet: expand(operation.selectionSet) }],
  }
  const refused = new Map<FieldNode, string>()
  const above: (string | null)[] = []
  const types = new TypeInfo(staff.supergraph.apiSchema)
  visit(
    expanded,
    visitWithTypeInfo(types, {
      Field: {
        enter(node) {
          const code = node.name.value.startsWith('__')
            ? null
            : (above.at(-1) ?? codeOf(`${types.getParentType()!.name}.${node.name.value}`, claims))
          above.push(code)
          if (code) refused.set(node, code)
        },
        leave() {
          above.pop()
        },
      },
    }),
  )
  return { document: expanded, refused }
}

const EVERYTHING = {
  scopes: new Set(['phone', 'contact', 'all', 'pay', 'write']),
  policies: new Set(['ADMIN', 'EDITOR', 'SERVICE']),
}

function codeOf(coordinate: string, claims: Claims): string | null {
  const isGranted = STAFF_REQUIREMENTS[coordinate]
  if (!isGranted || isGranted(claims)) return null
  const isAboutAuthentication = !isGranted({ ...EVERYTHING, isAuthenticated: claims.isAuthenticated })
  return isAboutAuthentication ? 'UNAUTHENTICATED' : 'FORBIDDEN'
}

const subgraphSchemas = new Map(
  Object.entries(STAFF_SUBGRAPHS).map(([name, typeDefs]) => [name, buildSubgraphSchema(parse(LINK + typeDefs))]),
)
/** Of these the gateway itself has need. */
const KEYS = new Set(['Account.number'])

/** What a fetch asks for that its caller may not read. */
function refusedFieldsOf({ subgraph, query }: { subgraph: string; query: string }, claims: Claims): string[] {
  const types = new TypeInfo(subgraphSchemas.get(subgraph)!)
  const found: string[] = []
  visit(
    parse(query),
    visitWithTypeInfo(types, {
      Field({ name }) {
        const coordinate = `${types.getParentType()!.name}.${name.value}`
        if (codeOf(coordinate, claims) && !KEYS.has(coordinate)) found.push(coordinate)
      },
    }),
  )
  return found
}
