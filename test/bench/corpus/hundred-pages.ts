// A PDF of 100 pages of real prose, other pages for each seed: paragraphs of the manuals as a printed report has them, about 430 words a page.
// The same seed gives the same bytes.
import seedrandom from 'seedrandom'
import { writePdf } from '../../fixtures/handbook/write-pdf.ts'
import { CORPUS_CHUNKS } from './cache.ts'
import { readCorpus } from './contents.ts'

const PAGES = 100
const LINES = 46
/** What fits between the margins at 12 points. */
const LINE_CHARACTERS = 78

export async function hundredPages(seed: string): Promise<Uint8Array> {
  const corpus = await readCorpus({ minimumChunks: CORPUS_CHUNKS })
  const random = seedrandom(seed)
  const lines: string[] = []
  while (lines.length < PAGES * LINES) {
    const { content } = corpus[Math.floor(random() * corpus.length)]!
    for (const { kind, startOffset, endOffset } of content.blocks) {
      if (kind !== 'paragraph') continue
      const text = content.text.slice(startOffset, endOffset).replaceAll(/\s+/gu, ' ')
      // The standard fonts of the writer know ASCII only; a line or two would be a heading.
      if (text.length >= 160 && /^[\x20-\x7e]+$/u.test(text)) lines.push(...wrap(text), '')
    }
  }
  return writePdf(
    Array.from({ length: PAGES }, (_, page) => [
      `Page ${page + 1} of the report`,
      ...lines.slice(page * LINES, (page + 1) * LINES),
    ]),
  )
}

function wrap(text: string): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > LINE_CHARACTERS) {
      lines.push(line)
      line = ''
    }
    line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}
