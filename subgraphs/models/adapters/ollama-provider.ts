// One Ollama host as a ModelProvider, over its native API: only that one reports errors inside streams, token counts and loaded models.
import pLimit from 'p-limit'
import type { ModelCapability, ModelDescription } from '../domain/model.ts'
import { modelNotAvailable } from '../ports/model-errors.ts'
import type { ModelProvider } from '../ports/model-provider.ts'
import { ollamaAddress, ollamaHostName } from './ollama-address.ts'
import { createOllamaChatModel } from './ollama-chat-model.ts'
import { createOllamaEmbeddingModel } from './ollama-embedding-model.ts'
import { createOllamaClient, type OllamaTimeouts } from './ollama-client.ts'
import { LEAST_CONTEXT_LENGTH, ollamaContext, type OllamaContext } from './ollama-context.ts'
import { runningSchema, showSchema, tagsSchema, type Show } from './ollama-wire.ts'

export interface OllamaProviderOptions {
  /** As OLLAMA_HOST is written. */
  address: string
  /** Default: those of OLLAMA_TIMEOUTS. */
  timeouts?: Partial<OllamaTimeouts>
}

/** What Ollama calls them, where the platform has a use for it. */
const CAPABILITIES: Readonly<Record<string, ModelCapability>> = {
  completion: 'CHAT',
  embedding: 'EMBEDDING',
  vision: 'VISION',
  tools: 'TOOLS',
  thinking: 'THINKING',
}
const SHOW_CONCURRENCY = 4

export function createOllamaProvider(options: OllamaProviderOptions): ModelProvider {
  const url = ollamaAddress(options.address)
  const hostName = ollamaHostName(url)
  const client = createOllamaClient({
    url,
    hostName,
    ...(options.timeouts === undefined ? {} : { timeouts: options.timeouts }),
  })
  const limit = pLimit(SHOW_CONCURRENCY)
  /** By name and digest: a model that was pulled anew is described anew. */
  let shown = new Map<string, Show>()

  const show = (modelName: string, signal: AbortSignal): Promise<Show> =>
    client.ask({ modelName, signal }, (ollama) => ollama.show({ model: modelName }), showSchema)

  const listRunning = async (signal: AbortSignal): Promise<Map<string, number>> => {
    const { models } = await client.ask({ signal }, (ollama) => ollama.ps(), runningSchema)
    return new Map((models ?? []).map(({ name, context_length }) => [name, context_length]))
  }

  return {
    kind: 'OLLAMA',
    hostName,

    async listModels(signal) {
      const [{ models }, running] = await Promise.all([
        client.ask({ signal }, (ollama) => ollama.list(), tagsSchema),
        listRunning(signal),
      ])
      const known = new Map<string, Show>()
      const describe = async ({
        name,
        size,
        digest,
      }: {
        name: string
        size: number
        digest: string
      }): Promise<ModelDescription> => {
        const key = `${name} ${digest}`
        const details = shown.get(key) ?? (await limit(() => show(name, signal)))
        known.set(key, details)
        return description({ name, sizeBytes: size, loadedLength: running.get(name) ?? null, details })
      }
      const described = await Promise.all((models ?? []).map(describe))
      shown = known
      return described
    },

    async openChatModel(name, signal) {
      const [details, running] = await Promise.all([show(name, signal), listRunning(signal)])
      requireCapability('completion', 'chat', name, details)
      const context = contextOf(details, running.get(qualified(name)) ?? null)
      return createOllamaChatModel({ name, hostName, client, context })
    },

    async openEmbeddingModel(name, signal) {
      const details = await show(name, signal)
      requireCapability('embedding', 'embed', name, details)
      const dimensions = architectureNumber(details, 'embedding_length') ?? 0
      const contextLength = architectureNumber(details, 'context_length') ?? LEAST_CONTEXT_LENGTH
      return createOllamaEmbeddingModel({
        name,
        client,
        dimensions,
        contextLength: Math.min(contextLength, numCtx(details) ?? Infinity),
      })
    },

    async openRerankModel(name) {
      throw modelNotAvailable(name, 'Ollama serves no reranking models.', { isRetryable: false })
    },

    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  }
}

/** Ollama adds the tag `latest` to a name without one. */
export function qualified(name: string): string {
  return name.includes(':') ? name : `${name}:latest`
}

function description(model: {
  name: string
  sizeBytes: number
  /** Null while it is not loaded. */
  loadedLength: number | null
  details: Show
}): ModelDescription {
  const { name, sizeBytes, loadedLength, details } = model
  const capabilities = (details.capabilities ?? []).flatMap((word) => CAPABILITIES[word] ?? [])
  const canEmbed = capabilities.includes('EMBEDDING')
  const parameterCount = details.model_info?.['general.parameter_count']
  return {
    name,
    capabilities,
    contextLength: capabilities.includes('CHAT')
      ? contextOf(details, loadedLength).longest
      : architectureNumber(details, 'context_length'),
    embeddingDimensions: canEmbed ? architectureNumber(details, 'embedding_length') : null,
    parameterCount: typeof parameterCount === 'number' ? parameterCount : null,
    sizeBytes,
    isLoaded: loadedLength !== null,
  }
}

function architectureNumber({ model_info }: Show, key: string): number | null {
  const architecture = model_info?.['general.architecture']
  const value = model_info?.[`${String(architecture)}.${key}`]
  return typeof value === 'number' ? value : null
}

function numCtx({ parameters }: Show): number | null {
  const found = /^num_ctx\s+(\d+)/m.exec(parameters ?? '')
  return found === null ? null : Number(found[1])
}

/** Older hosts do not say with which length a model is loaded: that is 0 here, and means nothing. */
function contextOf(details: Show, loadedLength: number | null): OllamaContext {
  return ollamaContext({
    architectureLength: architectureNumber(details, 'context_length'),
    modelfileLength: numCtx(details),
    loadedLength: loadedLength || null,
  })
}

function requireCapability(capability: string, verb: string, name: string, details: Show): void {
  if (details.capabilities?.includes(capability) === true) return
  throw modelNotAvailable(name, `It cannot ${verb}; name a model that can.`, { isRetryable: false })
}
