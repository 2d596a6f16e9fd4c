// A sentence-embedding model in ONNX form, run inside this process: mean over the token vectors, normalised.
import type { EmbeddingModel } from '../ports/embedding-model.ts'
import { createOnnxRunner } from './onnx-runner.ts'

export interface OnnxEmbeddingModelOptions {
  /** The name callers use. */
  name: string
  /** Folder with config.json, tokenizer.json, tokenizer_config.json and onnx/model_quantized.onnx. */
  directory: string
  /** Components of a vector. */
  dimensions: number
  /** Tokens of a text that reach its vector, special tokens included. */
  contextLength: number
  /** Threads of the computation. Default: one less than the cores, at least one. */
  threads?: number
}

export interface OnnxEmbeddingModel extends EmbeddingModel, AsyncDisposable {
  /** Whether the weights are in memory. */
  isLoaded(): boolean
}

export function createOnnxEmbeddingModel(options: OnnxEmbeddingModelOptions): OnnxEmbeddingModel {
  const { name, dimensions, contextLength } = options
  const runner = createOnnxRunner({ ...options, modelName: name, task: 'embed' })
  return {
    name,
    limits: { dimensions, maxBatch: 64, contextLength, overlongText: 'truncates' },
    isLoaded: runner.isLoaded,
    async embed(texts, signal) {
      const results = await runner.run(texts, signal)
      return {
        vectors: results.map(({ value }) => value as Float32Array),
        promptTokens: results.reduce((sum, { promptTokens }) => sum + promptTokens, 0),
      }
    },
    [Symbol.asyncDispose]: async () => runner[Symbol.asyncDispose](),
  }
}
