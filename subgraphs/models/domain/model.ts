// What a model is, whoever serves it. `null` always means that the provider does not say.

export type ModelProviderKind = 'EMBEDDED' | 'OLLAMA'

export type ModelCapability = 'CHAT' | 'EMBEDDING' | 'RERANK' | 'VISION' | 'TOOLS' | 'THINKING'

export interface ModelDescription {
  /** The name people type; unique on its host. */
  name: string
  capabilities: readonly ModelCapability[]
  /** Tokens of prompt and completion together that a request can have on its host, which may be fewer than the model was made for. */
  contextLength: number | null
  /** Components of a vector; null for models that do not embed. */
  embeddingDimensions: number | null
  parameterCount: number | null
  /** Size on disk, in bytes. */
  sizeBytes: number | null
  /** Whether it is in memory now, so that a request starts at once. */
  isLoaded: boolean | null
}
