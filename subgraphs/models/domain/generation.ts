// What a generation is: its states, its events, and what may be asked for.

export type GenerationStatus = 'QUEUED' | 'RUNNING' | 'COMPLETED' | 'FAILED' | 'CANCELLED'

export const ACTIVE_STATUSES = ['QUEUED', 'RUNNING'] as const satisfies GenerationStatus[]

export const isActive = (status: GenerationStatus): boolean =>
  (ACTIVE_STATUSES as readonly GenerationStatus[]).includes(status)

/** What the stream of a generation holds, in this order: started, deltas, then one of the last two. */
export type GenerationEventPayload =
  | { type: 'started' }
  /** `sequence` is that of the model's last delta merged into this one. */
  | { type: 'delta'; sequence: number; text: string }
  | { type: 'completed' }
  | { type: 'failed'; code: string; message: string; isRetryable: boolean }

/** How a generation ended. */
export type GenerationOutcome =
  | {
      status: 'COMPLETED'
      usage: { promptTokens: number; completionTokens: number; cachedPromptTokens: number | null }
    }
  | { status: 'CANCELLED' }
  | { status: 'FAILED'; code: string; message: string; isRetryable: boolean }

export interface GenerationInput {
  /** Null: the default chat model. */
  modelName: string | null
  messages: readonly { role: 'SYSTEM' | 'USER' | 'ASSISTANT' | 'TOOL'; content: string }[]
  temperature?: number | null | undefined
  topP?: number | null | undefined
  maxTokens?: number | null | undefined
  seed?: number | null | undefined
  stop?: readonly string[] | null | undefined
}

export interface InputMistake {
  code: 'INVALID' | 'NOT_FOUND' | 'MODEL_NOT_AVAILABLE' | 'CONTEXT_TOO_LONG'
  message: string
  path: string[]
}

const MESSAGES_MAXIMUM = 200
const STOP_MAXIMUM = 8
/** No context that exists holds more; it bounds what is stored and sent. */
const CHARACTERS_MAXIMUM = 8_000_000

/** At most one mistake an input field. */
export function checkGenerationInput(input: GenerationInput): InputMistake[] {
  const { messages, temperature, topP, maxTokens, stop } = input
  const mistakes: InputMistake[] = []
  const refuse = (field: string, message: string): void => {
    mistakes.push({ code: 'INVALID', message, path: ['input', field] })
  }
  const characters = messages.reduce((sum, { content }) => sum + content.length, 0)
  if (messages.length === 0 || messages.length > MESSAGES_MAXIMUM)
    refuse('messages', `Pass 1 to ${MESSAGES_MAXIMUM} messages; there are ${messages.length}.`)
  else if (messages.every(({ content }) => content.trim() === ''))
    refuse('messages', 'All messages are empty. Write something for the model to answer.')
  else if (characters > CHARACTERS_MAXIMUM) {
    const message = `The messages have ${characters} characters together; no model reads so many. Shorten them.`
    mistakes.push({ code: 'CONTEXT_TOO_LONG', message, path: ['input', 'messages'] })
  }
  if (temperature != null && !(temperature >= 0 && temperature <= 2))
    refuse('temperature', `The temperature is ${temperature}; pass 0 to 2.`)
  if (topP != null && !(topP > 0 && topP <= 1)) refuse('topP', `topP is ${topP}; pass a number above 0, up to 1.`)
  if (maxTokens != null && maxTokens < 1) refuse('maxTokens', `maxTokens is ${maxTokens}; pass at least 1.`)
  if (stop != null && stop.length > STOP_MAXIMUM)
    refuse('stop', `There are ${stop.length} stop texts; pass at most ${STOP_MAXIMUM}.`)
  else if (stop?.includes('') === true) refuse('stop', 'A stop text is empty; leave it out.')
  return mistakes
}
