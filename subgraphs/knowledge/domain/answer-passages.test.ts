import { expect, test } from 'vitest'
import { answerPassages, passageForModel } from './answer-passages.ts'
import type { SourceChunk } from './source-chunk.ts'

const chunk = (text: string, startOffset = 100): SourceChunk => ({
  id: 'chunk_1',
  documentId: 'doc_1',
  documentTitle: 'Manual',
  headings: ['Tools', 'Programs', 'Editors'],
  text,
  startOffset,
  endOffset: startOffset + text.length,
  denseRank: 1,
  lexicalRank: 1,
  denseSimilarity: null,
})

test('spans are offsets into the document and quotes its exact text', () => {
  const [passage] = answerPassages([chunk('The first one\nis here. The second one follows.')])
  expect(passage?.sentences.map(({ quote, text, span }) => [quote, text, span.startOffset, span.endOffset])).toEqual([
    ['The first one\nis here.', 'The first one is here.', 100, 122],
    ['The second one follows.', 'The second one follows.', 123, 146],
  ])
})

test('a passage is as long as an answer may be and carries its innermost headings', () => {
  const sentence = `${'word '.repeat(19)}end.`
  const passages = answerPassages([
    chunk(
      Array.from({ length: 9 }, () => sentence)
        .map((text, index) => `Point ${String(index)} ${text}`)
        .join(' '),
    ),
  ])
  expect(passages.length).toBe(3)
  for (const passage of passages) expect(passage.text.length).toBeLessThanOrEqual(400)
  const [first] = passages.map(passageForModel)
  expect(first).toMatchObject({
    context: 'Programs › Editors',
    sentences: passages[0]!.sentences.map(({ text }) => text),
  })
})

test('a line that announces what follows begins the next passage', () => {
  const passages = answerPassages([chunk(`${'word '.repeat(70)}end. The modes are:\n- ${'fast '.repeat(20)}\n- slow`)])
  expect(passages[1]?.sentences[0]?.text).toBe('The modes are:')
})

test('a term belongs to its definition, and lines without an end to each other, up to what leaves room for more', () => {
  const commands = Array.from({ length: 4 }, (_, index) => `apt install a-package-of-some-name-${String(index)}`)
  const [passage] = answerPassages([chunk(`partman-md\n\nSets up arrays of disks.\n\n${commands.join('\n\n')}`)])
  expect(passage?.sentences.map(({ text }) => text)).toEqual([
    'partman-md Sets up arrays of disks.',
    commands.slice(0, 3).join(' '),
    commands[3],
  ])
})

test('a sentence that points back is marked', () => {
  const [passage] = answerPassages([chunk('VISUAL names the editor. If it exists, it takes precedence.')])
  expect(passage?.sentences.map((sentence) => sentence.leansBack)).toEqual([false, true])
})

test('a passage repeated in another document appears once', () => {
  const text = 'The canonical home directory does not exist anywhere.'
  expect(answerPassages([chunk(text), { ...chunk(text), id: 'chunk_2', documentId: 'doc_2' }])).toHaveLength(1)
})
