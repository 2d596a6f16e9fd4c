// The parts of Ollama's answers that are used, as they come over the wire. Counts that are 0 are left out by the server, and lists that are
// empty may be null, whatever its client's types say.
import { z } from 'zod'

const count = z.number().int().nonnegative().default(0)

export const tagsSchema = z.object({
  models: z.array(z.object({ name: z.string(), size: count, digest: z.string().default('') })).nullish(),
})

export const runningSchema = z.object({
  models: z.array(z.object({ name: z.string(), context_length: count })).nullish(),
})

export const showSchema = z.object({
  capabilities: z.array(z.string()).nullish(),
  /** Keys are `general.…` and `<architecture>.…`. */
  model_info: z.record(z.string(), z.unknown()).nullish(),
  /** A line a parameter, as in a Modelfile. */
  parameters: z.string().nullish(),
})
export type Show = z.output<typeof showSchema>

export const embedSchema = z.object({ embeddings: z.array(z.array(z.number())), prompt_eval_count: count })

/** One part of a streamed chat. */
export const chatLineSchema = z.object({
  message: z.object({ content: z.string().default('') }).optional(),
  done: z.boolean().default(false),
  done_reason: z.string().optional(),
  prompt_eval_count: count,
  eval_count: count,
})

export const errorSchema = z.object({ error: z.string() })
