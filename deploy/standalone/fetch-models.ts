// Fetches the embedded models beside the running platform, and lets whoever looks at it see how far it is.
import type { fetchEmbeddedModels } from '../../subgraphs/models/main.ts'

type Fetch = typeof fetchEmbeddedModels
export type FetchProgress = Parameters<NonNullable<Parameters<Fetch>[1]['onProgress']>>[0]

export interface ModelsFetch {
  /** What could not be had, each with what to do about it. */
  finished: Promise<Awaited<ReturnType<Fetch>>>
  /** From now on; the latest at once. */
  watch(onProgress: (progress: FetchProgress) => void): void
  close(): Promise<void>
}

export function fetchModels(options: { fetch: Fetch; environment: NodeJS.ProcessEnv }): ModelsFetch {
  const stopping = new AbortController()
  let latest: FetchProgress | undefined
  let watcher: ((progress: FetchProgress) => void) | undefined
  const finished = options.fetch(options.environment, {
    signal: stopping.signal,
    onProgress(progress) {
      latest = progress
      watcher?.(progress)
    },
  })
  // Whoever waits for it hears of it; nobody has to.
  finished.catch(() => undefined)
  return {
    finished,
    watch(onProgress) {
      watcher = onProgress
      if (latest) onProgress(latest)
    },
    async close() {
      stopping.abort()
      await finished.catch(() => undefined)
    },
  }
}
