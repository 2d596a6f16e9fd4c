// A real Chroma server for tests, from its Python package in a virtual environment of its own.
import path from 'node:path'
import { ensureInstalled, runTool, type Installed, type Recipe } from './install.ts'
import { startServer, type RunningService } from './server.ts'
import type { Ensured } from './service.ts'

const VERSION = '1.5.9'

const recipe: Recipe = {
  name: 'chroma',
  version: VERSION,
  // Not bin/chroma: its first line names the folder that everything was made in, not the one it is moved to.
  program: 'bin/python3',
  duration: 'about a minute',
  async install({ staging, signal }) {
    await runTool('python3', ['-m', 'venv', staging], { signal }).catch((cause: unknown) => {
      throw new Error('Python 3.9 or newer with its module venv is missing', { cause })
    })
    const install = ['-m', 'pip', 'install', '--no-cache-dir', '--only-binary=:all:', `chromadb==${VERSION}`]
    await runTool(path.join(staging, 'bin/python3'), install, { signal })
  },
}

/** What the package's own command does, without the embedding functions that it loads before. */
const RUN = 'import sys, chromadb_rust_bindings; chromadb_rust_bindings.cli(["chroma", "run", *sys.argv[1:]])'

export interface RunningChroma extends RunningService {
  url: string
}

/** Finds the virtual environment; makes it (about a minute) where services may be installed. */
export const ensureChroma = (): Promise<Ensured<Installed>> => ensureInstalled(recipe)

export async function startChroma({ program }: Installed): Promise<RunningChroma> {
  let url = ''
  const server = await startServer({
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
    environment: () => ({ CHROMA_URL: url }),
  })
  return { ...server, url }
}
