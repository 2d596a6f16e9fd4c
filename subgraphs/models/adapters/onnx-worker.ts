// The thread in which ONNX models run: the runtime computes synchronously, and on the main thread one text would stop every stream of the
// process for its 30 ms. It reads files of its own folder only and never asks a hub.
import { basename, dirname } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import {
  AutoModel,
  AutoModelForSequenceClassification,
  AutoTokenizer,
  env,
  LogLevel,
  mean_pooling,
  type Tensor,
} from '@huggingface/transformers'

/** What the main thread asks for when it starts the worker. */
export interface OnnxWorkerData {
  task: 'embed' | 'rerank'
  /** The model's folder: config.json, tokenizer.json, tokenizer_config.json, onnx/model_quantized.onnx. */
  directory: string
  /** Tokens of one item that are read. */
  contextLength: number
  threads: number
}

/** One text to embed, or a question and a passage to score. */
export type OnnxItem = string | readonly [question: string, passage: string]

/** A unit vector, or a raw score. */
export interface OnnxResult {
  value: Float32Array | number
  promptTokens: number
}

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
      const input = tokenizer(String(item), limits)
      const output = await model(input)
      const vector = mean_pooling(output.last_hidden_state, input.attention_mask).normalize(2, -1)
      return { value: new Float32Array(vector.data as Float32Array), promptTokens: tokenCount(input) }
    }
    return { run, close: () => model.dispose() }
  }
  const model = await AutoModelForSequenceClassification.from_pretrained(name, options)
  const run: Run = async (item) => {
    const [question, passage] = item as readonly [string, string]
    const input = tokenizer([question], { ...limits, text_pair: [passage] })
    const { logits } = await model(input)
    return { value: Number(logits.data[0]), promptTokens: tokenCount(input) }
  }
  return { run, close: () => model.dispose() }
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
        reply({ kind: 'result', result }, typeof result.value === 'number' ? [] : [result.value.buffer as ArrayBuffer])
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
