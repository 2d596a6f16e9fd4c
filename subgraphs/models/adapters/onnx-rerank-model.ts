// A cross-encoder in ONNX form, run inside this process, with heads of its own on what an inner layer sees (reading-heads.ts).
import { availableParallelism } from 'node:os'
import type { RerankModel, RerankPassage } from '../ports/rerank-model.ts'
import { createOnnxRunner } from './onnx-runner.ts'
import type { HiddenReading } from './onnx-worker.ts'
import { readWithHeads } from './reading-heads.ts'

export interface OnnxRerankModelOptions {
  /** The name callers use. */
  name: string
  /** Folder with config.json, tokenizer.json, tokenizer_config.json and onnx/model_quantized.onnx. */
  directory: string
  /** Tokens of question and passage together that are read, special tokens included. */
  contextLength: number
  /** Passages read at the same time, by a thread each with the weights of its own. Default: as many as cores, at most four. */
  workers?: number
  /** Computes the layers above those that are read too, for the `logit` of `readHidden`. Default false. */
  withLogits?: boolean
}

/** More would cost 50 MB each and help only those who ask when nobody else does. */
const WORKERS_MAX = 4

export interface OnnxRerankModel extends RerankModel, AsyncDisposable {
  /** Whether the weights are in memory. */
  isLoaded(): boolean
  /** What the heads are applied to, and fitted on. */
  readHidden(question: string, passages: readonly RerankPassage[], signal: AbortSignal): Promise<HiddenReading[]>
}

export function createOnnxRerankModel(options: OnnxRerankModelOptions): OnnxRerankModel {
  const { name, contextLength, withLogits = false, workers = Math.min(WORKERS_MAX, availableParallelism()) } = options
  const task = withLogits ? 'rerank with logits' : 'rerank'
  const runner = createOnnxRunner({ ...options, modelName: name, task, workers, threads: 1 })
  /** Longest first: at the end no worker waits for one that has just begun a long passage. */
  const read = async (question: string, passages: readonly RerankPassage[], signal: AbortSignal) => {
    const ordered = [...passages.entries()].sort(([, left], [, right]) => lengthOf(right) - lengthOf(left))
    const results = await runner.run(
      ordered.map(([, passage]) => ({ question, passage })),
      signal,
    )
    return ordered
      .map(([place], index) => ({ place, ...results[index]! }))
      .sort((left, right) => left.place - right.place)
  }
  return {
    name,
    limits: { contextLength },
    isLoaded: runner.isLoaded,
    async rerank(question, passages, signal) {
      const results = await read(question, passages, signal)
      return {
        readings: results.map(({ value }) => readWithHeads(value as HiddenReading)),
        promptTokens: results.reduce((sum, { promptTokens }) => sum + promptTokens, 0),
      }
    },
    async readHidden(question, passages, signal) {
      return (await read(question, passages, signal)).map(({ value }) => value as HiddenReading)
    },
    [Symbol.asyncDispose]: async () => runner[Symbol.asyncDispose](),
  }
}

const lengthOf = ({ context, sentences }: RerankPassage): number =>
  sentences.reduce((sum, sentence) => sum + sentence.length, context.length)
