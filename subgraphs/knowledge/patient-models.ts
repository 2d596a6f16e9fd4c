// Models as answers ask them: a call that finds them away is made again until they are back or patience is at its end. Then it throws, so
// that an answer is never decided by less than the platform has.
import { setTimeout as wait } from 'node:timers/promises'
import type { Logger } from 'pino'
import { TributaryError } from '#shared/errors.ts'
import type { ModelsClient } from '../../contracts/models-client.ts'
import { isModelAway } from './model-trouble.ts'

/** Without `generate`: a text that was begun cannot be begun again. */
export type PatientModels = Pick<ModelsClient, 'findModel' | 'embed' | 'rerank'>

export interface CreatePatientModelsOptions {
  models: PatientModels
  logger: Logger
  /** How long a call that finds models away is made again, in milliseconds from its first try. Default 15,000. */
  patienceMs?: number
  /** Longest wait for the answer to one try, in milliseconds; a model may have to be loaded first. Default 60,000. */
  tryTimeoutMs?: number
}

/** The pause doubles from the first to the longest. */
const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 1000

/** Its calls throw as those of models do, and end at once when their signal aborts. */
export function createPatientModels(options: CreatePatientModelsOptions): PatientModels {
  const { models, logger, patienceMs = 15_000, tryTimeoutMs = 60_000 } = options

  async function once<Result>(signal: AbortSignal, call: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    const timeout = AbortSignal.timeout(tryTimeoutMs)
    try {
      return await call(AbortSignal.any([signal, timeout]))
    } catch (cause) {
      signal.throwIfAborted()
      if (!timeout.aborted) throw cause
      throw new TributaryError('UPSTREAM_TIMED_OUT', 'The models service did not answer in time.', { cause })
    }
  }

  async function patiently<Result>(
    signal: AbortSignal,
    call: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    const deadline = performance.now() + patienceMs
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      try {
        return await once(signal, call)
      } catch (error) {
        signal.throwIfAborted()
        if (!isModelAway(error)) throw error
        const leftMs = deadline - performance.now()
        if (leftMs <= 0) throw stayedAway(error)
        logger.debug({ err: error }, 'an answer waits for models')
        await wait(Math.min(pauseMs, leftMs), undefined, { signal }).catch(() => signal.throwIfAborted())
      }
    }
  }

  return {
    findModel: (identity, capability, modelName, signal) =>
      patiently(signal, (trySignal) => models.findModel(identity, capability, modelName, trySignal)),
    embed: (identity, request, signal) => patiently(signal, (trySignal) => models.embed(identity, request, trySignal)),
    rerank: (identity, request, signal) =>
      patiently(signal, (trySignal) => models.rerank(identity, request, trySignal)),
  }
}

const stayedAway = (cause: TributaryError) =>
  new TributaryError(cause.code, `${cause.message} Without it the answer cannot be decided. Ask again in a moment.`, {
    cause,
    isRetryable: true,
  })
