// What every real service for tests looks like: a module with `ensureX()` (is it installed, or can it be?) and `startX()` (run one of its own,
// on a free port and a clean directory, until it is closed). A service that cannot be had skips its tests by name; in CI it fails them.
import { createServer } from 'node:net'
import { describe } from 'vitest'

export type Ensured<Installation> = { installation: Installation } | { missing: string }

/** `describe` for tests that need a service: skipped with the reason in its name when the service is missing; an error in CI. */
export function describeWithService<Installation>(
  name: string,
  ensured: Ensured<Installation>,
  suite: (installation: Installation) => void,
): void {
  if ('installation' in ensured) {
    describe(name, () => {
      suite(ensured.installation)
    })
    return
  }
  if (process.env['CI'] === 'true') throw new Error(`${name}: ${ensured.missing}`)
  describe.skip(`${name} (skipped: ${ensured.missing})`, () => {
    suite(undefined as never)
  })
}

/** Below the range that systems take ports of outgoing connections from, so that a restarted process finds its own still free. */
const LOWEST_PORT = 20_000
const HIGHEST_PORT = 32_000

/** Ports on loopback that nothing listens on, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>()
  while (ports.size < count) {
    const port = LOWEST_PORT + Math.floor(Math.random() * (HIGHEST_PORT - LOWEST_PORT))
    if (await isFree(port)) ports.add(port)
  }
  return [...ports]
}

export const isFree = (port: number) =>
  new Promise<boolean>((resolve) => {
    const server = createServer().once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
