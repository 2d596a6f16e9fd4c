import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { chunkDocument } from './chunk-document.ts'
import type { DocumentBlock, DocumentContent } from './chunk-document.ts'

type Part = { kind: DocumentBlock['kind']; text: string; level?: number; page?: number }

function contentOf(parts: readonly Part[], title: string | null = null): DocumentContent {
  let text = ''
  const blocks: DocumentBlock[] = []
  for (const part of parts) {
    const trimmed = part.text.trim()
    if (trimmed === '') continue
    if (text !== '') text += '\n\n'
    blocks.push({ ...part, startOffset: text.length, endOffset: text.length + trimmed.length })
    text += trimmed
  }
  return { title, text, blocks }
}

const sentence = (word: string, length = 90): string =>
  `${`${word} `.repeat(Math.ceil(length / (word.length + 1))).trim()}.`

describe('chunkDocument', () => {
  test('a heading starts a chunk and is its path, outermost first', () => {
    const content = contentOf([
      { kind: 'heading', text: 'Manual', level: 1 },
      { kind: 'paragraph', text: 'About it.' },
      { kind: 'heading', text: 'Install', level: 2 },
      { kind: 'paragraph', text: 'Run it.', page: 4 },
      { kind: 'heading', text: 'Remove', level: 2 },
      { kind: 'paragraph', text: 'Delete it.' },
    ])
    const chunks = chunkDocument(content)
    expect(
      chunks.map((chunk) => [content.text.slice(chunk.startOffset, chunk.endOffset), chunk.headings, chunk.page]),
    ).toEqual([
      ['About it.', ['Manual'], undefined],
      ['Run it.', ['Manual', 'Install'], 4],
      ['Delete it.', ['Manual', 'Remove'], undefined],
    ])
    expect(chunks.map((chunk) => chunk.ordinal)).toEqual([0, 1, 2])
  })

  test('paragraphs are joined up to the target and never cut while they fit', () => {
    const content = contentOf(
      Array.from({ length: 12 }, (_, index) => ({
        kind: 'paragraph' as const,
        text: sentence(`word${String(index)}`, 250),
      })),
    )
    for (const chunk of chunkDocument(content)) {
      expect(content.blocks.some((block) => block.startOffset === chunk.startOffset)).toBe(true)
      expect(content.blocks.some((block) => block.endOffset === chunk.endOffset)).toBe(true)
      expect(chunk.endOffset - chunk.startOffset).toBeLessThanOrEqual(1100)
    }
  })

  test('a giant paragraph is cut between sentences', () => {
    const text = Array.from({ length: 60 }, (_, index) => sentence(`S${String(index)}`)).join(' ')
    const chunks = chunkDocument(contentOf([{ kind: 'paragraph', text }]))
    expect(chunks.length).toBeGreaterThan(4)
    for (const chunk of chunks) expect(text.charAt(chunk.endOffset - 1)).toBe('.')
  })

  test('tables are cut between rows and code between lines', () => {
    const rows = Array.from(
      { length: 80 },
      (_, index) => `| ${String(index)} | the value of row ${String(index)} |`,
    ).join('\n')
    const content = contentOf([
      { kind: 'table', text: rows },
      { kind: 'code', text: rows.replaceAll('|', '#') },
    ])
    for (const chunk of chunkDocument(content)) {
      expect(content.text.slice(chunk.startOffset, chunk.endOffset)).toMatch(/^[|#][\s\S]*[|#]$/u)
    }
  })

  test('text without any break is cut by length, not inside a surrogate pair', () => {
    const text = '😀'.repeat(3000)
    const chunks = chunkDocument(contentOf([{ kind: 'paragraph', text }]))
    expect(chunks.map((chunk) => text.slice(chunk.startOffset, chunk.endOffset)).join('')).toBe(text)
    for (const chunk of chunks) expect(text.slice(chunk.startOffset, chunk.endOffset).isWellFormed()).toBe(true)
  })

  test('a line that announces a list goes with it', () => {
    const content = contentOf([
      { kind: 'paragraph', text: sentence('filler', 750) },
      { kind: 'paragraph', text: 'The modes are:' },
      { kind: 'list-item', text: `- ${sentence('fast', 200)}` },
    ])
    const texts = chunkDocument(content).map((chunk) => content.text.slice(chunk.startOffset, chunk.endOffset))
    expect(texts.at(-1)).toMatch(/^The modes are:/u)
  })

  test('a term goes with its definition', () => {
    const content = contentOf([
      { kind: 'paragraph', text: sentence('filler', 750) },
      { kind: 'paragraph', text: 'partman-md' },
      { kind: 'paragraph', text: sentence('array', 200) },
    ])
    const texts = chunkDocument(content).map((chunk) => content.text.slice(chunk.startOffset, chunk.endOffset))
    expect(texts.at(-1)).toMatch(/^partman-md\n/u)
  })

  test('a document of headings only still has a chunk, and an empty one has none', () => {
    expect(chunkDocument(contentOf([{ kind: 'heading', text: 'Only this', level: 1 }]))).toHaveLength(1)
    expect(chunkDocument({ title: null, text: '', blocks: [] })).toEqual([])
  })

  test('a book of 200 pages takes well under a second', () => {
    const parts = Array.from({ length: 200 }, (_, page): Part[] => [
      { kind: 'heading', text: `Section ${String(page)}`, level: 2, page: page + 1 },
      ...Array.from({ length: 12 }, (_unused, index): Part => ({
        kind: 'paragraph',
        text: sentence(`p${String(page)}x${String(index)}`, 300),
        page: page + 1,
      })),
    ]).flat()
    const content = contentOf(parts)
    const started = performance.now()
    expect(chunkDocument(content).length).toBeGreaterThan(600)
    expect(performance.now() - started).toBeLessThan(2000)
  })

  test('chunks are ordered, disjoint, trimmed, bounded, cover every word of the body, and are the same each time', () => {
    const part = fc.record({
      kind: fc.constantFrom<DocumentBlock['kind']>('heading', 'paragraph', 'list-item', 'table', 'code'),
      text: fc.array(fc.lorem({ maxCount: 30 }), { maxLength: 30 }).map((words) => words.join('. ')),
      level: fc.integer({ min: 1, max: 6 }),
    })
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 25 }), (parts) => {
        const content = contentOf(parts)
        const chunks = chunkDocument(content)
        expect(chunkDocument(content)).toEqual(chunks)
        let previous = 0
        let covered = ''
        for (const chunk of chunks) {
          const slice = content.text.slice(chunk.startOffset, chunk.endOffset)
          expect(chunk.startOffset).toBeGreaterThanOrEqual(previous)
          expect(slice.trim()).toBe(slice)
          expect(slice.length).toBeLessThanOrEqual(1100)
          previous = chunk.endOffset
          covered += slice
        }
        if (content.blocks.every((block) => block.kind === 'heading')) return
        const body = content.blocks
          .filter((block) => block.kind !== 'heading')
          .map((block) => content.text.slice(block.startOffset, block.endOffset))
        expect(covered.replace(/\s+/gu, '')).toBe(body.join('').replace(/\s+/gu, ''))
      }),
      { numRuns: 60 },
    )
  })
})
