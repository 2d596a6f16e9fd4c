// A GGUF model run by llama.cpp inside this process: one generation at a time, the others wait in a bounded queue. Each generation has a
// context of its own, which is given back with its last event, so no text of one caller can reach another through the model's memory.
import { availableParallelism } from 'node:os'
import { ReadableStream, type ReadableStreamDefaultController } from 'node:stream/web'
import type { ChatHistoryItem, ChatWrapper, Llama, LlamaContextSequence, LlamaModel, Token } from 'node-llama-cpp'
import PQueue from 'p-queue'
import { TributaryError } from '#shared/errors.ts'
import type { ChatEvent, ChatMessage, ChatModel, ChatRequest } from '../ports/chat-model.ts'
import {
  cancellationOf,
  contextTooLong,
  modelFailed,
  modelNotAvailable,
  providerBusy,
  throwIfCancelled,
} from '../ports/model-errors.ts'

export interface LlamaCppChatModelOptions {
  /** The name callers use. */
  name: string
  /** Absolute path of the GGUF file. */
  modelPath: string
  /** Tokens of prompt and completion together; at most what the model was trained on. Memory is taken for what a request needs, not for this. */
  contextLength: number
  /** Used where a request leaves a choice open. `maxTokens` bounds a model that does not end by itself. */
  defaults: { temperature: number; topP: number; maxTokens: number }
  /** Threads of a generation. Default: one less than the cores, at least one, because llama.cpp's threads spin while they wait for each other. */
  threads?: number
  /** Generations that may wait before CAPACITY_EXCEEDED. Default 32. */
  maxQueued?: number
}

export interface LlamaCppChatModel extends ChatModel, AsyncDisposable {
  /** Whether the weights are in memory. */
  isLoaded(): boolean
}

interface Loaded {
  llama: Llama
  model: LlamaModel
  chatWrapper: ChatWrapper
}

/** An abort takes effect between pieces of the prompt: about a quarter of a second of one slow core each. */
const PROMPT_PIECE_TOKENS = 128
/** Room in the context beyond the tokens asked for, so that the engine never sees a reason to drop the beginning of the prompt. */
const SPARE_CONTEXT_TOKENS = 64

/** Reads nothing and takes no memory until the first generation. */
export function createLlamaCppChatModel(options: LlamaCppChatModelOptions): LlamaCppChatModel {
  const { name, contextLength, defaults, maxQueued = 32, threads = Math.max(1, availableParallelism() - 1) } = options
  const queue = new PQueue({ concurrency: 1 })
  const closing = new AbortController()
  let loading: Promise<Loaded> | null = null
  let isLoaded = false

  const load = (): Promise<Loaded> => {
    loading ??= openModel(options.modelPath, threads).then(
      (loaded) => {
        isLoaded = true
        return loaded
      },
      (error: unknown) => {
        loading = null
        throw error
      },
    )
    return loading
  }

  const run = async (request: ChatRequest, signal: AbortSignal, emit: (event: ChatEvent) => void): Promise<void> => {
    const { model, chatWrapper } = await load()
    throwIfCancelled(signal)
    const history = chatHistoryOf(request.messages)
    const prompt = chatWrapper.generateContextState({ chatHistory: history }).contextText.tokenize(model.tokenizer)
    if (prompt.length >= contextLength)
      throw contextTooLong({ modelName: name, promptTokens: prompt.length, contextLength })
    const maxTokens = Math.min(request.maxTokens ?? defaults.maxTokens, contextLength - prompt.length)
    const contextSize = prompt.length + maxTokens + SPARE_CONTEXT_TOKENS
    // Without `createSignal`: a context that is given up while it is made is never given back by the library, and the model then waits for it
    // when it is closed. Making one takes milliseconds.
    const context = await model.createContext({ contextSize, threads })
    try {
      throwIfCancelled(signal)
      const sequence = context.getSequence()
      await readPrompt(sequence, prompt, signal)
      const { LlamaChat } = await loadLibrary()
      const chat = new LlamaChat({ contextSequence: sequence, chatWrapper })
      const response = await chat.generateResponse(history, {
        signal,
        maxTokens,
        temperature: request.temperature ?? defaults.temperature,
        topP: request.topP ?? defaults.topP,
        ...(request.seed === undefined ? {} : { seed: request.seed >>> 0 }),
        ...(request.stop === undefined ? {} : { customStopTriggers: request.stop }),
        repeatPenalty: false,
        onTextChunk: (text) => {
          if (text !== '') emit({ kind: 'delta', text })
        },
      })
      emit({
        kind: 'finished',
        reason: response.metadata.stopReason === 'maxTokens' ? 'length' : 'stop',
        usage: {
          promptTokens: prompt.length,
          completionTokens: sequence.tokenMeter.usedOutputTokens,
          cachedPromptTokens: null,
        },
      })
    } finally {
      await context.dispose()
    }
  }

  return {
    name,
    limits: { contextLength },
    isLoaded: () => isLoaded,

    async *generate(request, signal) {
      throwIfCancelled(signal)
      if (queue.size >= maxQueued) throw providerBusy('embedded')
      const leaving = new AbortController()
      const either = AbortSignal.any([signal, leaving.signal, closing.signal])
      let controller!: ReadableStreamDefaultController<ChatEvent>
      const events = new ReadableStream<ChatEvent>({
        start: (given) => {
          controller = given
        },
        cancel: () => leaving.abort(),
      })
      const emit = (event: ChatEvent): void => {
        if (!either.aborted) controller.enqueue(event)
      }
      // The queue gives up its slot as soon as its signal aborts, even when the task still runs: it may see the abort only while waiting.
      const waiting = new AbortController()
      let isRunning = false
      const stopWaiting = (): void => {
        if (!isRunning) waiting.abort()
      }
      either.addEventListener('abort', stopWaiting, { once: true })
      const task = (): Promise<void> => {
        isRunning = true
        return run(request, either, emit)
      }
      const end = (error: TributaryError | null): void => {
        if (leaving.signal.aborted) return
        if (error === null) controller.close()
        else controller.error(error)
      }
      const work = queue.add(task, { signal: waiting.signal }).then(
        () => end(either.aborted ? cancellationOf(either) : null),
        (error: unknown) => end(typedError(error, name, either)),
      )
      try {
        yield* events
      } finally {
        either.removeEventListener('abort', stopWaiting)
        leaving.abort()
        stopWaiting()
        await work
      }
    },

    async [Symbol.asyncDispose]() {
      closing.abort(providerBusy('embedded'))
      await queue.onIdle()
      const loaded = await loading?.catch(() => null)
      isLoaded = false
      await loaded?.model.dispose()
      await loaded?.llama.dispose()
    },
  }
}

