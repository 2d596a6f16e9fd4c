// An embedding model on an Ollama host.
import type { EmbeddingModel } from '../ports/embedding-model.ts'
import { modelFailed, throwIfCancelled } from '../ports/model-errors.ts'
import type { OllamaClient } from './ollama-client.ts'
import { embedSchema } from './ollama-wire.ts'

export interface OllamaEmbeddingModelOptions {
  name: string
  client: OllamaClient
  dimensions: number
  contextLength: number
}

/** Ollama works through one request after the other: a small batch is how long a search waits behind a document. */
const MAX_BATCH = 16

export function createOllamaEmbeddingModel({
  name,
  client,
  dimensions,
  contextLength,
}: OllamaEmbeddingModelOptions): EmbeddingModel {
  return {
    name,
    limits: { dimensions, maxBatch: MAX_BATCH, contextLength, overlongText: 'truncates' },
    async embed(texts, signal) {
      throwIfCancelled(signal)
      const vectors: Float32Array[] = []
      let promptTokens = 0
      for (let start = 0; start < texts.length; start += MAX_BATCH) {
        const batch = texts.slice(start, start + MAX_BATCH)
        const answer = await client.ask(
          { modelName: name, isModelWork: true, signal },
          (ollama) => ollama.embed({ model: name, input: batch, truncate: true }),
          embedSchema,
        )
        if (answer.embeddings.length !== batch.length) {
          throw modelFailed(name, `it gave ${answer.embeddings.length} vectors for ${batch.length} texts.`)
        }
        vectors.push(...answer.embeddings.map((vector) => Float32Array.from(vector)))
        promptTokens += answer.prompt_eval_count
      }
      return { vectors, promptTokens }
    },
  }
}
