// `tributary ask "QUESTION"`: streams the answer, then lists what it rests on.
import type { ExitStatus } from '../client/client-error.ts'
import { ask as askEndpoint } from '../client/ask.ts'
import { chooseKnowledgeBases } from '../client/knowledge-bases.ts'
import { printAnswer } from '../terminal/print-answer.ts'
import type { CommandContext } from './context.ts'

export interface AskFlags {
  knowledgeBase: string[]
  mode?: string
  model?: string
}

export async function ask(
  { endpoint, output, signal }: CommandContext,
  question: string,
  flags: AskFlags,
): Promise<ExitStatus> {
  const knowledgeBases = await chooseKnowledgeBases(endpoint, flags.knowledgeBase, signal)
  const events = askEndpoint(
    endpoint,
    {
      question,
      knowledgeBaseIds: knowledgeBases.map(({ id }) => id),
      mode: flags.mode ?? null,
      modelName: flags.model ?? null,
    },
    signal,
  )
  return printAnswer(events, output)
}