/** Hundreds of modules: they are read when the first answer is wanted, not at every start. */
const loadLibrary = () => import('node-llama-cpp')

async function openModel(modelPath: string, threads: number): Promise<Loaded> {
  const { getLlama, LlamaLogLevel, resolveChatWrapper } = await loadLibrary()
  const llama = await getLlama({
    gpu: process.platform === 'darwin' ? 'auto' : false,
    build: 'never',
    skipDownload: true,
    progressLogs: false,
    logLevel: LlamaLogLevel.fatal,
    maxThreads: threads,
  })
  try {
    const model = await llama.loadModel({ modelPath })
    // The specialised wrappers of the library add a beginning-of-text token; models trained without one then answer off the point.
    const hasTemplate = model.fileInfo.metadata.tokenizer?.chat_template !== undefined
    const chatWrapper = resolveChatWrapper(model, { type: hasTemplate ? 'jinjaTemplate' : 'auto', warningLogs: false })
    return { llama, model, chatWrapper }
  } catch (error) {
    await llama.dispose()
    throw error
  }
}

/** Evaluates all of the prompt but its last token, in pieces: the library itself looks at the signal only after the whole prompt. */
async function readPrompt(
  sequence: LlamaContextSequence,
  prompt: readonly Token[],
  signal: AbortSignal,
): Promise<void> {
  const end = prompt.length - 1
  for (let start = 0; start < end; start += PROMPT_PIECE_TOKENS) {
    throwIfCancelled(signal)
    await sequence.evaluateWithoutGeneratingNewTokens(prompt.slice(start, Math.min(start + PROMPT_PIECE_TOKENS, end)))
  }
}

function chatHistoryOf(messages: readonly ChatMessage[]): ChatHistoryItem[] {
  const history = messages.map(({ role, content }): ChatHistoryItem => {
    if (role === 'system') return { type: 'system', text: content }
    if (role === 'assistant') return { type: 'model', response: [content] }
    return { type: 'user', text: content }
  })
  return history.at(-1)?.type === 'model' ? history : [...history, { type: 'model', response: [] }]
}

function typedError(error: unknown, name: string, signal: AbortSignal): TributaryError {
  if (error instanceof TributaryError) return error
  if (signal.aborted) return cancellationOf(signal)
  if (isNamed(error, 'NoBinaryFoundError')) {
    return modelNotAvailable(
      name,
      'llama.cpp has no build for this machine. Use an Ollama host instead: set OLLAMA_HOST.',
      {
        cause: error,
        isRetryable: false,
      },
    )
  }
  if (isNamed(error, 'InsufficientMemoryError')) {
    return modelFailed(name, 'there is not enough free memory for it now.', { cause: error, isRetryable: true })
  }
  return modelFailed(name, error instanceof Error ? error.message : String(error), { cause: error })
}

/** By name, since the classes are not loaded before the library is. */
const isNamed = (error: unknown, name: string): boolean => error instanceof Error && error.constructor.name === name
