// A real Ollama for tests: on a free port, with an empty store and two small models, gone without a trace when it is closed.
//
// As a program it builds what is missing, starts one and stays up until Ctrl-C: node test/services/ollama.ts
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { cacheDirectory } from '../../subgraphs/models/model-files/cache-directory.ts'
import { startChild, type Child } from '../harness/child.ts'
import { buildOllama, OLLAMA_VERSION } from './ollama-build.ts'
import { CHAT_MODEL, createOllamaModels, EMBEDDING_DIMENSIONS, EMBEDDING_MODEL } from './ollama-models.ts'
import { freePorts, type Ensured } from './service.ts'

export interface OllamaInstallation {
  /** The program. */
  binary: string
  /** Folder in the user's cache for what belongs to it. */
  home: string
}

export interface RunningOllama {
  /** As OLLAMA_HOST wants it. */
  url: string
  chatModelName: string
  embeddingModelName: string
  embeddingDimensions: number
  /** For tests that kill it. */
  server: Child
  close(): Promise<void>
}

export interface StartOllamaOptions {
  /** Variables of Ollama's own beside those set here. */
  environment?: Record<string, string>
}

/** Finds the built program; builds it (about five minutes) in CI, and elsewhere with TRIBUTARY_BUILD_SERVICES=true. */
export async function ensureOllama(): Promise<Ensured<OllamaInstallation>> {
  const home = path.join(cacheDirectory(process.env), 'services', `ollama-${OLLAMA_VERSION}`)
  const binary = path.join(home, 'bin', 'ollama')
  if (existsSync(binary)) return { installation: { binary, home } }
  const mayBuild = process.env['CI'] === 'true' || process.env['TRIBUTARY_BUILD_SERVICES'] === 'true'
  if (!mayBuild)
    return { missing: 'Ollama is not built; build it (about five minutes) with: node test/services/ollama.ts' }
  try {
    await buildOllama(home)
    return { installation: { binary, home } }
  } catch (error) {
    return { missing: `Ollama could not be built: ${error instanceof Error ? error.message : String(error)}` }
  }
}

export async function startOllama(
  installation: OllamaInstallation,
  options: StartOllamaOptions = {},
): Promise<RunningOllama> {
  const store = await mkdtemp(path.join(os.tmpdir(), 'tributary-ollama-'))
  const [port] = await freePorts(1)
  const url = `http://127.0.0.1:${port}`
  const server = await startChild({
    name: 'ollama',
    command: installation.binary,
    arguments: ['serve'],
    environment: {
      PATH: process.env['PATH'],
      HOME: store,
      OLLAMA_HOST: url,
      OLLAMA_MODELS: path.join(store, 'models'),
      OLLAMA_NO_CLOUD: '1',
      OLLAMA_NUM_PARALLEL: '1',
      OLLAMA_CONTEXT_LENGTH: '2048',
      ...options.environment,
    },
    isReady: (line) => line.includes('Listening on'),
  })
  const close = async (): Promise<void> => {
    await server.stop('SIGTERM')
    await killRunners(store)
    await rm(store, { recursive: true, force: true })
  }
  try {
    await createOllamaModels(url, installation.home)
  } catch (error) {
    await close()
    throw error
  }
  return {
    url,
    server,
    close,
    chatModelName: CHAT_MODEL,
    embeddingModelName: EMBEDDING_MODEL,
    embeddingDimensions: EMBEDDING_DIMENSIONS,
  }
}

/** A server that was killed leaves its runners behind: they are known by the store they read from. */
async function killRunners(store: string): Promise<void> {
  const ids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name))
  for (const id of ids) {
    const command = await readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')
    if (command.includes(store) && command.includes('runner')) process.kill(Number(id), 'SIGKILL')
  }
}

if (import.meta.main) {
  process.env['TRIBUTARY_BUILD_SERVICES'] = 'true'
  const ensured = await ensureOllama()
  if ('missing' in ensured) {
    process.stderr.write(`${ensured.missing}\n`)
    process.exit(1)
  }
  const running = await startOllama(ensured.installation)
  process.stdout.write(`OLLAMA_HOST=${running.url} (${running.chatModelName}, ${running.embeddingModelName})\n`)
  await new Promise((resolve) => process.once('SIGINT', resolve).once('SIGTERM', resolve))
  await running.close()
}
