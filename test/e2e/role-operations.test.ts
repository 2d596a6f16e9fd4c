// The example operations, which together select every field of the API, through the gateway with a key of every role, and with the
// administrator of another workspace, who learns nothing.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { readFileSync } from 'node:fs'
import { Kind } from 'graphql'
import { roleSchema, type Role } from '../../contracts/identity.ts'
import { readExampleOperations, type ExampleOperation } from '../../schema/operations.ts'
import type { TestClient } from '../harness/client.ts'
import type { Expectation } from '../harness/expected-permissions.ts'
import { needModel } from '../harness/models.ts'
import { STORY_TIMEOUTS, type PlatformUnderTest } from '../harness/platform-under-test.ts'
import { startStandalone } from '../harness/standalone.ts'
import { fillWorkspace, idsByPrefix, SHARED_PREFIXES, type HandbookWorkspace } from './stories/handbook-workspace.ts'
import { execute, neededModel, variablesOf } from './stories/operations.ts'

vi.setConfig(STORY_TIMEOUTS)
const expectation = JSON.parse(
  readFileSync(new URL('./role-matrix.expected.json', import.meta.url), 'utf8'),
) as Expectation
const operations = readExampleOperations()

let platform: PlatformUnderTest
let client: TestClient
let workspace: HandbookWorkspace
const clients = new Map<Role, TestClient>()

beforeAll(async () => {
  platform = await startStandalone()
  client = platform.client()
  workspace = await fillWorkspace(client)
  for (const role of roleSchema.options) {
    const created = await client.query(
      'mutation ($roles: [Role!]!) { apiKeyCreate(input: { name: "of a role", roles: $roles }) { secret } }',
      { roles: [role] },
    )
    clients.set(role, platform.client(created.apiKeyCreate.secret))
  }
})
afterAll(() => platform?.close())

/** Those who may call every root field of the operation. */
function allowedRoles({ document, type }: ExampleOperation): Role[] {
  const root = type[0]!.toUpperCase() + type.slice(1)
  const fields = document.definitions.flatMap((definition) =>
    definition.kind === Kind.OPERATION_DEFINITION
      ? definition.selectionSet.selections.flatMap((selection) =>
          selection.kind === Kind.FIELD ? [`${root}.${selection.name.value}`] : [],
        )
      : [],
  )
  const lines = Object.assign({}, ...Object.values(expectation.subgraphs)) as Record<string, string>
  return roleSchema.options.filter((role) =>
    fields.every((field) => expectation.groups[lines[field] ?? '']?.includes(role)),
  )
}

/** A long job that the role may not cancel would keep all later ones waiting. */
async function endJob(operation: ExampleOperation, variables: Record<string, unknown>): Promise<void> {
  if (operation.name === 'IngestionJobCancel') await execute(client, operation, variables)
}

describe.each(roleSchema.options)('with the role %s', (role) => {
  test.for(operations)('$name is executed if and only if the role may', async (operation, { skip }) => {
    const needed = neededModel(operation)
    if (needed) needModel(workspace.models, needed, skip)
    const variables = await variablesOf(operation, workspace, client)
    const unique = operation.name === 'KnowledgeBaseCreate' ? { name: `Made by ${role}` } : {}
    const results = await execute(clients.get(role)!, operation, { ...variables, ...unique })
    await endJob(operation, variables)
    const codes = results.flatMap(({ errors = [] }) => errors.map(({ extensions }) => extensions.code))
    expect([...new Set(codes)]).toEqual(allowedRoles(operation).includes(role) ? [] : ['FORBIDDEN'])
  })
})

test.for(operations)('$name tells the administrator of another workspace nothing', async (operation, { skip }) => {
  const needed = neededModel(operation)
  if (needed) needModel(workspace.models, needed, skip)
  const foreign = platform.client(platform.foreignApiKey)
  const variables = await variablesOf(operation, workspace, client)
  const results = await execute(foreign, operation, variables)
  await endJob(operation, variables)
  const ours = Object.entries(idsByPrefix(workspace)).flatMap(([prefix, id]) =>
    id === null || SHARED_PREFIXES.includes(prefix as never) ? [] : [id],
  )
  // Errors may repeat what the caller sent; data may not know it.
  const told = JSON.stringify(results.map(({ data }) => data ?? null))
  for (const secret of [...ours, 'Aldermoor', 'Halvorsen']) expect(told).not.toContain(secret)
})
