// The thread in which ONNX models run: the runtime computes synchronously, and on the main thread one text would stop every stream of the
// process for its 30 ms. It reads files of its own folder only and never asks a hub.
import { readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { AutoModel, AutoTokenizer, env, LogLevel, mean_pooling, type Tensor } from '@huggingface/transformers'
import { InferenceSession, Tensor as OnnxTensor } from 'onnxruntime-node'
import type { RerankPassage } from '../ports/rerank-model.ts'
import { withOnlyOutputs } from './cut-onnx-graph.ts'

/** What the main thread asks for when it starts the worker. */
export interface OnnxWorkerData {
  task: 'embed' | 'rerank' | 'rerank with logits'
  /** The model's folder: config.json, tokenizer.json, tokenizer_config.json, onnx/model_quantized.onnx. */
  directory: string
  /** Tokens of one item that are read. */
  contextLength: number
  threads: number
}

/** One text to embed, or a question and a passage to read together. */
export type OnnxItem = string | { question: string; passage: RerankPassage }

/** What a cross-encoder sees of a question and a passage in `READ_LAYER`. */
export interface HiddenReading {
  /** The [CLS] token. */
  passage: Float32Array
  /** The mean of each sentence's tokens; null for a sentence beyond the model's context. */
  sentences: (Float32Array | null)[]
  /** The score of all its layers; null unless the task is 'rerank with logits'. */
  logit: number | null
}

/** A unit vector, or a reading. */
export interface OnnxResult {
  value: Float32Array | HiddenReading
  promptTokens: number
}

/**
 * Counted from 0, as the tensors of the graph are named. What the eighth of twelve layers sees predicts answers best, and the four above it,
 * a third of the time, are left out (docs/decisions/2026-11-30-eight-layers-of-the-cross-encoder.md).
 */
const READ_LAYER = 7
const STATES = `/bert/encoder/layer.${String(READ_LAYER)}/output/LayerNorm/Add_1_output_0`
const LOGITS = 'logits'

export type OnnxRequest = { kind: 'item'; item: OnnxItem } | { kind: 'close' }
export type OnnxReply = { kind: 'ready' } | { kind: 'result'; result: OnnxResult } | { kind: 'failed'; message: string }

type Run = (item: OnnxItem) => Promise<OnnxResult>

async function open({
  task,
  directory,
  contextLength,
  threads,
}: OnnxWorkerData): Promise<{ run: Run; close(): Promise<unknown> }> {
  env.allowRemoteModels = false
  env.localModelPath = dirname(directory)
  env.logLevel = LogLevel.ERROR
  const name = basename(directory)
  const options = {
    dtype: 'q8',
    device: 'cpu',
    // Threads that spin while they wait take the time of whatever else runs here.
    session_options: {
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      logSeverityLevel: 3,
      extra: { session: { intra_op: { allow_spinning: '0' } } },
    },
  } as const
  const tokenizer = await AutoTokenizer.from_pretrained(name)
  const limits = { padding: false, truncation: true, max_length: contextLength }
  const tokenCount = (input: { input_ids: Tensor }): number => input.input_ids.dims[1] ?? 0

  if (task === 'embed') {
    const model = await AutoModel.from_pretrained(name, options)
    const run: Run = async (item) => {
      const input = tokenizer(item as string, limits)
      const output = await model(input)
      const vector = mean_pooling(output.last_hidden_state, input.attention_mask).normalize(2, -1)
      return { value: new Float32Array(vector.data as Float32Array), promptTokens: tokenCount(input) }
    }
    return { run, close: () => model.dispose() }
  }
  const file = await readFile(join(directory, 'onnx', 'model_quantized.onnx'))
  const outputs = task === 'rerank' ? [STATES] : [STATES, LOGITS]
  const session = await InferenceSession.create(withOnlyOutputs(file, outputs), options.session_options)
  const [begin = 0, end = 0] = tokenizer.encode('')
  const idsOf = (text: string): number[] => (text === '' ? [] : tokenizer.encode(text, { add_special_tokens: false }))
  const run: Run = async (item) => {
    const { question, passage } = item as Exclude<OnnxItem, string>
    const asked = idsOf(question).slice(0, Math.floor(contextLength / 2))
    const context = passage.context === '' ? [] : idsOf(`${passage.context}.`)
    const sentences = passage.sentences.map(idsOf)
    const read = [...context, ...sentences.flat()].slice(0, contextLength - asked.length - 3)
    const ids = [begin, ...asked, end, ...read, end]
    const integers = (values: readonly number[]) =>
      new OnnxTensor('int64', BigInt64Array.from(values, BigInt), [1, values.length])
    const output = await session.run({
      input_ids: integers(ids),
      attention_mask: integers(ids.map(() => 1)),
      token_type_ids: integers(ids.map((_, place) => (place < asked.length + 2 ? 0 : 1))),
    })
    const states = output[STATES]!.data as Float32Array
    const width = states.length / ids.length
    let start = asked.length + 2 + context.length
    const value: HiddenReading = {
      passage: states.slice(0, width),
      sentences: sentences.map(({ length }) => {
        const stop = Math.min(start + length, ids.length - 1)
        const mean = stop > start ? meanOf(states, start, stop, width) : null
        start += length
        return mean
      }),
      logit: task === 'rerank' ? null : Number(output[LOGITS]!.data[0]),
    }
    return { value, promptTokens: ids.length }
  }
  return { run, close: () => session.release() }
}

function meanOf(states: Float32Array, start: number, stop: number, width: number): Float32Array {
  const mean = new Float32Array(width)
  for (let token = start; token < stop; token += 1) {
    for (let column = 0; column < width; column += 1) mean[column]! += states[token * width + column]! / (stop - start)
  }
  return mean
}

const port = parentPort
if (port !== null) {
  const reply = (message: OnnxReply, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer)
  const failed = (error: unknown): OnnxReply => ({
    kind: 'failed',
    message: error instanceof Error ? error.message : String(error),
  })
  try {
    const model = await open(workerData as OnnxWorkerData)
    let lastItem = Promise.resolve()
    const runItem = async (item: OnnxItem): Promise<void> => {
      try {
        const result = await model.run(item)
        reply(
          { kind: 'result', result },
          result.value instanceof Float32Array ? [result.value.buffer as ArrayBuffer] : [],
        )
      } catch (error) {
        reply(failed(error))
      }
    }
    const closeAfter = async (item: Promise<void>): Promise<void> => {
      await item
      await model.close()
      port.close()
    }
    port.on('message', (request: OnnxRequest) => {
      if (request.kind === 'item') lastItem = runItem(request.item)
      else void closeAfter(lastItem)
    })
    reply({ kind: 'ready' })
  } catch (error) {
    reply(failed(error))
    port.close()
  }
}
