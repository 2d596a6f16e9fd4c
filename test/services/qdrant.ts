// Qdrant for tests. No package holds its server, so tests run against a front over the local mode of its Python client (qdrant-front.py says what
// that is worth), or against the server at QDRANT_URL, with QDRANT_API_KEY, where somebody has one.
import { QdrantClient } from '@qdrant/js-client-rest'
import path from 'node:path'
import { ensureInstalled, type Recipe } from './install.ts'
import { createPythonEnvironment, PYTHON_PROGRAM } from './python.ts'
import { startServer, type RunningService } from './server.ts'
import type { Ensured } from './service.ts'

export type QdrantInstallation =
  { kind: 'front'; python: string } | { kind: 'server'; url: string; apiKey: string | undefined }

export interface RunningQdrant extends RunningService {
  url: string
  apiKey: string | undefined
  /** From its next start on the front refuses every write, as Qdrant does for a key that may only read. */
  setReadOnly(isReadOnly: boolean): void
}

const FRONT = path.join(import.meta.dirname, 'qdrant-front.py')
const REQUIREMENTS = path.join(import.meta.dirname, 'qdrant-front.requirements.txt')

const recipe: Recipe = {
  name: 'qdrant',
  /** Of qdrant-client in the requirements; the number behind it counts changes of the others. */
  version: '1.20.0-1',
  program: PYTHON_PROGRAM,
  duration: 'about a minute',
  install: ({ staging, signal }) => createPythonEnvironment(staging, REQUIREMENTS, signal),
}

/** The server at QDRANT_URL, or else the front; the front is installed where services may be. */
export async function ensureQdrant(): Promise<Ensured<QdrantInstallation>> {
  const url = process.env['QDRANT_URL']
  if (url) return { installation: { kind: 'server', url, apiKey: process.env['QDRANT_API_KEY'] || undefined } }
  const ensured = await ensureInstalled(recipe)
  return 'missing' in ensured ? ensured : { installation: { kind: 'front', python: ensured.installation.program } }
}

/** What reports call it, so that nobody takes the one for the other. */
export const nameOfQdrant = ({ kind }: QdrantInstallation): string =>
  kind === 'server' ? 'Qdrant' : 'Qdrant (local mode, not the Qdrant server)'

export async function startQdrant(
  installation: QdrantInstallation,
  options: { apiKey?: string } = {},
): Promise<RunningQdrant> {
  if (installation.kind === 'server') return runningElsewhere(installation)
  const { apiKey } = options
  let url = ''
  let isReadOnly = false
  const server = await startServer({
    name: 'qdrant',
    command({ directory, ports }) {
      url = `http://127.0.0.1:${ports[0]}`
      const flags = [...(apiKey === undefined ? [] : ['--api-key', apiKey]), ...(isReadOnly ? ['--read-only'] : [])]
      return {
        command: installation.python,
        arguments: [FRONT, '--directory', directory, '--port', String(ports[0]), ...flags],
        environment: { PYTHONDONTWRITEBYTECODE: '1' },
      }
    },
    isReady: (line) => line.includes('listens on'),
    environment: () => ({ QDRANT_URL: url, ...(apiKey === undefined ? {} : { QDRANT_API_KEY: apiKey }) }),
  })
  return {
    ...server,
    url,
    apiKey,
    setReadOnly(value) {
      isReadOnly = value
    },
  }
}

export const qdrantClient = ({ url, apiKey }: RunningQdrant): QdrantClient =>
  new QdrantClient({ url, headers: apiKey === undefined ? {} : { 'api-key': apiKey }, checkCompatibility: false })

/** Whatever a store with this prefix made. */
export async function removeCollections(server: RunningQdrant, prefix: string): Promise<void> {
  const client = qdrantClient(server)
  for (const { name } of (await client.getCollections()).collections)
    if (name.startsWith(`${prefix}-`)) await client.deleteCollection(name)
}

/** It belongs to somebody else: it is used, and nothing is done to it. */
function runningElsewhere({ url, apiKey }: { url: string; apiKey: string | undefined }): RunningQdrant {
  const refuse = (): never => {
    throw new Error('The server at QDRANT_URL is not stopped, started or paused by tests.')
  }
  return {
    url,
    apiKey,
    environment: { QDRANT_URL: url, ...(apiKey === undefined ? {} : { QDRANT_API_KEY: apiKey }) },
    stop: async () => refuse(),
    start: async () => refuse(),
    pause: refuse,
    resume: refuse,
    setReadOnly: refuse,
    output: () => '',
    close: async () => undefined,
  }
}
