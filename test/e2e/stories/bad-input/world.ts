// What the stories about bad input have before them: a platform with the handbook's workspace, and another workspace beside it.
import { expect } from 'vitest'
import type { GraphResult, TestClient } from '../../../harness/client.ts'
import type { PlatformUnderTest } from '../../../harness/platform-under-test.ts'
import { fillWorkspace, type HandbookWorkspace } from '../handbook-workspace.ts'

export interface BadInputWorld {
  platform: PlatformUnderTest
  client: TestClient
  /** The administrator of the other workspace. */
  foreign: TestClient
  workspace: HandbookWorkspace
  createKey(roles: string[], expiresAt?: Date | null): Promise<{ apiKey: { id: string }; secret: string }>
}

const KEY_CREATE = `mutation ($roles: [Role!]!, $expiresAt: DateTime) {
  apiKeyCreate(input: { name: "for a test", roles: $roles, expiresAt: $expiresAt }) { apiKey { id } secret } }`

export async function openBadInputWorld(platform: PlatformUnderTest): Promise<BadInputWorld> {
  const client = platform.client()
  return {
    platform,
    client,
    foreign: platform.client(platform.foreignApiKey),
    workspace: await fillWorkspace(client),
    createKey: async (roles, expiresAt = null) => (await client.query(KEY_CREATE, { roles, expiresAt })).apiKeyCreate,
  }
}

export async function collect(
  client: TestClient,
  operation: string,
  variables: Record<string, unknown>,
): Promise<GraphResult[]> {
  const results: GraphResult[] = []
  for await (const result of client.subscribe(operation, variables)) results.push(result)
  return results
}

/** As the contract says: the code, and the place in what was sent. */
export function expectRefused(results: GraphResult[], argumentPath: string[], code = 'BAD_USER_INPUT'): void {
  expect(results).toHaveLength(1)
  const [error] = results[0]!.errors ?? []
  expect(error?.extensions).toMatchObject({ code, argumentPath })
}
