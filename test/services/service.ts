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

/** Ports that were free a moment ago, all different: held open together, then released. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve, reject) => {
          const server = createServer().once('error', reject)
          server.listen(0, '127.0.0.1', () => resolve(server))
        }),
    ),
  )
  const ports = servers.map((server) => (server.address() as { port: number }).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}
