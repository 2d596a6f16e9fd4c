// The committed api.graphql to compare with: the last committed one that differs from the one at hand. So a change is seen before
// it is committed, and again in CI right after.

import { execFileSync } from 'node:child_process'

const path = 'schema/api.graphql'

export type EarlierApi =
  | { readonly kind: 'found'; readonly commit: string; readonly sdl: string }
  /** Nothing to compare with: no other version, or no history (an unpacked archive, a shallow clone). */
  | { readonly kind: 'none'; readonly reason: string }

export type EarlierApiOptions = {
  readonly repositoryRoot: string
  /** The API schema at hand. */
  readonly currentSdl: string
  /** A commit, tag or branch to compare with instead, such as the last release; null takes the last version that differs. */
  readonly reference: string | null
}

/** Throws where `reference` names no commit with an API schema. */
export function readEarlierApi({ repositoryRoot, currentSdl, reference }: EarlierApiOptions): EarlierApi {
  const git = (...parameters: string[]) =>
    execFileSync('git', parameters, {
      cwd: repositoryRoot,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 10_000,
      maxBuffer: 16 << 20,
    })
  if (reference !== null) {
    const commit = git('rev-parse', '--verify', `${reference}^{commit}`).trim()
    return { kind: 'found', commit, sdl: git('show', `${commit}:${path}`) }
  }
  try {
    for (const commit of git('log', '--format=%H', '--diff-filter=AM', '--', path).split('\n').filter(Boolean)) {
      const sdl = git('show', `${commit}:${path}`)
      if (sdl !== currentSdl) return { kind: 'found', commit, sdl }
    }
    return { kind: 'none', reason: 'no earlier version is committed' }
  } catch (error) {
    const [firstLine] = error instanceof Error ? error.message.split('\n') : [String(error)]
    return { kind: 'none', reason: `its history cannot be read (${firstLine})` }
  }
}
