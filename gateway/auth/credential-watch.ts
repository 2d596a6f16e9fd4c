// Whether the credentials of what is open still count. Each is asked of accounts again every quarter of a second, once however many operations have
// come with it, so that a revocation ends them well within one.
import { TributaryError } from '#shared/errors.ts'
import type { Authenticator } from './authenticate.ts'

export interface CredentialWatch {
  /** `onRefused` is told once, when the credential counts no more. The result ends the watch. */
  watch(authorization: string, onRefused: (error: TributaryError) => void): () => void
  close(): void
}

const RECHECK_MS = 250

export function createCredentialWatch(authenticator: Authenticator): CredentialWatch {
  const watchers = new Map<string, Set<(error: TributaryError) => void>>()
  let timer: NodeJS.Timeout | undefined

  async function recheck(authorization: string): Promise<void> {
    try {
      await authenticator.authenticate(authorization, AbortSignal.timeout(5000))
    } catch (error) {
      // Trouble of our own is no reason to end anything.
      if (!(error instanceof TributaryError) || error.code !== 'UNAUTHENTICATED') return
      const told = watchers.get(authorization)
      watchers.delete(authorization)
      for (const onRefused of told ?? []) onRefused(error)
      stopWhenIdle()
    }
  }

  function stopWhenIdle(): void {
    if (watchers.size > 0) return
    clearInterval(timer)
    timer = undefined
  }

  return {
    watch(authorization, onRefused) {
      let told = watchers.get(authorization)
      if (!told) watchers.set(authorization, (told = new Set()))
      told.add(onRefused)
      timer ??= setInterval(() => {
        for (const watched of watchers.keys()) void recheck(watched)
      }, RECHECK_MS)
      return () => {
        told.delete(onRefused)
        if (told.size === 0 && watchers.get(authorization) === told) watchers.delete(authorization)
        stopWhenIdle()
      }
    },
    close() {
      watchers.clear()
      stopWhenIdle()
    },
  }
}
