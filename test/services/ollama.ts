// A real Ollama for tests: on a free port, with an empty store and two small models, gone without a trace when it is closed.
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { ensureInstalled, type Installed } from './install.ts'
import { ollamaRecipe } from './ollama-build.ts'
import { CHAT_MODEL, createOllamaModels, EMBEDDING_DIMENSIONS, EMBEDDING_MODEL } from './ollama-models.ts'
import { startServer, type RunningService } from './server.ts'
import type { Ensured } from './service.ts'

export type OllamaInstallation = Installed

export interface RunningOllama extends RunningService {
  /** As OLLAMA_HOST wants it. */
  url: string
  chatModelName: string
  embeddingModelName: string
  embeddingDimensions: number
}

export interface StartOllamaOptions {
  /** Variables of Ollama's own beside those set here. */
  environment?: Record<string, string>
}

/** Finds the built program; builds it (about five minutes) where services may be installed. */
export const ensureOllama = (): Promise<Ensured<OllamaInstallation>> => ensureInstalled(ollamaRecipe)

export async function startOllama(
  installation: OllamaInstallation,
  options: StartOllamaOptions = {},
): Promise<RunningOllama> {
  let store = ''
  let url = ''
  const server = await startServer({
    name: 'ollama',
    command({ directory, ports }) {
      store = directory
      url = `http://127.0.0.1:${ports[0]}`
      return {
        command: installation.program,
        arguments: ['serve'],
        environment: {
          OLLAMA_HOST: url,
          OLLAMA_MODELS: path.join(directory, 'models'),
          OLLAMA_NO_CLOUD: '1',
          OLLAMA_NUM_PARALLEL: '1',
          OLLAMA_CONTEXT_LENGTH: '2048',
          ...options.environment,
        },
      }
    },
    isReady: (line) => line.includes('Listening on'),
    environment: () => ({ OLLAMA_HOST: url }),
  })
  const stop: RunningService['stop'] = async (signal) => {
    await server.stop(signal)
    await killRunners(store)
  }
  const close = async (): Promise<void> => {
    await stop()
    await server.close()
  }
  try {
    await createOllamaModels(url, path.dirname(installation.home))
  } catch (error) {
    await close()
    throw error
  }
  return {
    ...server,
    url,
    stop,
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
