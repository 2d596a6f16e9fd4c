// The models that run inside this process, as a host of its own. A model appears as soon as its files are there, without a restart.
import { join } from 'node:path'
import type { ModelDescription } from '../domain/model.ts'
import { modelSizeBytes, type ManifestModel } from '../domain/model-manifest.ts'
import { modelNotAvailable, throwIfCancelled } from '../ports/model-errors.ts'
import type { ModelProvider } from '../ports/model-provider.ts'
import { createLlamaCppChatModel, type LlamaCppChatModel } from './llama-cpp-chat-model.ts'
import { createOnnxEmbeddingModel, type OnnxEmbeddingModel } from './onnx-embedding-model.ts'
import { createOnnxRerankModel, type OnnxRerankModel } from './onnx-rerank-model.ts'

export const EMBEDDED_HOST_NAME = 'embedded'

export interface EmbeddedProviderOptions {
  models: readonly ManifestModel[]
  /** The folder of a model's files, or null while they are not there. */
  locate(model: ManifestModel): Promise<string | null>
  /** Threads of a computation. Default: one less than the cores, at least one. */
  threads?: number
}

type OpenModel = LlamaCppChatModel | OnnxEmbeddingModel | OnnxRerankModel

export function createEmbeddedProvider({ models, locate, threads }: EmbeddedProviderOptions): ModelProvider {
  const opened = new Map<string, OpenModel>()
  const shared = threads === undefined ? {} : { threads }

  /** The model's folder; a typed error that names what is wrong otherwise. */
  const folderOf = async (name: string, capability: ManifestModel['capability'], verb: string, signal: AbortSignal) => {
    throwIfCancelled(signal)
    const model = models.find((candidate) => candidate.name === name)
    if (model === undefined)
      throw modelNotAvailable(name, 'No such model runs inside the platform.', { isRetryable: false })
    if (model.capability !== capability)
      throw modelNotAvailable(name, `It cannot ${verb}; name a model that can.`, { isRetryable: false })
    const directory = await locate(model)
    if (directory === null) throw modelNotAvailable(name, 'Its files are not here yet; the log says why.')
    return { model, directory }
  }
  const keep = <Opened extends OpenModel>(name: string, open: () => Opened): Opened => {
    const known = opened.get(name) as Opened | undefined
    const model = known ?? open()
    opened.set(name, model)
    return model
  }

  return {
    kind: 'EMBEDDED',
    hostName: EMBEDDED_HOST_NAME,

    async listModels(signal) {
      throwIfCancelled(signal)
      const located = await Promise.all(models.map(async (model) => ((await locate(model)) === null ? [] : [model])))
      return located.flat().map((model) => description(model, opened.get(model.name)?.isLoaded() ?? false))
    },

    async openChatModel(name, signal) {
      const { model, directory } = await folderOf(name, 'CHAT', 'chat', signal)
      const defaults = model.chatDefaults ?? { temperature: 0.7, topP: 0.95, maxTokens: 1_024 }
      const modelPath = join(directory, 'model.gguf')
      return keep(name, () =>
        createLlamaCppChatModel({ name, modelPath, contextLength: model.contextLength, defaults, ...shared }),
      )
    },

    async openEmbeddingModel(name, signal) {
      const { model, directory } = await folderOf(name, 'EMBEDDING', 'embed', signal)
      const { contextLength, embeddingDimensions } = model
      return keep(name, () =>
        createOnnxEmbeddingModel({ name, directory, contextLength, dimensions: embeddingDimensions ?? 0, ...shared }),
      )
    },

    async openRerankModel(name, signal) {
      const { model, directory } = await folderOf(name, 'RERANK', 'rerank', signal)
      const { contextLength } = model
      const workers = threads === undefined ? {} : { workers: threads }
      return keep(name, () => createOnnxRerankModel({ name, directory, contextLength, ...workers }))
    },

    async [Symbol.asyncDispose]() {
      await Promise.all([...opened.values()].map((model) => model[Symbol.asyncDispose]()))
    },
  }
}

function description(model: ManifestModel, isLoaded: boolean): ModelDescription {
  return {
    name: model.name,
    capabilities: [model.capability],
    contextLength: model.contextLength,
    embeddingDimensions: model.embeddingDimensions,
    parameterCount: model.parameterCount,
    sizeBytes: modelSizeBytes(model),
    isLoaded,
  }
}
