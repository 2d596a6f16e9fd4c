// The vector of a question, for a search and for an answer. Null: there is none, and chunks are found by words.
import type { Logger } from 'pino'
import type { Identity } from '../../contracts/identity.ts'
import type { ModelsClient } from '../../contracts/models-client.ts'
import { isModelMissing, isModelTrouble } from './model-trouble.ts'
import type { PatientModels } from './patient-models.ts'

export type EmbedQuestion = (
  identity: Identity,
  modelName: string,
  question: string,
  signal: AbortSignal,
  /** Work that may be done again after a crash names itself, so that it counts once. Left out, it counts each time. */
  idempotencyKey?: string,
) => Promise<Float32Array | null>

/** A model that first has to be loaded must not hold a search up for long. */
const SEARCH_TIMEOUT_MS = 15_000

/** Whatever keeps the model away, the search goes on by words, and its `mode` says so. */
export function createEmbedForSearch(options: { models: ModelsClient; logger: Logger }): EmbedQuestion {
  const { models, logger } = options
  return async (identity, modelName, question, signal, idempotencyKey) => {
    const timeout = AbortSignal.timeout(SEARCH_TIMEOUT_MS)
    try {
      const either = AbortSignal.any([signal, timeout])
      return await embed(models, identity, { modelName, question, idempotencyKey }, either)
    } catch (error) {
      signal.throwIfAborted()
      if (!isModelTrouble(error) && !timeout.aborted) throw error
      logger.warn({ err: error, modelName }, 'searching by words only: the question could not be embedded')
      return null
    }
  }
}

/** Null only where this platform has no such model; throws when it is away for longer than the patience of `models`. */
export function createEmbedForAnswer(options: { models: PatientModels; logger: Logger }): EmbedQuestion {
  const { models, logger } = options
  return async (identity, modelName, question, signal, idempotencyKey) => {
    try {
      return await embed(models, identity, { modelName, question, idempotencyKey }, signal)
    } catch (error) {
      signal.throwIfAborted()
      if (!isModelMissing(error)) throw error
      logger.warn({ err: error, modelName }, 'an answer finds chunks by words only: there is no embedding model')
      return null
    }
  }
}

async function embed(
  models: PatientModels,
  identity: Identity,
  asked: { modelName: string; question: string; idempotencyKey: string | undefined },
  signal: AbortSignal,
): Promise<Float32Array | null> {
  const { modelName, question, idempotencyKey = null } = asked
  const request = { modelName, texts: [question], purpose: 'query' as const, idempotencyKey }
  return (await models.embed(identity, request, signal))[0] ?? null
}
