// Writes an answer with a model: its deltas are passed on as they come, and every sentence, once complete, is held against the sources.
// What arrives while a change is being stored goes out together with the next one, so a slow store never holds the model up.
import { TributaryError } from '#shared/errors.ts'
import { serviceIdentity } from '../../contracts/identity.ts'
import type { ModelsClient, TokenUsage } from '../../contracts/models-client.ts'
import type { AnswerPlan } from './answer-plan.ts'
import type { AnswerChange } from './answer-store.ts'
import { promptBudget } from './domain/answer-input.ts'
import { buildPrompt, type PromptMessage } from './domain/build-prompt.ts'
import { createAnswerSplitter, type AnswerSentence } from './domain/split-answer.ts'
import type { CiteSentence } from './cite-sentence.ts'
import type { AnswerRow, AnswerSourceRow } from './tables.ts'

/** Room for the answer itself; three sentences take a fifth of it. */
export const ANSWER_TOKENS = 512

export interface WriteGenerationOptions {
  answer: AnswerRow
  plan: Extract<AnswerPlan, { kind: 'generate' }>
  sources: readonly AnswerSourceRow[]
  models: ModelsClient
  citeSentence: CiteSentence
  change: (change: AnswerChange) => Promise<AnswerRow>
  signal: AbortSignal
}

export interface WrittenGeneration {
  verdict: AnswerRow['verdict']
  usage: TokenUsage | null
}

export async function writeGeneration(options: WriteGenerationOptions): Promise<WrittenGeneration> {
  const { answer, plan, sources, models, change } = options
  // However this ends, the model must not go on.
  using stopped = stopAtEnd()
  const signal = AbortSignal.any([options.signal, stopped.signal])
  const contents = sources.map(({ content }) => content)
  const conversation = answer.conversation.filter((message): message is PromptMessage => message.role !== 'TOOL')
  const splitter = createAnswerSplitter()
  // When models died while it wrote, those who watch are not to wait for its successor to judge a sentence of a text without an end.
  const died = new AbortController()

  const begin = (mostSources: number, tokenBudget: number) => {
    const offered = contents.slice(0, mostSources)
    const prompt = buildPrompt({ question: answer.question, sources: offered, conversation, tokenBudget })
    if (prompt.sourceCount === 0)
      throw new TributaryError('CONTEXT_TOO_LONG', 'No source fits the context of the model beside the question.')
    const generation = models.generate(
      serviceIdentity(answer.workspaceId, 'knowledge'),
      { modelName: plan.modelName, messages: prompt.messages, temperature: 0, maxTokens: ANSWER_TOKENS },
      signal,
    )
    const read = createPump(generation, (error) => {
      if (error instanceof TributaryError && error.code === 'PROCESS_DIED') died.abort(error)
    })
    return { read, sourceCount: prompt.sourceCount }
  }
  const tokenBudget = promptBudget(plan.contextLength, ANSWER_TOKENS)
  let writing = begin(contents.length, tokenBudget)
  let usage: TokenUsage | null = null
  let modelId = answer.modelId
  let sequence = 0
  let ordinal = 0
  let sentenceCount = 0
  let verifiedCount = 0
  let isRefusal = false
  let isShortened = false

  const passOn = async (text: string, sentences: readonly AnswerSentence[]) => {
    if (text !== '') {
      const isFirst = sequence === 0
      await change({
        text,
        ...(isFirst ? { set: { modelId, firstTokenMs: Date.now() - answer.createdAt.getTime() } } : {}),
        events: [{ type: 'delta', sequence: sequence++, text, modelId }],
      })
    }
    for (const sentence of sentences) {
      if (REFUSAL.test(sentence.text)) {
        isRefusal = true
        continue
      }
      sentenceCount += 1
      const citation = await options.citeSentence({
        answer,
        sentence,
        sources: sources.slice(0, writing.sourceCount),
        ordinal: ordinal++,
        signal: AbortSignal.any([signal, died.signal]),
      })
      if (citation.isVerified) verifiedCount += 1
      await change({ citations: [citation], events: [{ type: 'cited', citation }] })
    }
  }

  for (;;) {
    const lines = await writing.read().catch((error: unknown) => {
      if (isShortened || sequence > 0 || !isTooLong(error)) throw error
      return 'too long' as const
    })
    if (lines === null) break
    if (lines === 'too long') {
      // Only the model counts its tokens; ours were estimated.
      isShortened = true
      writing = begin(Math.ceil(writing.sourceCount / 2), Math.floor(tokenBudget / 2))
      continue
    }
    let text = ''
    for (const line of lines) {
      if (line.type === 'started') modelId = line.model.id
      else if (line.type === 'delta') text += line.text
      else usage = line.usage
    }
    // A NUL cannot be stored, and no model means one.
    text = text.replaceAll('\0', '')
    await passOn(text, splitter.push(text))
  }
  await passOn('', splitter.end())
  if (sequence === 0) throw new TributaryError('MODEL_FAILED', 'The model ended its answer without a word. Ask again.')
  return { verdict: verdictOf(sentenceCount, verifiedCount, isRefusal), usage }
}

const isTooLong = (error: unknown) => error instanceof TributaryError && error.code === 'CONTEXT_TOO_LONG'

/** What the prompt tells the model to say when it finds nothing. */
const REFUSAL = /^the (?:documents|sources) do not contain (?:the|an) answer\b/iu

function verdictOf(sentenceCount: number, verifiedCount: number, isRefusal: boolean): AnswerRow['verdict'] {
  if (sentenceCount === 0 && isRefusal) return 'NOT_IN_DOCUMENTS'
  return verifiedCount === sentenceCount ? 'ANSWERED' : 'PARTIAL'
}

function stopAtEnd(): { signal: AbortSignal } & Disposable {
  const controller = new AbortController()
  return { signal: controller.signal, [Symbol.dispose]: () => controller.abort() }
}

/**
 * Reads ahead while the reader is busy; each call gives everything that has come since the last one, null at the end. What the source throws
 * is told at once, and thrown behind the last items.
 */
function createPump<Item>(
  source: AsyncIterable<Item>,
  onError: (error: unknown) => void,
): () => Promise<Item[] | null> {
  let items: Item[] = []
  let end: { error?: unknown } | null = null
  let wake: () => void = () => undefined
  void (async () => {
    try {
      for await (const item of source) {
        items.push(item)
        wake()
      }
      end = {}
    } catch (error) {
      end = { error }
      onError(error)
    }
    wake()
  })()
  return async () => {
    while (items.length === 0) {
      if (end?.error !== undefined) throw end.error
      if (end) return null
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
    const taken = items
    items = []
    return taken
  }
}
