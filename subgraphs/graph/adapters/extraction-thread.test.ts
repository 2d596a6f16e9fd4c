// The extraction thread with the real libraries: what it finds, that it finds the same again, and that it can be stopped.
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import type { TextBlock } from '../domain/extract-contributions.ts'
import { createExtractionThread, type ExtractionThread, type ExtractionThreadOptions } from './extraction-thread.ts'

const signal = new AbortController().signal
const opened: ExtractionThread[] = []
const open = (options?: ExtractionThreadOptions) => {
  const thread = createExtractionThread(options)
  opened.push(thread)
  return thread
}
afterEach(async () => {
  for (const thread of opened.splice(0)) await thread.close()
})

const paragraphs = (...texts: string[]) => {
  const text = texts.join('\n\n')
  let offset = 0
  const blocks = texts.map((part): TextBlock => {
    const block = { kind: 'paragraph' as const, startOffset: offset, endOffset: offset + part.length }
    offset += part.length + 2
    return block
  })
  return { text, blocks }
}

const letter = paragraphs(
  'Marie Curie moved from Warsaw to Paris in September 1891. She wrote to Pierre Curie 🙂 at pierre@example.org.',
  'In Paris the Sorbonne hired Curie. See https://example.org/curie, written on 2024-02-29 by Dr. Ada Byron of the Acme Corporation.',
)
const long = paragraphs(
  ...Array.from(
    { length: 4000 },
    (_, index) => `Report ${index}: Anna Weber visited Oslo with the Harbour Committee, and later Bergen.`,
  ),
)

test('people, places, organisations, addresses and dates of a text are found where they stand', async () => {
  const { entities, coMentions } = await open().extract(letter, signal)
  const found = entities.map((entity) => `${entity.type} ${entity.normalizedName} ${entity.mentions.length}`)
  expect(found).toEqual(
    expect.arrayContaining([
      'PERSON marie curie 1',
      'PERSON pierre curie 1',
      'PERSON curie 1',
      'PLACE warsaw 1',
      'PLACE paris 2',
      'DATE 1891-09 1',
      'DATE 2024-02-29 1',
      'EMAIL pierre@example.org 1',
      'URL https://example.org/curie 1',
      'ORGANIZATION acme corporation 1',
    ]),
  )
  for (const entity of entities) {
    for (const { startOffset, endOffset } of entity.mentions) {
      expect(letter.text.slice(startOffset, endOffset).replace(/\s+/g, ' ')).toMatch(
        new RegExp(entity.name.replace(/[.+?]/g, '.'), 'i'),
      )
    }
  }
  const indexOf = (name: string) => entities.findIndex((entity) => entity.normalizedName === name)
  const [source, target] = [indexOf('marie curie'), indexOf('paris')]
  const pair = coMentions.find((each) => each.sourceIndex === source && each.targetIndex === target)
  expect(pair?.sentences.map(({ startOffset, endOffset }) => letter.text.slice(startOffset, endOffset))).toEqual([
    'Marie Curie moved from Warsaw to Paris in September 1891.',
  ])
})

test('a document gives the same contributions whatever the thread read before', async () => {
  const fresh = await open().extract(letter, signal)
  const used = open()
  await used.extract(paragraphs('curie CURIE Sorbonne the paris warsaw, Byron and byron.'), signal)
  await used.extract(long, signal)
  expect(await used.extract(letter, signal)).toEqual(fresh)
})

test('the event loop turns while a long document is read', async () => {
  const state = { isDone: false }
  const extraction = open()
    .extract(long, signal)
    .finally(() => (state.isDone = true))
  let turns = 0
  for (; !state.isDone; turns += 1) await setImmediate()
  expect((await extraction).entities.length).toBeGreaterThan(3)
  expect(turns).toBeGreaterThan(100)
})

test('an aborted extraction ends with CANCELLED at once, and the next document is read', async () => {
  const thread = open()
  const controller = new AbortController()
  const extraction = thread.extract(long, controller.signal)
  const next = thread.extract(letter, signal)
  controller.abort()
  await expect(extraction).rejects.toMatchObject({ code: 'CANCELLED', isRetryable: false })
  expect((await next).entities.length).toBeGreaterThan(5)
})

test('closing ends the extraction that runs and those that wait with CANCELLED', async () => {
  const thread = open()
  const extractions = Promise.allSettled([long, letter, long].map((document) => thread.extract(document, signal)))
  await setImmediate()
  await thread.close()
  for (const result of await extractions)
    expect(result).toMatchObject({ status: 'rejected', reason: { code: 'CANCELLED' } })
  await expect(thread.extract(letter, signal)).rejects.toMatchObject({ code: 'CANCELLED' })
})

test('an extraction that takes too long ends with EXTRACTION_TIMED_OUT', async () => {
  await expect(open({ timeoutMs: 20 }).extract(long, signal)).rejects.toMatchObject({ code: 'EXTRACTION_TIMED_OUT' })
})

test('an extraction that needs too much memory ends with EXTRACTION_OUT_OF_MEMORY and leaves the process alive', async () => {
  const huge = paragraphs(
    ...Array.from(
      { length: 60_000 },
      (_, index) => `Anna Weber ${index} visited Oslo with Bert Olsen and Carl Berg, then Bergen.`,
    ),
  )
  await expect(open({ memoryLimitMb: 60 }).extract(huge, signal)).rejects.toMatchObject({
    code: 'EXTRACTION_OUT_OF_MEMORY',
  })
})

test('a document whose thread died is read once more, and only one that kills its thread twice fails', async () => {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'tributary-extraction-'))
  try {
    const thread = open({ entry: new URL('./dying-thread.fixture.ts', import.meta.url) })
    const read = (text: string) => thread.extract({ text, blocks: [] }, signal)
    expect(await read(path.join(directory, 'read'))).toEqual({ entities: [], coMentions: [] })
    await expect(read('')).rejects.toMatchObject({ code: 'EXTRACTION_FAILED' })
    expect(await read(path.join(directory, 'read'))).toEqual({ entities: [], coMentions: [] })
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
})
