// A generation whose stores are away for a while, fall silent, or take what they never say that they took.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { TributaryError } from '#shared/errors.ts'
import { eventsGone, type StreamLog } from '#shared/stream-log.ts'
import { createTestPlatform } from '../../test/harness/platform.ts'
import type { GenerationEventPayload } from './domain/generation.ts'
import type { GenerationStore } from './generation-store.ts'
import {
  openScriptedGenerations,
  textOfEvents,
  USAGE,
  type ScriptedGenerations,
} from './scripted-generation.fixture.ts'

type Fault = 'away' | 'unacknowledged' | null

const WORDS = ['The ', 'river ', 'is ', 'long. 🌊\n', 'It ', 'never ', 'ends.']
const away = () => new TributaryError('UPSTREAM_UNAVAILABLE', 'The stream log is away.')
const silent = () => new TributaryError('UPSTREAM_TIMED_OUT', 'The stream log gave no answer.')

let generations: ScriptedGenerations
beforeAll(async () => {
  generations = await openScriptedGenerations(await createTestPlatform())
})
afterAll(() => generations.close())
beforeEach(() => generations.warned.mockClear())

/** Each call meets what the fault says; with 'unacknowledged' the work is done and the answer lost. */
async function meet<Result>(fault: Fault | undefined, work: () => Promise<Result>): Promise<Result> {
  if (fault === 'away') throw away()
  const result = await work()
  if (fault === 'unacknowledged') throw silent()
  return result
}
const logWith = (faultOf: () => Fault | undefined): StreamLog<GenerationEventPayload> => ({
  ...generations.log,
  appendAt: (...parameters) => meet(faultOf(), () => generations.log.appendAt(...parameters)),
})
const storeWith = (faultOf: () => Fault | undefined): GenerationStore => ({
  ...generations.store,
  finish: (...parameters) => meet(faultOf(), () => generations.store.finish(...parameters)),
})
/** Word by word, each once the one before has been given to the log. */
async function* slowly(words: readonly string[]) {
  for (const word of words) {
    yield word
    await new Promise((resolve) => setImmediate(resolve))
  }
}

test.each<[string, Fault[]]>([
  ['away', ['away', 'away', 'away']],
  ['away in the middle', [null, 'away', 'away']],
  [
    'silent, and took the event',
    ['unacknowledged', null, 'unacknowledged', 'unacknowledged', 'away', 'unacknowledged'],
  ],
])('the stream log is %s: the text waits and is there once', async (_name, faults) => {
  const row = await generations.insert()
  const log = logWith(() => faults.shift())
  await generations.run(row, () => slowly(WORDS), { log })
  expect(faults).toEqual([])
  expect(textOfEvents(await generations.follow(row))).toBe(WORDS.join(''))
  expect(await generations.read(row)).toMatchObject({ status: 'COMPLETED', text: WORDS.join(''), ...USAGE })
  expect(await generations.usagesOf(row)).toEqual([{ promptTokens: 3, completionTokens: 5 }])
})

test('every append loses its first answer: the text is there once', async () => {
  const row = await generations.insert()
  let calls = 0
  const log = logWith(() => (calls++ % 2 === 0 ? 'unacknowledged' : null))
  await generations.run(row, () => slowly(WORDS), { log })
  expect(textOfEvents(await generations.follow(row))).toBe(WORDS.join(''))
})

test('the stream log comes back when the model has long ended: the generation is completed then', async () => {
  const row = await generations.insert()
  let hasEnded = false
  let triesAfterEnd = 0
  const log = logWith(() => (hasEnded && triesAfterEnd++ > 2 ? null : 'away'))
  const script = function* () {
    yield* WORDS
    hasEnded = true
  }
  await generations.run(row, script, { log })
  expect(triesAfterEnd).toBeGreaterThan(2)
  expect(textOfEvents(await generations.follow(row))).toBe(WORDS.join(''))
  expect(await generations.read(row)).toMatchObject({ status: 'COMPLETED', text: WORDS.join('') })
})

