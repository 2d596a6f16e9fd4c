// A cross-encoder in ONNX form, run inside this process.
import { availableParallelism } from 'node:os'
import type { RerankModel } from '../ports/rerank-model.ts'
import { createOnnxRunner } from './onnx-runner.ts'

export interface OnnxRerankModelOptions {
  /** The name callers use. */
  name: string
  /** Folder with config.json, tokenizer.json, tokenizer_config.json and onnx/model_quantized.onnx. */
  directory: string
  /** Tokens of question and passage together that are read, special tokens included. */
  contextLength: number
  /** Passages read at the same time, by a thread each with the weights of its own. Default: as many as cores, at most four. */
  workers?: number
}

/** More would cost 50 MB each and help only those who ask when nobody else does. */
const WORKERS_MAX = 4

export interface OnnxRerankModel extends RerankModel, AsyncDisposable {
  /** Whether the weights are in memory. */
  isLoaded(): boolean
}

export function createOnnxRerankModel(options: OnnxRerankModelOptions): OnnxRerankModel {
  const { name, contextLength, workers = Math.min(WORKERS_MAX, availableParallelism()) } = options
  const runner = createOnnxRunner({ ...options, modelName: name, task: 'rerank', workers, threads: 1 })
  return {
    name,
    limits: { contextLength },
    isLoaded: runner.isLoaded,
    async rerank(question, passages, signal) {
      const pairs = passages.map((passage) => [question, passage] as const)
      const results = await runner.run(pairs, signal)
      return {
        scores: results.map(({ value }) => value as number),
        promptTokens: results.reduce((sum, { promptTokens }) => sum + promptTokens, 0),
      }
    },
    [Symbol.asyncDispose]: async () => runner[Symbol.asyncDispose](),
  }
}
