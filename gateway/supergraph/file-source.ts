// A supergraph from a file that is looked at every second: by its state and not by events of the file system, which mounted volumes do not
// send, and which say nothing of a link that points elsewhere now (as Kubernetes changes a ConfigMap).
import { unwatchFile, watchFile } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Logger } from 'pino'
import { readSupergraphFile } from './supergraph-text.ts'
import type { SupergraphSource } from './supergraph-source.ts'

const POLL_MS = 1000

export function createFileSource(options: {
  file: string | URL
  logger: Logger
  /** Default 1,000 ms. */
  pollMs?: number
}): SupergraphSource {
  const file = options.file instanceof URL ? fileURLToPath(options.file) : options.file
  let reread: (() => void) | null = null
  return {
    async start(onChange) {
      const sdl = await readSupergraphFile(file)
      reread = () =>
        void readSupergraphFile(file).then(onChange, (error: unknown) =>
          options.logger.warn({ err: error }, 'the supergraph file changed and cannot be read; the one before stays'),
        )
      watchFile(file, { interval: options.pollMs ?? POLL_MS, persistent: false }, reread)
      return sdl
    },
    async close() {
      if (reread) unwatchFile(file, reread)
    },
  }
}
