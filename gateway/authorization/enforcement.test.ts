// Restricted fields from the operation to the answer: null with an error each, and no fetch asks for them.
import { parse } from 'graphql'
import { expect, test } from 'vitest'
import type { Identity } from '../../contracts/identity.ts'
import { createOperationGate } from '../operations/operation-limits.ts'
import { DEFAULT_OPERATION_POLICY } from '../operations/operation-policy.ts'
import { createPlansHere } from '../planning/testing/plan-here.ts'
import { createPrepareOperation } from '../planning/prepare-operation.ts'
import { ask, caller, contextOf, nobody, operationOf, refusalsOf } from './testing/ask.ts'
import { openStaff } from './testing/staff.ts'

const staff = openStaff()
const answer = (source: string, identity: Identity | null) => ask(staff, parse(source), identity)
const asked = () => staff.takeRequests().map(({ subgraph }) => subgraph)

test('an unauthorised field is null with an error that names what kind of grant is missing, and nothing more', async () => {
  staff.takeRequests()
  const result = await answer('{ me { name email bonus level } }', caller())
  expect(result.data).toEqual({ me: { name: 'Person u1', email: 'u1@example.org', bonus: null, level: null } })
  expect(refusalsOf(result)).toEqual(['me.bonus FORBIDDEN', 'me.level FORBIDDEN'])
  expect(result.errors!.map(({ message }) => message)).toEqual([
    'Reading Person.bonus here requires scopes that the credential does not have.',
    'Reading Person.level here requires a policy that the credential does not meet.',
  ])
  expect(asked()).toEqual(['directory'])
})

test('without credentials the error says so', async () => {
  const result = await answer('{ me { name email } level }', nobody)
  expect(result.data).toEqual({ me: { name: 'Person u1', email: null }, level: null })
  expect(refusalsOf(result)).toEqual(['me.email UNAUTHENTICATED', 'level UNAUTHENTICATED'])
  expect(result.errors![0]!.message).toBe('Reading Person.email here requires authentication.')
})

test('an operation of which nothing may be read makes no fetch', async () => {
  staff.takeRequests()
  const result = await answer('{ __typename budget level audits { id } }', nobody)
  expect(result.data).toBeNull()
  const other = await answer('{ __typename budget level }', nobody)
  expect(other.data).toEqual({ __typename: 'Query', budget: null, level: null })
  expect(refusalsOf(other)).toEqual(['budget FORBIDDEN', 'level UNAUTHENTICATED'])
  expect(asked()).toEqual([])
})

test('a subgraph that has nothing but refused fields is not asked, and is asked for others', async () => {
  staff.takeRequests()
  await answer('{ people { name salary } }', caller())
  expect(asked()).toEqual(['directory'])
  await answer('{ people { name salary } }', caller([], ['pay']))
  expect(asked()).toEqual(['directory', 'payroll'])
})

test('a null that must not be goes up to the nearest place that may be null', async () => {
  const result = await answer('{ me { name boss { phone } } people { boss { name salary } } }', caller())
  expect(result.data).toEqual({
    me: { name: 'Person u1', boss: null },
    people: [null, null, null].map(() => ({ boss: null })),
  })
  expect(refusalsOf(result)).toEqual([
    'me.boss.phone FORBIDDEN',
    'people.1.boss.salary FORBIDDEN',
    'people.2.boss.salary FORBIDDEN',
  ])
})

test('through an interface a field requires what any type behind it does; by its type only what that one does', async () => {
  const through = await answer('{ entries { title } }', nobody)
  expect(through.data).toEqual({ entries: [{ title: null }, { title: null }, null, { title: null }] })
  expect(refusalsOf(through)).toEqual([0, 1, 3].map((index) => `entries.${index}.title UNAUTHENTICATED`))
  const byType = await answer('{ entries { ...on Open { title } ...on Closed { title } } }', nobody)
  expect(byType.data).toEqual({ entries: [{ title: 'Open' }, { title: null }, null, { title: 'Open' }] })
  expect(refusalsOf(byType)).toEqual(['entries.1.title UNAUTHENTICATED'])
})

test('what one selection may read is answered, though another one of the same field may not', async () => {
  const source = '{ entries { owner { name } ...on Open { owner { id nickname } } } }'
  const result = await answer(source, nobody)
  expect(result.data).toEqual({ entries: [{ owner: null }, { owner: null }, null, { owner: null }] })
  const nullable = await answer(
    '{ entries { owner { nickname } ...on Open { owner { id } } ...on Open { title } } }',
    nobody,
  )
  expect(nullable.data).toEqual({
    entries: [
      { owner: { nickname: null, id: 'u1' }, title: 'Open' },
      { owner: null },
      null,
      { owner: { nickname: null, id: 'u1' }, title: 'Open' },
    ],
  })
})

test('skipped selections are neither read nor refused', async () => {
  const document = parse('query ($if: Boolean!) { me { name email @include(if: $if) } level @skip(if: true) }')
  const plans = createPlansHere(staff.supergraph)
  expect(await ask(staff, document, nobody, { if: false }, plans)).toEqual({ data: { me: { name: 'Person u1' } } })
  expect(refusalsOf(await ask(staff, document, nobody, { if: true }, plans))).toEqual(['me.email UNAUTHENTICATED'])
})

