// A real Chroma server for tests, from its Python package in a virtual environment of its own.
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { ensureInstalled, type Installed, type Recipe } from './install.ts'
import { createPythonEnvironment, PYTHON_PROGRAM } from './python.ts'
import { startServer, type RunningService, type ServerLocation } from './server.ts'
import type { Ensured } from './service.ts'

const REQUIREMENTS = path.join(import.meta.dirname, 'chroma.requirements.txt')

const recipe: Recipe = {
  name: 'chroma',
  /** Of chromadb in the requirements; the number behind it counts changes of the others. */
  version: '1.5.9-1',
  program: PYTHON_PROGRAM,
  duration: 'half a minute',
  install: ({ staging, signal }) => createPythonEnvironment(staging, REQUIREMENTS, signal),
}

/** What the package's own command does, without the Python side of the package. */
const RUN = 'import sys, chromadb_rust_bindings; chromadb_rust_bindings.cli(["chroma", "run", *sys.argv[1:]])'

export interface RunningChroma extends RunningService {
  url: string
}

/** Finds the virtual environment; makes it (half a minute) where services may be installed. */
export const ensureChroma = (): Promise<Ensured<Installed>> => ensureInstalled(recipe)

export async function startChroma({ program }: Installed, { parent }: ServerLocation = {}): Promise<RunningChroma> {
  let url = ''
  const server = await startServer({
    parent,
    name: 'chroma',
    command({ directory, ports }) {
      url = `http://127.0.0.1:${ports[0]}`
      return {
        command: program,
        arguments: ['-c', RUN, '--path', directory, '--host', '127.0.0.1', '--port', String(ports[0])],
        environment: { ANONYMIZED_TELEMETRY: 'False' },
      }
    },
    isReady: (line) => line.includes('listening on address'),
    waitUntilReady: () => untilReady(url),
    environment: () => ({ CHROMA_URL: url }),
  })
  return { ...server, url }
}

/** It says that it listens a moment before it does. */
async function untilReady(url: string): Promise<void> {
  for (;;) {
    const answer = await fetch(`${url}/api/v2/heartbeat`, { signal: AbortSignal.timeout(5_000) }).catch(() => null)
    if (answer?.ok) return
    await delay(50)
  }
}
