// The same expectation (role-matrix.expected.json) held against running subgraphs: every root field and subscription, and every field of every
// entity through `_entities`, with every role, with none, without identity and from a foreign workspace. What this walks is read from the
// schema files, so a new field is tried the day it appears.
import {
  buildSchema,
  getNamedType,
  isCompositeType,
  isLeafType,
  isNonNullType,
  isObjectType,
  Kind,
  type GraphQLField,
  type GraphQLNamedType,
} from 'graphql'
import { createClient } from 'graphql-ws'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { createId } from '#shared/ids.ts'
import { IDENTITY_HEADER, roleSchema, type Identity, type IdentitySigner } from '../../../contracts/identity.ts'
import { NODE_TYPES, SUBGRAPH_NAMES, type NodePrefix, type SubgraphName } from '../../../contracts/node-types.ts'
import { entityDefinitions } from '../../../schema/ownership.ts'
import { readSchemaFile, readSubgraphSource } from '../../../schema/sources.ts'
import { smallestArguments } from '../../harness/api-schema.ts'
import { expectedCallers, type Expectation } from '../../harness/expected-permissions.ts'
import { CALLERS, type Caller } from '../../harness/permission-matrix.ts'
import { requestSubgraph } from '../../harness/platform.ts'
import { STORY_TIMEOUTS, type PlatformUnderTest } from '../../harness/platform-under-test.ts'
import { fillWorkspace, idsByPrefix, SHARED_PREFIXES, type HandbookWorkspace } from './handbook-workspace.ts'

const expectation = JSON.parse(
  readFileSync(new URL('../role-matrix.expected.json', import.meta.url), 'utf8'),
) as Expectation
/** The API's schema knows every type whole; what a subgraph has of it, its own file says. */
const api = buildSchema(readSchemaFile('api.graphql'))

export interface MatrixPlatform extends PlatformUnderTest {
  signer: IdentitySigner
  subgraphUrls: Readonly<Record<SubgraphName, string>>
}

let running: MatrixPlatform
let workspace: HandbookWorkspace
let workspaceId: string

