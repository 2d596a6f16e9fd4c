// accounts as a running subgraph on a real database: keys, roles, and the second door, `_entities`.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestPlatform, requestSubgraph, testIdentity, type TestPlatform } from '../../test/harness/platform.ts'
import { AUTHENTICATE_PATH, createAccountsClient } from '../../contracts/accounts-client.ts'
import { IDENTITY_HEADER } from '../../contracts/identity.ts'
import { startAccounts, type RunningAccounts } from './main.ts'

let platform: TestPlatform
let accounts: RunningAccounts
let workspaceId: string
const signal = new AbortController().signal

beforeAll(async () => {
  platform = await createTestPlatform()
  accounts = await startAccounts(platform, {})
  platform.origins.set('accounts', new URL(accounts.url).origin)
  workspaceId = accounts.firstStart.workspace.id
})

afterAll(async () => {
  await accounts.close()
  await platform.close()
})

const asRole = (role: 'ADMIN' | 'EDITOR' | 'VIEWER' | 'SERVICE', query: string, variables = {}) =>
  requestSubgraph(platform, accounts.url, testIdentity(workspaceId, role), query, variables)

const CREATE =
  'mutation ($input: ApiKeyCreateInput!) { apiKeyCreate(input: $input) { apiKey { id prefix roles } secret userErrors { code path message } } }'

test('the first start makes a workspace and a secret that authenticates as its administrator', async () => {
  const client = createAccountsClient({
    origin: () => platform.originOf('accounts'),
    signer: platform.signer,
    processName: 'test',
  })
  const identity = await client.authenticate(accounts.firstStart.createdSecret!, signal)
  expect(identity).toMatchObject({ workspaceId, roles: ['ADMIN'] })
  expect(await client.authenticate('trb_wrong', signal)).toBeNull()
})

