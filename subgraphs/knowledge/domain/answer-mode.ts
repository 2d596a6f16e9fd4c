// AUTO: a small model is fluent before it is right, so below one billion parameters the documents speak for themselves.

const PARAMETERS_TO_WRITE = 1_000_000_000

export type RequestedMode = 'AUTO' | 'GENERATIVE' | 'EXTRACTIVE'

/** `model` null: no chat model can be had. A provider that does not tell the number of parameters hosts large models. */
export function resolveAnswerMode(
  requested: RequestedMode,
  model: { parameterCount: number | null } | null,
): 'GENERATIVE' | 'EXTRACTIVE' {
  if (requested !== 'AUTO') return requested
  if (model === null) return 'EXTRACTIVE'
  return (model.parameterCount ?? Infinity) < PARAMETERS_TO_WRITE ? 'EXTRACTIVE' : 'GENERATIVE'
}