export function roleMatrixStory(profile: string, start: () => Promise<MatrixPlatform>): void {
  vi.setConfig(STORY_TIMEOUTS)
  describe(`every door for every role, ${profile}`, () => {
    beforeAll(async () => {
      running = await start()
      const client = running.client()
      workspace = await fillWorkspace(client)
      workspaceId = (await client.query('{ viewer { workspace { id } } }')).viewer.workspace.id
    })
    afterAll(() => running?.close())

    test('node(id) tells the address of an upload only to those who may ingest', async () => {
      const admin = running.client()
      for (const role of roleSchema.options) {
        const { apiKeyCreate } = await admin.query(
          'mutation ($roles: [Role!]!) { apiKeyCreate(input: { name: "of a role", roles: $roles }) { secret } }',
          { roles: [role] },
        )
        const client = running.client(apiKeyCreate.secret)
        const read = (field: string) =>
          client.request(`query ($id: ID!) { node(id: $id) { ... on Upload { ${field} } } }`, {
            id: workspace.uploadId,
          })
        expect((await read('fileName')).data.node).toEqual({ fileName: 'later.txt' })
        const result = await read('url')
        const mayIngest = expectation.groups['ingesting']!.includes(role)
        expect(codesOf(result), role).toEqual(mayIngest ? [] : ['FORBIDDEN'])
        expect(JSON.stringify(result).includes('token='), role).toBe(mayIngest)
      }
    })

    describe.each(SUBGRAPH_NAMES)('every door of %s', (name: SubgraphName) => {
      const source = readSubgraphSource(name)
      const fieldsOf = (typeName: string): GraphQLField<unknown, unknown>[] => {
        const own = source.ownTypeDefs.definitions.flatMap((definition) =>
          definition.kind === Kind.OBJECT_TYPE_DEFINITION && definition.name.value === typeName
            ? (definition.fields ?? [])
            : [],
        )
        const type = api.getType(typeName)
        return own.flatMap((field) => (isObjectType(type) ? [type.getFields()[field.name.value]!] : []))
      }
      const expected = (coordinate: string) =>
        expectedCallers(
          {
            ...expectation,
            subgraphs: { ...expectation.subgraphs, [name]: pick(expectation.subgraphs[name], coordinate) },
          },
          name,
          [coordinate],
        )[coordinate]!
      const ask = (identity: Identity | null, query: string, variables = {}) =>
        requestSubgraph(running, running.subgraphUrls[name], identity, query, variables)

      for (const [root, kind] of [
        ['Query', 'query'],
        ['Mutation', 'mutation'],
      ] as const) {
        test.each(fieldsOf(root))(`${root}.$name is open to exactly the expected roles`, async (field) => {
          const { query, variables } = operationOf(kind, field)
          for (const caller of CALLERS) {
            const codes = codesOf(await ask(identityOf(caller), query, variables))
            expect(codes.includes('FORBIDDEN'), `${caller}: ${codes.join()}`).toBe(
              !expected(`${root}.${field.name}`).includes(caller),
            )
          }
          expect(codesOf(await ask(null, query, variables))).toEqual(['UNAUTHENTICATED'])
        })
      }

      test.each(fieldsOf('Subscription'))('Subscription.$name is open to exactly the expected roles', async (field) => {
        const { query, variables } = operationOf('subscription', field)
        for (const caller of CALLERS) {
          const codes = await subscribe(running.subgraphUrls[name], identityOf(caller), query, variables)
          expect(codes.includes('FORBIDDEN'), `${caller}: ${codes.join()}`).toBe(
            !expected(`Subscription.${field.name}`).includes(caller),
          )
          // Allowed or not, the thing named does not exist: nobody may come to see an event.
          expect(codes).toHaveLength(1)
        }
        expect(await subscribe(running.subgraphUrls[name], null, query, variables)).toEqual(['4403'])
      })

      const entities = entityDefinitions(source.ownTypeDefs).filter(({ isResolvable }) => isResolvable)
      test.each(entities)(
        '_entities answers the fields of $name to exactly the expected roles',
        async ({ name: typeName }) => {
          const id = idOf(typeName)
          if (id === null) return
          const representations = [{ __typename: typeName, id }]
          for (const field of fieldsOf(typeName)) {
            const { selection, declarations, variables } = selectionOf(field)
            const query = `query ($r: [_Any!]!${declarations}) { _entities(representations: $r) { ... on ${typeName} { ${selection} } } }`
            for (const caller of CALLERS) {
              const codes = codesOf(await ask(identityOf(caller), query, { r: representations, ...variables }))
              expect(codes.includes('FORBIDDEN'), `${typeName}.${field.name} for ${caller}: ${codes.join()}`).toBe(
                !expected(`${typeName}.${field.name}`).includes(caller),
              )
            }
            expect(codesOf(await ask(null, query, { r: representations, ...variables }))).toEqual(['UNAUTHENTICATED'])
          }
        },
      )

      test.each(entities)('_entities does not know a $name of another workspace', async ({ name: typeName }) => {
        const id = idOf(typeName)
        if (id === null || SHARED_PREFIXES.includes(prefixOf(typeName))) return
        const foreign: Identity = { workspaceId: createId('ws'), subject: 'key_foreign', roles: ['ADMIN'], scopes: [] }
        const query = `query ($r: [_Any!]!) { _entities(representations: $r) { ... on ${typeName} { __typename } } }`
        const own = await ask(identityOf('ADMIN'), query, { r: [{ __typename: typeName, id }] })
        expect(own).toEqual({ data: { _entities: [{ __typename: typeName }] } })
        // What a subgraph adds to an entity it does not own may answer nothing instead of nobody.
        const { data, errors } = await ask(foreign, nothingOf(typeName), { r: [{ __typename: typeName, id }] })
        expect(errors ?? []).toEqual([])
        expect(isNothing(data._entities[0]), JSON.stringify(data)).toBe(true)
      })

      /** Whatever of it can be had without arguments. */
      const nothingOf = (typeName: string): string => {
        const selections = fieldsOf(typeName)
          .filter((field) => field.name !== 'id' && field.args.every(({ type }) => !isNonNullType(type)))
          .map((field) => `${field.name} ${valuesOf(getNamedType(field.type))}`)
        return `query ($r: [_Any!]!) { _entities(representations: $r) { ... on ${typeName} { ${selections.join(' ')} } } }`
      }

      const idOf = (typeName: string) => idsByPrefix(workspace)[prefixOf(typeName)]
    })
  })
}