test("a secret longer than any key, as a token of another system is, is nobody's", async () => {
  const client = createAccountsClient({
    origin: () => platform.originOf('accounts'),
    signer: platform.signer,
    processName: 'test',
  })
  expect(await client.authenticate(`eyJ${'a'.repeat(4000)}`, signal)).toBeNull()
  const response = await fetch(`${platform.originOf('accounts')}${AUTHENTICATE_PATH}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', [IDENTITY_HEADER]: await platform.signer.signInternal('test') },
    body: JSON.stringify({ secret: 'x'.repeat(4000) }),
  })
  expect(await response.json()).toEqual({ identity: null })
})

test('a request without the signed identity is refused', async () => {
  const answer = await requestSubgraph(platform, accounts.url, null, '{ viewer { subject } }')
  expect(answer.errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED')
})

test('a created key authenticates until it is revoked, and its secret is stored nowhere', async () => {
  const { data } = await asRole('ADMIN', CREATE, { input: { name: 'reader', roles: ['VIEWER'] } })
  const { secret, apiKey } = data.apiKeyCreate
  const client = createAccountsClient({
    origin: () => platform.originOf('accounts'),
    signer: platform.signer,
    processName: 'test',
  })
  expect(await client.authenticate(secret, signal)).toMatchObject({ subject: apiKey.id, roles: ['VIEWER'] })
  await asRole('ADMIN', 'mutation ($id: ID!) { apiKeyRevoke(id: $id) { apiKey { revokedAt } } }', { id: apiKey.id })
  expect(await client.authenticate(secret, signal)).toBeNull()
  const listed = await asRole('ADMIN', '{ apiKeys { id revokedAt lastUsedAt } }')
  expect(listed.data.apiKeys.find((key: { id: string }) => key.id === apiKey.id)).toMatchObject({
    revokedAt: expect.any(String),
    lastUsedAt: expect.any(String),
  })
  const stored = await platform.database.sql.execute('select row_to_json(k)::text as row from accounts.api_key k')
  expect(JSON.stringify(stored)).not.toContain(secret)
})

test('bad input is answered with user errors that name the field', async () => {
  const { data } = await asRole('ADMIN', CREATE, { input: { name: ' ', roles: [], expiresAt: '2020-01-01T00:00:00Z' } })
  expect(data.apiKeyCreate.apiKey).toBeNull()
  expect(data.apiKeyCreate.userErrors.map((error: { path: string[] }) => error.path.join('.'))).toEqual([
    'input.name',
    'input.roles',
    'input.expiresAt',
  ])
})

test.for(['a\0b', 'half \ud83d'])('a name that cannot be stored (%j) is a user error', async (name) => {
  const { data } = await asRole('ADMIN', CREATE, { input: { name, roles: ['VIEWER'] } })
  expect(data.apiKeyCreate).toMatchObject({ apiKey: null, userErrors: [{ code: 'INVALID', path: ['input', 'name'] }] })
})

test('ids that are none are unknown', async () => {
  const ids = ['nonsense', 'key_\0', 'ws_01h2xcejqtf2nbrexx3vqjhp41\0', '', '\ud83d']
  const representations = ids.flatMap((id) => ['ApiKey', 'Workspace'].map((__typename) => ({ __typename, id })))
  const answer = await asRole('ADMIN', 'query ($r: [_Any!]!) { _entities(representations: $r) { __typename } }', {
    r: representations,
  })
  expect(answer).toEqual({ data: { _entities: representations.map(() => null) } })
  for (const id of ids) {
    expect(await asRole('ADMIN', 'query ($id: ID!) { node(id: $id) { id } }', { id })).toEqual({ data: { node: null } })
    const revoked = await asRole('ADMIN', 'mutation ($id: ID!) { apiKeyRevoke(id: $id) { userErrors { code } } }', {
      id,
    })
    expect(revoked.data.apiKeyRevoke.userErrors).toEqual([{ code: 'NOT_FOUND' }])
  }
})

test('only ADMIN may read or change keys, through entity resolution too', async () => {
  const { data } = await asRole('ADMIN', CREATE, { input: { name: 'guarded', roles: ['VIEWER'] } })
  const { id } = data.apiKeyCreate.apiKey
  for (const role of ['EDITOR', 'VIEWER', 'SERVICE'] as const) {
    for (const query of ['{ apiKeys { id } }', `mutation { apiKeyRevoke(id: "${id}") { apiKey { id } } }`]) {
      expect((await asRole(role, query)).errors?.[0]?.extensions.code).toBe('FORBIDDEN')
    }
    const entities = await asRole(
      role,
      'query ($r: [_Any!]!) { _entities(representations: $r) { ... on ApiKey { prefix } } }',
      { r: [{ __typename: 'ApiKey', id }] },
    )
    expect(entities.errors?.[0]?.extensions.code).toBe('FORBIDDEN')
    expect(entities.data?._entities?.[0] ?? null).toBeNull()
  }
})

test('the keys and the workspace of another workspace do not exist', async () => {
  const { data } = await asRole('ADMIN', CREATE, { input: { name: 'own', roles: ['VIEWER'] } })
  const foreign = testIdentity('ws_foreign', 'ADMIN')
  const representations = [
    { __typename: 'ApiKey', id: data.apiKeyCreate.apiKey.id },
    { __typename: 'Workspace', id: workspaceId },
  ]
  const answer = await requestSubgraph(
    platform,
    accounts.url,
    foreign,
    'query ($r: [_Any!]!) { _entities(representations: $r) { __typename } }',
    { r: representations },
  )
  expect(answer.data._entities).toEqual([null, null])
  expect(
    (await requestSubgraph(platform, accounts.url, foreign, `{ node(id: "${workspaceId}") { id } }`)).data.node,
  ).toBeNull()
})

test('many representations cost one statement', async () => {
  const before = platform.statements.length
  const representations = Array.from({ length: 50 }, () => ({ __typename: 'Workspace', id: workspaceId }))
  await asRole('VIEWER', 'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Workspace { name } } }', {
    r: representations,
  })
  expect(platform.statements.length - before).toBe(1)
})
