// How long a call is made again, and what ends it; whole answers are in answers-while-models-is-away.test.ts.
import { expect, test } from 'vitest'
import { TributaryError } from '#shared/errors.ts'
import { createLogger } from '#shared/logger.ts'
import { serviceIdentity } from '../../contracts/identity.ts'
import { createPatientModels, type CreatePatientModelsOptions } from './patient-models.ts'

type Rerank = CreatePatientModelsOptions['models']['rerank']

const logger = createLogger({ name: 'test', level: 'error' })
const never = new AbortController().signal
const away = () => new TributaryError('UPSTREAM_UNAVAILABLE', 'The models service cannot be reached.')

/** Asks the given one for a ranking, and counts how often it was asked. */
const reading = { score: 1, answering: 0, answerability: 0, sentences: [] }

function asking(rerank: Rerank, options: Pick<CreatePatientModelsOptions, 'patienceMs' | 'tryTimeoutMs'>) {
  let tries = 0
  const counted: Rerank = (...call) => {
    tries += 1
    return rerank(...call)
  }
  const models = { rerank: counted, embed: expect.unreachable, findModel: expect.unreachable } as never
  const patient = createPatientModels({ models, logger, ...options })
  const ask = (signal: AbortSignal) =>
    patient.rerank(serviceIdentity('ws_test', 'knowledge'), { question: 'why?', passages: [] }, signal)
  return { ask, tries: () => tries }
}

test('models that are back answer as if nothing had been', async () => {
  let refusals = 3
  const { ask, tries } = asking(async () => {
    if (refusals-- > 0) throw away()
    return [reading]
  }, {})
  expect(await ask(never)).toEqual([reading])
  expect(tries()).toBe(4)
})

test('patience ends with the code of what kept models away, retryable', async () => {
  const busy = () => Promise.reject(new TributaryError('CAPACITY_EXCEEDED', 'Busy.', { isRetryable: false }))
  const { ask, tries } = asking(busy, { patienceMs: 250 })
  await expect(ask(never)).rejects.toMatchObject({ code: 'CAPACITY_EXCEEDED', isRetryable: true })
  expect(tries()).toBeGreaterThan(1)
})

test('without patience models are asked once', async () => {
  const { ask, tries } = asking(() => Promise.reject(away()), { patienceMs: 0 })
  await expect(ask(never)).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' })
  expect(tries()).toBe(1)
})

test('a try that is never answered is ended and counts as away', async () => {
  const silent: Rerank = (_identity, _request, signal) =>
    new Promise((_resolve, reject) =>
      signal.addEventListener('abort', () => reject(new TributaryError('CANCELLED', 'The caller stopped waiting.'))),
    )
  const { ask } = asking(silent, { patienceMs: 0, tryTimeoutMs: 20 })
  await expect(ask(never)).rejects.toMatchObject({ code: 'UPSTREAM_TIMED_OUT', isRetryable: true })
})

test.each(['MODEL_NOT_AVAILABLE', 'CONTEXT_TOO_LONG', 'INTERNAL_SERVER_ERROR'] as const)(
  'nothing is repeated that ends as %s',
  async (code) => {
    const { ask, tries } = asking(() => Promise.reject(new TributaryError(code, 'No.')), {})
    await expect(ask(never)).rejects.toMatchObject({ code, message: 'No.' })
    expect(tries()).toBe(1)
  },
)

test('a caller who leaves ends the pause with its reason', async () => {
  const leaving = new AbortController()
  const { ask, tries } = asking(async () => {
    setImmediate(() => leaving.abort(new Error('left')))
    throw away()
  }, {})
  await expect(ask(leaving.signal)).rejects.toThrow('left')
  expect(tries()).toBe(1)
})