const prefixOf = (typeName: string) =>
  Object.entries(NODE_TYPES).find(([, node]) => node.typeName === typeName)![0] as NodePrefix

const identityOf = (caller: Caller): Identity => ({
  workspaceId,
  subject: 'key_matrix',
  roles: caller === 'NO_ROLE' ? [] : [roleSchema.parse(caller)],
  scopes: [],
})

function operationOf(kind: 'query' | 'mutation' | 'subscription', field: GraphQLField<unknown, unknown>) {
  const { selection, declarations, variables } = selectionOf(field)
  return { query: `${kind} ${declarations ? `(${declarations.slice(2)})` : ''} { ${selection} }`, variables }
}

/** The field with the smallest arguments it takes and the smallest selection it allows. */
function selectionOf(field: GraphQLField<unknown, unknown>) {
  const variables = smallestArguments(field)
  const given = field.args.filter(({ name }) => name in variables)
  const passed = given.map(({ name }) => `${name}: $${name}`).join(', ')
  const below = isCompositeType(getNamedType(field.type)) ? ' { __typename }' : ''
  return {
    selection: `${field.name}${passed ? `(${passed})` : ''}${below}`,
    declarations: given.map(({ name, type }) => `, $${name}: ${String(type)}`).join(''),
    variables,
  }
}

const codesOf = ({ errors = [] }: { errors?: { extensions: { code: string } }[] }): string[] => [
  ...new Set(errors.map(({ extensions }) => extensions.code)),
]

/** The codes a subscription ended with; the code of the socket's end when it was not even opened. */
async function subscribe(url: string, identity: Identity | null, query: string, variables: object): Promise<string[]> {
  const client = createClient({
    url: url.replace(/^http/, 'ws'),
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    connectionParams: async () => (identity ? { [IDENTITY_HEADER]: await running.signer.sign(identity) } : {}),
  })
  try {
    const codes: string[] = []
    for await (const result of client.iterate({ query, variables: variables as Record<string, unknown> }))
      codes.push(...codesOf(result as never), ...(result.errors ? [] : ['an event']))
    return codes
  } catch (error) {
    if (Array.isArray(error)) return codesOf({ errors: error as never })
    return [String((error as { code?: number }).code)]
  } finally {
    await client.dispose()
  }
}

/** The nodes of a connection, the id of a stored thing, the plain values of anything else. */
function valuesOf(type: GraphQLNamedType): string {
  if (!isObjectType(type)) return ''
  if (type.name.endsWith('Connection')) return '{ nodes { __typename } }'
  // Of a stored thing, this subgraph may know no more than its id.
  if ('id' in type.getFields()) return '{ id }'
  const plain = Object.values(type.getFields()).filter(({ type: below }) => isLeafType(getNamedType(below)))
  return `{ ${plain.map(({ name }) => name).join(' ')} }`
}

/** Null, zero or empty all the way down: no value of the other workspace. */
function isNothing(value: unknown): boolean {
  return value === null || value === 0 || (typeof value === 'object' && Object.values(value).every(isNothing))
}

const pick = (lines: Record<string, string>, coordinate: string): Record<string, string> =>
  Object.fromEntries(
    Object.entries(lines)
      .filter(([line]) => line === coordinate || line === `${coordinate.split('.')[0]}.*`)
      .toSorted(([a]) => (a === coordinate ? -1 : 1))
      .slice(0, 1),
  )
