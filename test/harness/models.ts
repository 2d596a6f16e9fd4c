// The embedded models as tests need them: real ones from the user's cache. Where they are missing a test is skipped by name, in CI it fails.
import type { TestContext } from 'vitest'
import type { TestClient } from './client.ts'

export type NeededCapability = 'CHAT' | 'EMBEDDING'

const APPEAR_TIMEOUT_MS = 30_000
const POLL_MS = 250

/**
 * Waits until the platform lists models of both kinds: it is ready before it has looked at its model files. Returns the names by capability;
 * what has not appeared in time is missing.
 */
export async function waitForModels(client: TestClient): Promise<Map<NeededCapability, string>> {
  const deadline = Date.now() + APPEAR_TIMEOUT_MS
  for (;;) {
    const { models } = await client.query('{ models { nodes { name capabilities } } }')
    const found = new Map<NeededCapability, string>()
    for (const { name, capabilities } of models.nodes as { name: string; capabilities: string[] }[])
      for (const capability of ['CHAT', 'EMBEDDING'] as const)
        if (capabilities.includes(capability)) found.set(capability, name)
    if (found.size === 2 || Date.now() > deadline) return found
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}

/** Skips the running test with the reason in its report when the model is missing. */
export function needModel(
  models: ReadonlyMap<NeededCapability, string>,
  capability: NeededCapability,
  skip: TestContext['skip'],
): string {
  const name = models.get(capability)
  if (name !== undefined) return name
  const reason = `no embedded ${capability} model in the cache; fetch it with: npm start`
  if (process.env['CI'] === 'true') throw new Error(reason)
  skip(reason)
  throw new Error('unreachable: the test was skipped')
}
