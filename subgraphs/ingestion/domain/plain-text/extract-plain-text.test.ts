import { expect, test } from 'vitest'
import { cleanDocument } from '../clean/clean-document.ts'
import { extractPlainText } from './extract-plain-text.ts'

/** Each block as "kind text", headings with their level. */
function blocksOf(source: string): string[] {
  const content = cleanDocument(extractPlainText(source))
  return content.blocks.map(
    ({ kind, level, startOffset, endOffset }) => `${kind}${level ?? ''}: ${content.text.slice(startOffset, endOffset)}`,
  )
}

test('titles with a rule under them are headings, by the order in which the rules appear', () => {
  const source =
    'The Book\n********\n\nIntroductory words of the book, which are long enough to be a real line.\n\n1. First\n========\n\nText.\n\n1.1. Inner\n----------\n\nMore.\n'
  expect(blocksOf(source).filter((block) => block.startsWith('heading'))).toEqual([
    'heading1: The Book',
    'heading2: 1. First',
    'heading3: 1.1. Inner',
  ])
})

test('hard-wrapped paragraphs become one line, and a hyphen of the word stays', () => {
  const source = `A paragraph that its author has wrapped at a column, as people do who write plain\ntext with an editor, about something as simple as a file of a well-\nknown format.\n\nAnother one.\n`
  expect(blocksOf(source)[0]).toBe(
    'paragraph: A paragraph that its author has wrapped at a column, as people do who write plain text with an editor, about something as simple as a file of a well-known format.',
  )
})

test('lists keep their marks and their hanging lines', () => {
  const source = `Words before the list that are long enough to show the width of this file's lines.\n\n* first item, which goes on for so long that it has to be wrapped to a second line\n  that hangs behind the mark\n* second item\n  1. inner item\n`
  expect(blocksOf(source).slice(1)).toEqual([
    'list-item: * first item, which goes on for so long that it has to be wrapped to a second line that hangs behind the mark',
    'list-item: * second item',
    'list-item: 1. inner item',
  ])
})

test('drawn tables and aligned columns keep their lines', () => {
  const table = '+-----+-------+\n| Key | Value |\n|-----+-------|\n| a   | 1     |\n+-----+-------+'
  expect(blocksOf(`Some words.\n\n${table}\n`)).toContain(`table: ${table}`)
  expect(blocksOf('Words.\n\nname      size\nriver     12\nlake      7\n')).toContain(
    'table: name      size\nriver     12\nlake      7',
  )
})

test('indented lines that were not filled are code, with their blank lines', () => {
  const source = `A sentence that introduces a program, long enough to fill the line to its very end here.\n\n    for i in a b; do\n        echo "$i" > /tmp/x\n    done\n\n    exit 0\n`
  expect(blocksOf(source)[1]).toBe('code: for i in a b; do\n    echo "$i" > /tmp/x\ndone\n\nexit 0')
})

test('a table of contents is one table, and the sections behind it are headings', () => {
  const contents = ['1. Start', '1.1. Inner', '2. End'].map((title) => `   ${title}\n`).join('\n')
  const body = `1.  Start\n\n   Text of the first section, indented as converters of manuals like to write it out here.\n\n  1.1.  Inner\n\n   Inner text.\n\n2.  End\n\n   The end.\n`
  const blocks = blocksOf(`Manual\n\n   Table of Contents\n\n${contents}\n${body}`)
  expect(blocks).toContain('table: 1. Start\n1.1. Inner\n2. End')
  expect(blocks.filter((block) => block.startsWith('heading'))).toEqual([
    'heading1: Manual',
    'heading1: 1. Start',
    'heading2: 1.1. Inner',
    'heading1: 2. End',
  ])
})

test('a text without hard wraps has a paragraph a line', () => {
  const long =
    'A line that no editor has ever wrapped, because the program that wrote it leaves that to the window it is shown in, however wide. '
  expect(blocksOf(`${long}One.\n${long}Two.\n- item\n`)).toEqual([
    `paragraph: ${long}One.`,
    `paragraph: ${long}Two.`,
    'list-item: - item',
  ])
})

test('form feeds count pages, and what stands at the edge of each page is left out', () => {
  const words = [
    'Rivers begin at springs, at lakes, or where a glacier ends, and are fed by rain that has fallen somewhere in their catchment.',
    'On their way they take up brooks and lose water to the air, to fields, and to the ground that they once came out of, further up.',
    'Where they meet the sea, sand settles: some rivers build deltas, which grow for as long as the current brings more than the sea takes.',
    'Others end in estuaries, wide mouths into which the tide runs twice a day, so that nobody can say where the river ends and the sea begins.',
  ]
  const page = (text: string, index: number) =>
    `RFC 9999              The River Protocol              May 2026\n\n${text}\n\nDoe                     Standards Track                [Page ${index + 1}]\n`
  const content = cleanDocument(extractPlainText(words.map(page).join('\f')))
  expect(content.blocks.map((block) => block.page)).toEqual([1, 2, 3, 4])
  expect(content.text).toBe(words.join('\n\n'))
})
