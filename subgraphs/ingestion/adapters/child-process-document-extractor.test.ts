// The process around the parsers: limits, cancellation, crashes. Files that misuse a parser are small here and large there.
import { readFile } from 'node:fs/promises'
import { afterAll, expect, test } from 'vitest'
import { documentContentSchema } from '../../../contracts/document-content.ts'
import { createChildProcessDocumentExtractor } from './child-process-document-extractor.ts'

const extractor = createChildProcessDocumentExtractor()
const { signal } = new AbortController()
afterAll(() => extractor.close())

const guide = () => readFile(new URL('../../../test/fixtures/documents/river-guide.pdf', import.meta.url))
const input = (content: Uint8Array | AsyncIterable<Uint8Array>, fileName: string) => ({
  content,
  fileName,
  mediaType: null,
  signal,
})

test('a file goes in, elements and then content come out, the same bytes each time', async () => {
  const first = await extractor.extract(input(await guide(), 'river-guide.pdf'))
  expect(first).toMatchObject({ mediaType: 'application/pdf', pageCount: 3, pagesWithoutText: [] })
  const again = await extractor.extract(input(await guide(), 'river-guide.pdf'))
  expect(again.elements.equals(first.elements)).toBe(true)
  const cleaned = await extractor.clean({ elements: first.elements, signal })
  const content = documentContentSchema.parse(JSON.parse(cleaned.content.toString()))
  expect(cleaned).toMatchObject({
    title: 'The River Guide',
    textLength: content.text.length,
    blockCount: content.blocks.length,
  })
})

test('each page of a PDF is told as it is read, and nothing of formats without pages', async () => {
  const told: string[] = []
  const onProgress = ({ completedPages, pageCount }: { completedPages: number; pageCount: number }) =>
    void told.push(`${completedPages} of ${pageCount}`)
  await extractor.extract({ ...input(await guide(), 'river-guide.pdf'), onProgress })
  expect(told.splice(0)).toEqual(['1 of 3', '2 of 3', '3 of 3'])
  await extractor.extract({ ...input(Buffer.from('Only words.'), 'words.txt'), onProgress })
  expect(told).toEqual([])
})

test('a large document is cleaned in a process too, with the same result as a small one', async () => {
  const text = Array.from({ length: 6000 }, (_, index) => `Paragraph ${index} says that rivers flow.\n\n`).join('')
  const { elements } = await extractor.extract(input(Buffer.from(text), 'large.txt'))
  expect(elements.byteLength).toBeGreaterThan(256 * 1024)
  const { textLength, blockCount } = await extractor.clean({ elements, signal })
  expect({ textLength, blockCount }).toEqual({ textLength: text.trim().length, blockCount: 6000 })
})

test('a document that is refused is refused with its code, and is not worth trying again', async () => {
  await expect(extractor.extract(input(new Uint8Array(), 'a.txt'))).rejects.toMatchObject({
    code: 'EMPTY_FILE',
    isRetryable: false,
  })
  await expect(
    extractor.clean({
      elements: (await extractor.extract(input(Buffer.from('<html><b></b>'), 'a.html'))).elements,
      signal,
    }),
  ).rejects.toMatchObject({
    code: 'DOCUMENT_WITHOUT_TEXT',
  })
})

/** Unclosed brackets by the million keep the Markdown parser busy for minutes. */
const slowFile = () => Buffer.from('[a](<'.repeat(400_000))

test('a document that takes too long is ended', async () => {
  await using limited = disposable(createChildProcessDocumentExtractor({ timeoutMs: 1500 }))
  const started = performance.now()
  await expect(limited.extract(input(slowFile(), 'slow.md'))).rejects.toMatchObject({
    code: 'EXTRACTION_TIMED_OUT',
    isRetryable: true,
  })
  expect(performance.now() - started).toBeLessThan(10_000)
})

test('a document that takes too much memory is ended', async () => {
  await using limited = disposable(createChildProcessDocumentExtractor({ maximumMemoryBytes: 160 * 1024 ** 2 }))
  const many = Buffer.from('a *b* `c`\n\n'.repeat(300_000))
  await expect(limited.extract(input(many, 'many.md'))).rejects.toMatchObject({
    code: 'EXTRACTION_OUT_OF_MEMORY',
    isRetryable: false,
  })
})

test('cancelling ends the process within a second', async () => {
  const controller = new AbortController()
  const pending = extractor.extract({ ...input(slowFile(), 'slow.md'), signal: controller.signal })
  setTimeout(() => controller.abort(), 1000)
  const outcome = await pending.catch((error: unknown) => ({ error, at: performance.now() }))
  expect(outcome).toMatchObject({ error: { code: 'CANCELLED' } })
})

test('a source that fails is the error, not what became of half a file', async () => {
  async function* broken() {
    yield Buffer.from('half of a ')
    throw new Error('disk gone')
  }
  await expect(extractor.extract(input(broken(), 'half.txt'))).rejects.toThrow('disk gone')
})

test('more documents than processes wait for their turn, and closing ends those that wait', async () => {
  const single = createChildProcessDocumentExtractor({ concurrency: 1 })
  const results = Array.from({ length: 3 }, (_, index) => single.extract(input(Buffer.from(`Text ${index}.`), 'a.txt')))
  expect((await Promise.all(results)).map((result) => result.elementCount)).toEqual([1, 1, 1])
  const ended = Array.from({ length: 3 }, () => single.extract(input(slowFile(), 'slow.md')))
  await single.close()
  for (const outcome of await Promise.allSettled(ended))
    expect(outcome).toMatchObject({ reason: { code: 'CANCELLED' } })
})

function disposable(limited: ReturnType<typeof createChildProcessDocumentExtractor>) {
  return { ...limited, [Symbol.asyncDispose]: () => limited.close() }
}