test('the stream log stays away: the model is stopped, and the generation fails as retryable with all of its text', async () => {
  const row = await generations.insert()
  let stopped = false
  const script = async function* (signal: AbortSignal) {
    yield* WORDS
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
    stopped = true
    signal.throwIfAborted()
  }
  await generations.run(row, script, { log: logWith(() => 'away'), patienceMs: 100 })
  expect(stopped).toBe(true)
  const events = await generations.follow(row)
  expect(textOfEvents(events)).toBe('')
  expect(events.at(-1)?.payload).toMatchObject({ type: 'failed', code: 'UPSTREAM_UNAVAILABLE', isRetryable: true })
  expect(await generations.read(row)).toMatchObject({ status: 'FAILED', text: WORDS.join('') })
  expect(await generations.usagesOf(row)).toEqual([{ promptTokens: 0, completionTokens: WORDS.length }])
})

test('the stream log has lost its events: nobody waits for that', async () => {
  const row = await generations.insert()
  const log = { ...generations.log, appendAt: () => Promise.reject(eventsGone()) }
  await generations.run(row, () => slowly(WORDS), { log, patienceMs: Infinity })
  expect((await generations.follow(row)).at(-1)?.payload).toMatchObject({ code: 'EVENTS_GONE', isRetryable: false })
  expect(generations.warned).not.toHaveBeenCalled()
})

test('when much text waits the model waits, too, and all of it is there in the end', async () => {
  const row = await generations.insert()
  let said = 0
  const saidAtTries: number[] = []
  const script = function* () {
    for (; said < 2_000; said += 1) yield 'x'.repeat(1024)
  }
  const log = logWith(() => (saidAtTries.push(said) < 4 ? 'away' : null))
  await generations.run(row, script, { log, bufferBytes: 64 * 1024 })
  expect(saidAtTries[3]).toBeLessThan(70)
  const events = await generations.follow(row)
  expect(textOfEvents(events)).toBe('x'.repeat(2_000 * 1024))
  expect(Math.max(...events.map(({ payload }) => JSON.stringify(payload).length))).toBeLessThan(40 * 1024)
})

test('what waited comes in few events, and none is long', async () => {
  const row = await generations.insert()
  const words = Array.from({ length: 10_000 }, (_, index) => `word ${index} `)
  let tries = 0
  await generations.run(row, () => words, { log: logWith(() => (tries++ < 2 ? 'away' : null)) })
  const events = await generations.follow(row)
  expect(textOfEvents(events)).toBe(words.join(''))
  expect(events.length).toBeLessThan(10)
})

test('the database is away at the end, and once it does not say what it did: ended once, counted once', async () => {
  const row = await generations.insert()
  const faults: Fault[] = ['away', 'away', 'unacknowledged', 'away']
  await generations.run(row, () => slowly(WORDS), { store: storeWith(() => faults.shift()) })
  expect(faults).toEqual([])
  const events = await generations.follow(row)
  expect(textOfEvents(events)).toBe(WORDS.join(''))
  expect(events.at(-1)?.payload).toEqual({ type: 'completed' })
  expect(await generations.read(row)).toMatchObject({ status: 'COMPLETED', text: WORDS.join('') })
  expect(await generations.usagesOf(row)).toEqual([{ promptTokens: 3, completionTokens: 5 }])
})

test('ended by somebody else while the stream log is away: it does not wait for it', async () => {
  const row = await generations.insert()
  const abort = new AbortController()
  let tries = 0
  const log = logWith(() => {
    if (++tries === 2) void generations.store.finish(row, { status: 'CANCELLED' }).then(() => abort.abort())
    return 'away'
  })
  await generations.run(row, () => WORDS, { log, signal: abort.signal, patienceMs: Infinity })
  expect(await generations.read(row)).toMatchObject({ status: 'CANCELLED', text: '' })
  expect((await generations.follow(row)).map(({ payload }) => payload.type)).toEqual(['started', 'completed'])
})

test.each([
  ['nobody watches it any more', undefined, 'CANCELLED', { type: 'completed' }],
  [
    'its process is stopped',
    new TributaryError('PROCESS_DIED', 'The process ended.'),
    'FAILED',
    { type: 'failed', code: 'PROCESS_DIED', isRetryable: true },
  ],
])('%s while the stream log is away: it ends at once, with its text', async (_name, reason, status, lastEvent) => {
  const row = await generations.insert()
  const abort = new AbortController()
  const log = logWith(() => {
    abort.abort(reason)
    return 'away'
  })
  await generations.run(row, () => WORDS, { log, signal: abort.signal, patienceMs: Infinity })
  expect(await generations.read(row)).toMatchObject({ status, text: expect.stringContaining('The ') })
  expect((await generations.follow(row)).at(-1)?.payload).toMatchObject(lastEvent)
})
