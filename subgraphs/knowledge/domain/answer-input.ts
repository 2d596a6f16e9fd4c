// What may be asked. Checks that need no store; each mistake names its field and the remedy, at most one per field.
import { estimateTokens } from './build-prompt.ts'

export const QUESTION_MAX_CHARACTERS = 200_000
export const KNOWLEDGE_BASES_MAX = 10
/** As many as a reader looks through and a prompt of a small model holds. */
export const SOURCES_DEFAULT = 10
export const SOURCES_MAX = 20
export const CONVERSATION_MAX = 50
/** Of a model that does not say, and where no model takes part; unit: tokens. */
const CONTEXT_LENGTH_DEFAULT = 8192
/** What rules and labels of a prompt take; unit: tokens. */
const PROMPT_OVERHEAD_TOKENS = 256

export interface AnswerQuestion {
  question: string
  knowledgeBaseIds: readonly string[]
  maxSources?: number | null
  conversation?: readonly { content: string }[] | null
}

export interface AnswerInputMistake {
  code: 'INVALID' | 'CONTEXT_TOO_LONG'
  message: string
  path: string[]
}

export function checkAnswerInput(input: AnswerQuestion): AnswerInputMistake[] {
  const mistakes: AnswerInputMistake[] = []
  const invalid = (field: string, message: string) =>
    mistakes.push({ code: 'INVALID', message, path: ['input', field] })
  if (input.question.trim() === '') invalid('question', 'The question is empty. Write what you want to know.')
  if (input.question.length > QUESTION_MAX_CHARACTERS)
    mistakes.push({
      code: 'CONTEXT_TOO_LONG',
      message: `The question is longer than ${QUESTION_MAX_CHARACTERS} characters. Shorten it.`,
      path: ['input', 'question'],
    })
  if (input.knowledgeBaseIds.length === 0) invalid('knowledgeBaseIds', 'Name at least one knowledge base to look in.')
  if (input.knowledgeBaseIds.length > KNOWLEDGE_BASES_MAX)
    invalid('knowledgeBaseIds', `Name at most ${KNOWLEDGE_BASES_MAX} knowledge bases to look in.`)
  const { maxSources } = input
  if (maxSources != null && (maxSources < 1 || maxSources > SOURCES_MAX))
    invalid(
      'maxSources',
      `maxSources is ${maxSources}; pass 1 to ${SOURCES_MAX}, or leave it out for ${SOURCES_DEFAULT}.`,
    )
  if ((input.conversation?.length ?? 0) > CONVERSATION_MAX)
    invalid('conversation', `Pass at most ${CONVERSATION_MAX} messages of the conversation, the latest ones.`)
  return mistakes
}

/** Tokens that a prompt may fill in a model of this context, the answer's own left out. */
export function promptBudget(contextLength: number | null, answerTokens: number): number {
  const length = contextLength ?? CONTEXT_LENGTH_DEFAULT
  return length - Math.min(answerTokens, Math.floor(length / 4))
}

/** The question and what was said before it must leave room for sources and answer. */
export function checkContext(
  input: AnswerQuestion,
  contextLength: number | null,
  answerTokens: number,
): AnswerInputMistake[] {
  const budget = promptBudget(contextLength, answerTokens) - PROMPT_OVERHEAD_TOKENS
  const texts = [input.question, ...(input.conversation ?? []).map(({ content }) => content)]
  const tokens = texts.reduce((sum, text) => sum + estimateTokens(text), 0)
  if (tokens <= budget) return []
  const isQuestion = estimateTokens(input.question) > budget
  return [
    {
      code: 'CONTEXT_TOO_LONG',
      message: `The question and conversation take about ${tokens} tokens; the model has room for ${Math.max(0, budget)}. Shorten ${isQuestion ? 'the question' : 'the conversation'}.`,
      path: ['input', isQuestion ? 'question' : 'conversation'],
    },
  ]
}
