// What a supergraph restricts, read from the directives that composition wrote.
import { isInterfaceType, isObjectType } from 'graphql'
import { expect, test } from 'vitest'
import type { Claims } from './claims.ts'
import { implies, missingGrantOf, NO_REQUIREMENT, requireAll, type Requirement } from './requirement.ts'
import { composeSupergraph, openStaff, STAFF_REQUIREMENTS, STAFF_SUBGRAPHS } from './testing/staff.ts'

const claims = (given: { isAuthenticated?: boolean; scopes?: string[]; policies?: string[] } = {}): Claims => ({
  isAuthenticated: given.isAuthenticated ?? false,
  scopes: new Set(given.scopes),
  policies: new Set(given.policies),
})
const requirement = (given: Partial<Requirement>): Requirement => ({ ...NO_REQUIREMENT, ...given })

test.each([
  [{ isAuthenticationRequired: true }, claims(), 'authentication'],
  [{ isAuthenticationRequired: true }, claims({ isAuthenticated: true }), null],
  [{ scopes: [[['a']]] }, claims({ isAuthenticated: true }), 'scopes'],
  [{ scopes: [[['a']]] }, claims({ policies: ['a'] }), 'scopes'],
  [{ scopes: [[['a', 'b']]] }, claims({ scopes: ['a'] }), 'scopes'],
  [{ scopes: [[['a', 'b']]] }, claims({ scopes: ['a', 'b', 'c'] }), null],
  [{ scopes: [[['a', 'b'], ['c']]] }, claims({ scopes: ['c'] }), null],
  [{ scopes: [[['a']], [['b'], ['c']]] }, claims({ scopes: ['a'] }), 'scopes'],
  [{ scopes: [[['a']], [['b'], ['c']]] }, claims({ scopes: ['a', 'c'] }), null],
  [{ scopes: [[]] }, claims({ scopes: ['a'] }), 'scopes'],
  [{ scopes: [[[]]] }, claims(), null],
  [{ policies: [[['ADMIN'], ['EDITOR', 'SERVICE']]] }, claims({ policies: ['EDITOR'] }), 'policies'],
  [{ policies: [[['ADMIN'], ['EDITOR', 'SERVICE']]] }, claims({ policies: ['SERVICE', 'EDITOR'] }), null],
  [{ policies: [[['ADMIN']]] }, claims({ scopes: ['ADMIN'] }), 'policies'],
  [{ isAuthenticationRequired: true, scopes: [[['a']]] }, claims({ scopes: ['a'] }), 'authentication'],
  [{ scopes: [[['a']]], policies: [[['P']]] }, claims(), 'scopes'],
] as const)('of %j, %o lacks %s', (required, caller, missing) => {
  expect(missingGrantOf(requirement(required), caller)).toBe(missing)
})

test.each([
  [{ isAuthenticationRequired: true }, {}, true],
  [{}, { isAuthenticationRequired: true }, false],
  [{ scopes: [[['a']], [['b']]] }, { scopes: [[['a', 'b']]] }, true],
  [{ scopes: [[['a']]] }, { scopes: [[['a'], ['b']]] }, true],
  [{ scopes: [[['a'], ['b']]] }, { scopes: [[['a']]] }, false],
  [
    { policies: [[['a'], ['b']], [['c']]] },
    {
      policies: [
        [
          ['a', 'c'],
          ['b', 'c'],
        ],
      ],
    },
    true,
  ],
  [{ policies: [[['a']]] }, { scopes: [[['a']]] }, false],
] as const)('whoever meets %j meets %j: %s', (stronger, weaker, expected) => {
  expect(implies(requirement(stronger), requirement(weaker))).toBe(expected)
})

test('together requirements want everything, each once', () => {
  const scopes = [[['a'], ['b']]]
  expect(requireAll([requirement({ scopes }), requirement({ isAuthenticationRequired: true, scopes })])).toEqual({
    isAuthenticationRequired: true,
    scopes,
    policies: [],
  })
})

test('every field of every type requires what directives say there, under names renamed, prefixed and plain', async () => {
  const { supergraph } = openStaff()
  const rules = supergraph.authorization!
  const names = { scopes: ['phone', 'contact', 'all', 'pay', 'write'], policies: ['ADMIN', 'EDITOR', 'SERVICE'] }
  const restricted = new Set<string>()
  for (const type of Object.values(supergraph.apiSchema.getTypeMap())) {
    if (!isObjectType(type) && !isInterfaceType(type)) continue
    for (const field of Object.keys(type.getFields())) {
      const coordinate = `${type.name}.${field}`
      const required = rules.requirementOf(type.name, field)
      if (required) restricted.add(coordinate)
      for (const caller of everyCaller(names)) {
        const isGranted = !required || missingGrantOf(required, caller) === null
        expect(isGranted, `${coordinate} for ${[...caller.scopes, ...caller.policies].join()}`).toBe(
          STAFF_REQUIREMENTS[coordinate]?.(caller) ?? true,
        )
      }
    }
  }
  expect([...restricted].toSorted()).toEqual(Object.keys(STAFF_REQUIREMENTS).toSorted())
})

function everyCaller({ scopes, policies }: { scopes: string[]; policies: string[] }): Claims[] {
  const all = [...scopes, ...policies]
  return Array.from({ length: 2 ** (all.length + 1) }, (_, bits) => ({
    isAuthenticated: bits >= 2 ** all.length,
    scopes: new Set(scopes.filter((_name, at) => bits & (1 << at))),
    policies: new Set(policies.filter((_name, at) => bits & (1 << (at + scopes.length)))),
  }))
}

test("an interface's own restriction, written into the supergraph, is one of the fields whose value it is", async () => {
  const own = `type Query { entry: Entry plain: Plain } interface Entry { id: ID } type Plain implements Entry { id: ID }
    type Other @signedIn { id: ID }`
  const { authorization } = composeSupergraph({ own }, (sdl) =>
    sdl.replace('interface Entry', 'interface Entry @signedIn'),
  )
  expect(authorization!.requirementOf('Query', 'entry')).toEqual({ ...NO_REQUIREMENT, isAuthenticationRequired: true })
  expect(authorization!.requirementOf('Entry', 'id')).toEqual({ ...NO_REQUIREMENT, isAuthenticationRequired: true })
  expect(authorization!.requirementOf('Plain', 'id')).toBeNull()
})

test('an interface of older compositions, which say nothing of it, requires what the types behind it do', async () => {
  const { sdl, authorization } = composeSupergraph(STAFF_SUBGRAPHS, (composed) =>
    composed.replace(/(interface Entry\n[^{]*?) {2}@signedIn\n/, '$1'),
  )
  expect(/interface Entry\n[^{]*/.exec(sdl)![0]).not.toContain('@signedIn')
  expect(authorization!.requirementOf('Entry', 'title')).toEqual({ ...NO_REQUIREMENT, isAuthenticationRequired: true })
})

test('a supergraph that restricts nothing has no rules, whether or not it links the directives', async () => {
  const plain = 'type Query { field: String }'
  expect(composeSupergraph({ plain }).authorization).toBeNull()
  const link = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])\n'
  expect(composeSupergraph({ plain: link + plain }).authorization).toBeNull()
})
