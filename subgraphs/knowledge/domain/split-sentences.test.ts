import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { splitSentences } from './split-sentences.ts'

const split = (text: string): string[] =>
  splitSentences(text).map((span) => text.slice(span.startOffset, span.endOffset).replace(/\s+/gu, ' '))

describe('splitSentences', () => {
  test('ends sentences at full stops, question and exclamation marks', () => {
    expect(split('It works. Does it? Yes! Good.')).toEqual(['It works.', 'Does it?', 'Yes!', 'Good.'])
  })

  test('reads a wrapped line as a space', () => {
    expect(split('The file is kept\nin /etc and is read\nat boot. It may be empty.')).toEqual([
      'The file is kept in /etc and is read at boot.',
      'It may be empty.',
    ])
  })

  test.each([
    ['e.g. and i.e.', 'Use a tool, e.g. make, i.e. GNU make. Then stop.', 2],
    ['an abbreviation before a capital', 'See Fig. 3 and Sec. Four for it. Done.', 2],
    ['an initial', 'It was named by J. Random Hacker. He left.', 2],
    ['file names and versions', 'Read foo.txt and lib.so.6 in 1.2.3 first. Then bar.md.', 2],
    ['etc. within a sentence', 'Files, links, etc. are kept. The rest goes.', 2],
    ['etc. at the end', 'Keep files, links, etc. The rest goes.', 2],
    ['a full stop in brackets', 'It stops (see below. It is long.) and goes on. End.', 2],
    ['a numbered item', '1. Open the file. Close it.', 2],
    ['a question mark in a name', 'Use the /etc/rc?.d links for it. Done.', 2],
  ])('survives %s', (_name, text, count) => {
    expect(split(text)).toHaveLength(count)
  })

  test('keeps list items, table rows and lines of code apart', () => {
    expect(split('The modes are:\n- fast mode\n- slow mode\n  with a long line')).toEqual([
      'The modes are:',
      '- fast mode',
      '- slow mode with a long line',
    ])
    expect(split('| 10-19 | invalid parameters |\n| 20-29 | syntax errors |')).toEqual([
      '| 10-19 | invalid parameters |',
      '| 20-29 | syntax errors |',
    ])
    expect(split('Run this:\n\n$ apt-get update\n$ apt-get install x')).toEqual([
      'Run this:',
      '$ apt-get update',
      '$ apt-get install x',
    ])
  })

  test('leaves out rules and fences', () => {
    expect(split('Title\n=====\n\nText here.\n\n```sh\nls -l\n```')).toEqual(['Title', 'Text here.', 'ls -l'])
  })

  test('a blank line always ends a sentence', () => {
    expect(split('no full stop here\n\nand here neither')).toEqual(['no full stop here', 'and here neither'])
  })

  test('spans are trimmed, ordered, disjoint and stay inside for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), fc.nat(50), (text, start) => {
        let previous = Math.min(start, text.length)
        for (const span of splitSentences(text, previous, text.length)) {
          const slice = text.slice(span.startOffset, span.endOffset)
          expect(span.startOffset).toBeGreaterThanOrEqual(previous)
          expect(slice.length).toBeGreaterThan(0)
          expect(slice.trim()).toBe(slice)
          previous = span.endOffset
        }
        expect(previous).toBeLessThanOrEqual(text.length)
      }),
    )
  })
})