test('a refused mutation is not made, the others are, in their order', async () => {
  staff.takeRequests()
  const source =
    'mutation { a: touch(id: "u1") { name } rename(id: "u1", name: "x") { name } b: touch(id: "u2") { name } }'
  const result = await answer(source, caller(['ADMIN']))
  expect(result.data).toEqual({ a: { name: 'Person u1' }, rename: null, b: { name: 'Person u2' } })
  expect(refusalsOf(result)).toEqual(['rename FORBIDDEN'])
  expect(
    staff
      .takeRequests()
      .map(({ query }) => query)
      .join('\n'),
  ).not.toContain('rename')
  const allowed = await answer(source, caller([], ['write']))
  expect(allowed.data).toMatchObject({ rename: { name: 'x' } })
})

test('keys that may not be read still find their entities', async () => {
  staff.takeRequests()
  const result = await answer('{ account { balance number } }', nobody)
  expect(result.data).toEqual({ account: null })
  expect(refusalsOf(result)).toEqual(['account.number UNAUTHENTICATED'])
  expect((await answer('{ account { balance } }', nobody)).data).toEqual({ account: { balance: 7 } })
})

test('what @requires brings along may itself be refused', async () => {
  // Composition wants the requirement repeated; supergraphs of other tools need not.
  const open = openStaff((sdl) => sdl.replace(/(letter: String .*?) @signedIn/, '$1'))
  const result = await ask(open, parse('{ me { email letter } }'), nobody)
  expect(result.data).toEqual({ me: { email: null, letter: 'Dear u1@example.org' } })
  expect(refusalsOf(result)).toEqual(['me.email UNAUTHENTICATED'])
})

test('introspection shows everything to everybody, without the directives', async () => {
  const result = await answer('{ __type(name: "Person") { fields { name } } level }', nobody)
  expect(JSON.stringify(result.data)).toContain('"salary"')
  expect(refusalsOf(result)).toEqual(['level UNAUTHENTICATED'])
  expect((await answer('{ __schema { directives { name } } }', nobody)).data).toEqual({
    __schema: {
      directives: ['include', 'skip', 'deprecated', 'specifiedBy', 'oneOf', 'defer', 'stream']
        .map((name) => ({ name }))
        .filter(({ name }) => staff.supergraph.apiSchema.getDirective(name)),
    },
  })
})

test('a refusal is told though the subgraph of another field fails', async () => {
  const { supergraph } = staff
  const client = { request: async () => ({ errors: [{ message: 'Not now.' }] }), close: async () => {} }
  const result = await ask({ ...staff, supergraph, client }, parse('{ notice level }'), nobody)
  expect(refusalsOf(result)).toEqual([' INTERNAL_SERVER_ERROR', 'level UNAUTHENTICATED'])
})

test('callers who may read the same share a plan, others have their own', async () => {
  const plans = createPlansHere(staff.supergraph)
  const document = parse('{ me { name email phone } }')
  const plan = (identity: Identity | null, asked = document) =>
    plans.planFor(asked, operationOf(asked), contextOf(identity), {})
  const [own, anyones] = [await plan(caller(['VIEWER'])), await plan(nobody)]
  expect(plan(caller(['ADMIN'], ['x']))).toBe(own)
  const privileged = await plan(caller([], ['phone', 'contact']))
  expect(plan(caller([], ['all']))).toBe(privileged)
  expect(new Set([own, anyones, privileged]).size).toBe(3)
  const open = parse('{ me { name } }')
  const planned = await plan(nobody, open)
  expect(plan(caller(['ADMIN']), open)).toBe(planned)
})

test('a subscription to a refused field is refused; within others fields are', async () => {
  const prepareFor = createPrepareOperation({
    supergraph: staff.supergraph,
    gate: createOperationGate(DEFAULT_OPERATION_POLICY),
    plans: createPlansHere(staff.supergraph),
  })
  const prepare = async (text: string, identity: Identity | null) => prepareFor(text, null, contextOf(identity))
  const refused = await prepare('subscription { t: ticks { name } }', nobody)
  if (refused.kind !== 'invalid') throw new Error('The subscription was let in.')
  expect(refused.errors.map(({ path, extensions }) => [path, extensions['code']])).toEqual([[['t'], 'UNAUTHENTICATED']])
  expect((await prepare('subscription { t: ticks { name } }', caller())).kind).toBe('subscription')
  expect((await prepare('subscription { t: ticks { name } }', nobody)).kind).toBe('invalid')

  const within = await prepare('subscription { changes { name email bonus } }', caller())
  if (within.kind !== 'subscription') throw new Error('The subscription was not let in.')
  expect(within.plan.rest).toBeUndefined()
  const { data, errors } = within.project({ changes: { name: 'A', email: 'B', bonus: [1] } }, {})
  expect(JSON.parse(JSON.stringify(data))).toEqual({ changes: { name: 'A', email: 'B', bonus: null } })
  expect(errors.map(({ path }) => path)).toEqual([['changes', 'bonus']])
})
