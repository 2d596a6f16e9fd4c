// Which embedded models this machine has, and fetching those it lacks. Nothing here keeps the platform from starting.
import { chooseDefault } from './domain/choose-model.ts'
import type { ManifestModel } from './domain/model-manifest.ts'
import { cacheDirectory } from './model-files/cache-directory.ts'
import { ensureModelFiles, findModelFiles, type ModelFilesProgress } from './model-files/ensure-model-files.ts'
import { EMBEDDED_CHAT_MODEL, EMBEDDED_EMBEDDING_MODEL, EMBEDDED_RERANK_MODEL } from './model-files/manifest.ts'
import type { PipCommand } from './model-files/pip.ts'
import type { ModelProvider } from './ports/model-provider.ts'
import type { ModelsConfiguration } from './config.ts'

/** In the order they are fetched: without the first there are no vectors, without the last a little less precision. */
export const EMBEDDED_MODELS: readonly ManifestModel[] = [
  EMBEDDED_EMBEDDING_MODEL,
  EMBEDDED_CHAT_MODEL,
  EMBEDDED_RERANK_MODEL,
]

export interface MissingModel {
  name: string
  /** What is missing, why, and what to do, in one sentence or two. */
  message: string
}

export interface FetchOptions {
  signal: AbortSignal
  /** Default: found on the PATH. Null stands for a machine without pip. */
  pip?: PipCommand | null
  onProgress?(progress: ModelFilesProgress): void
}

export const locateIn = (configuration: ModelsConfiguration) => (model: ManifestModel) =>
  findModelFiles(model, cacheDirectory(configuration))

/** Puts in place what no host serves: an Ollama that has a chat model needs no embedded one. Rejects only when the signal aborts. */
export async function fetchMissingModels(
  configuration: ModelsConfiguration,
  otherHosts: readonly ModelProvider[],
  { signal, pip, onProgress }: FetchOptions,
): Promise<{ missing: MissingModel[] }> {
  const served = await servedElsewhere(otherHosts, signal)
  const missing: MissingModel[] = []
  let unreachableBecause: string | undefined
  for (const model of EMBEDDED_MODELS) {
    if (served.has(model.capability)) continue
    const outcome = await ensureModelFiles(model, {
      cacheDirectory: cacheDirectory(configuration),
      signal,
      unreachableBecause,
      ...(pip === undefined ? {} : { pip }),
      canDownload: configuration.TRIBUTARY_MODELS_DOWNLOAD === 'true',
      ...(configuration.TRIBUTARY_MODELS_DIR === undefined
        ? {}
        : { modelsDirectory: configuration.TRIBUTARY_MODELS_DIR }),
      ...(onProgress === undefined ? {} : { onProgress }),
    })
    if (outcome.status === 'ready') continue
    missing.push({ name: model.name, message: outcome.message })
    // What one model could not reach keeps nobody waiting for the others; their files may still lie on this machine.
    if (outcome.reason === 'INDEX_UNREACHABLE') unreachableBecause = outcome.cause
  }
  return { missing }
}

async function servedElsewhere(providers: readonly ModelProvider[], signal: AbortSignal): Promise<Set<string>> {
  const waiting = AbortSignal.any([signal, AbortSignal.timeout(5_000)])
  const lists = await Promise.all(providers.map((provider) => provider.listModels(waiting).catch(() => [])))
  signal.throwIfAborted()
  const models = lists
    .flat()
    .map((model) => ({ ...model, provider: 'OLLAMA' as const, hostNames: [], isAvailable: true }))
  return new Set(
    (['CHAT', 'EMBEDDING'] as const).filter((capability) => chooseDefault(models, capability, undefined) !== null),
  )
}
