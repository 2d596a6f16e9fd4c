import seedrandom from 'seedrandom'
import { describe, expect, test } from 'vitest'
import type { SourceChunk } from './source-chunk.ts'
import { createVerifySentence } from './verify-sentence.ts'

const verifySentence = createVerifySentence()
const document = `Retention and limits

Backups are kept for 30 days and then deleted by the nightly job. The job must not run before the export has finished. Each archive may hold at most 512 MB of data.

The server listens on port 8443 by default. Administrators can change it in /etc/gate/server.conf. Alice Miller approved the change after the audit in March 2021.

Passwords are never stored in plain text. The cache is enabled on all nodes except the gateway. Version 2.10 introduced the --strict option. Users may delete their own files, but they must not delete shared folders.

A request times out after 5 seconds. Large uploads are split into parts of 8 MiB. The index is rebuilt weekly.`

function chunkAt(start: string, end: string, id: string): SourceChunk {
  const startOffset = document.indexOf(start)
  const endOffset = document.indexOf(end) + end.length
  return {
    id,
    documentId: 'doc_1',
    documentTitle: 'Operations manual',
    headings: ['Retention and limits'],
    text: document.slice(startOffset, endOffset),
    startOffset,
    endOffset,
    denseRank: 1,
    lexicalRank: 1,
    denseSimilarity: null,
  }
}

const sources = [
  chunkAt('Backups are', '512 MB of data.', 'chunk_1'),
  chunkAt('The server listens', 'March 2021.', 'chunk_2'),
  chunkAt('Passwords are', 'shared folders.', 'chunk_3'),
  chunkAt('A request times', 'rebuilt weekly.', 'chunk_4'),
]

const verify = (text: string, markers: readonly number[] = []) => verifySentence({ text, markers }, sources)

describe('sentences that the sources carry', () => {
  test.each([
    'Backups are kept for 30 days and then deleted by the nightly job.',
    'Backups are kept for 30 days.',
    'By default, the server listens on port 8443.',
    'An archive may hold at most 512 MB.',
    'Alice Miller approved the change in March 2021.',
    'Passwords are never stored in plain text.',
    'The --strict option was introduced in version 2.10.',
    'The port can be changed by administrators in /etc/gate/server.conf.',
    'The job must not run before the export has finished.',
    'Requests time out after five seconds.',
    'The cache is enabled on all nodes except the gateway.',
    'Users must not delete shared folders.',
    'Uploads that are large are split into 8 MiB parts.',
  ])('%s', (text) => {
    const support = verify(text)
    expect(support).toMatchObject({ isVerified: true, failures: [] })
    expect(document.slice(support?.span.startOffset, support?.span.endOffset)).toBe(support?.quote)
  })
})

describe('sentences that a model has bent', () => {
  test.each([
    ['a swapped number', 'Backups are kept for 90 days and then deleted by the nightly job.'],
    ['a number of another sentence', 'Backups are kept for 512 days and then deleted by the nightly job.'],
    ['a number in words', 'Backups are kept for sixty days and then deleted by the nightly job.'],
    ['another unit', 'Each archive may hold at most 512 GB of data.'],
    ['a binary unit', 'Each archive may hold at most 512 MiB of data.'],
    ['minutes for seconds', 'A request times out after 5 minutes.'],
    ['weeks for days', 'Backups are kept for 30 weeks and then deleted by the nightly job.'],
    ['a version that only looks equal', 'Version 2.1 introduced the --strict option.'],
    ['a swapped port', 'The server listens on port 443 by default.'],
    ['a swapped name', 'Bob Miller approved the change after the audit in March 2021.'],
    ['a swapped path', 'Administrators can change it in /etc/gate/client.conf.'],
    ['a swapped option', 'Version 2.10 introduced the --lenient option.'],
    ['a swapped month', 'Alice Miller approved the change after the audit in May 2021.'],
    ['a dropped not', 'The job must run before the export has finished.'],
    ['an added not', 'Backups are not kept for 30 days and then deleted by the nightly job.'],
    ['a contracted not', "The server doesn't listen on port 8443 by default."],
    ['a dropped never', 'Passwords are stored in plain text.'],
    ['after for before', 'The job must not run after the export has finished.'],
    ['minimum for maximum', 'Each archive may hold at least 512 MB of data.'],
    ['disabled for enabled', 'The cache is disabled on all nodes except the gateway.'],
    ['may for must', 'The job may not run before the export has finished and is optional.'],
    ['a fact from nowhere', 'The gateway was built by a team of engineers in Norway.'],
    [
      'a fact added to a true one',
      'Backups are kept for 30 days on encrypted tapes inside a mountain vault near the coast.',
    ],
  ])('%s is not verified', (_name, text) => {
    const support = verify(text, [1, 2])
    expect(support?.isVerified ?? false).toBe(false)
  })

  test('an echoed false quote is not verified, whatever marker it bears', () => {
    const support = verify('"Backups are kept forever and are never deleted by the nightly job." [1]', [1])
    expect(support?.isVerified).toBe(false)
    expect(document.slice(support?.span.startOffset, support?.span.endOffset)).toBe(support?.quote)
  })

  test('random numbers in place of the true ones are never verified', () => {
    const facts: [string, string][] = [
      ['Backups are kept for # days and then deleted by the nightly job.', '30'],
      ['The server listens on port # by default.', '8443'],
      ['Each archive may hold at most # MB of data.', '512'],
      ['A request times out after # seconds.', '5'],
      ['Version # introduced the --strict option.', '2.10'],
    ]
    for (let seed = 0; seed < 300; seed += 1) {
      const random = seedrandom(`number ${String(seed)}`)
      const [sentence, truth] = facts[Math.floor(random() * facts.length)] ?? ['', '']
      const wrong = String(Math.floor(random() * 10 ** (1 + Math.floor(random() * 5))))
      if (wrong === truth) continue
      expect(
        verify(sentence.replace('#', wrong), [1 + Math.floor(random() * 6)])?.isVerified ?? false,
        sentence.replace('#', wrong),
      ).toBe(false)
      expect(verify(sentence.replace('#', truth))?.isVerified).toBe(true)
    }
  })

  test('a negation put into or taken out of any sentence is never verified', () => {
    const sentences = document.split(/(?<=\.)\s+/u).filter((sentence) => /\b(?:is|are|may|must|can)\b/u.test(sentence))
    let tested = 0
    for (const [index, sentence] of sentences.entries()) {
      const random = seedrandom(`negation ${String(index)}`)
      const isNegative = /\b(?:not|never)\b/u.test(sentence)
      const word = random() < 0.5 ? 'not' : 'never'
      const bent = isNegative
        ? sentence.replace(/\s(?:not|never)\b/u, '')
        : sentence.replace(/\b(is|are|may|must|can)\b/u, `$1 ${word}`)
      if (bent === sentence) continue
      tested += 1
      expect(verify(bent, [1])?.isVerified ?? false, bent).toBe(false)
    }
    expect(tested).toBeGreaterThan(6)
  })
})

describe('markers', () => {
  test('a right marker is reported, a wrong or invented one is not believed', () => {
    expect(verify('The server listens on port 8443 by default.', [2])).toMatchObject({
      chunkId: 'chunk_2',
      agreesWithMarker: true,
      isVerified: true,
    })
    expect(verify('The server listens on port 8443 by default.', [1])).toMatchObject({
      chunkId: 'chunk_2',
      agreesWithMarker: false,
      isVerified: true,
    })
    expect(verify('The server listens on port 8443 by default.', [17])).toMatchObject({
      chunkId: 'chunk_2',
      agreesWithMarker: false,
    })
    expect(verify('The server listens on port 8443 by default.')).toMatchObject({ agreesWithMarker: null })
  })

  test('an invented statement stays unverified under any marker', () => {
    for (let marker = 0; marker < 20; marker += 1) {
      expect(verify('Replication needs three witnesses in separate regions.', [marker])?.isVerified ?? false).toBe(
        false,
      )
    }
  })
})

test('a sentence without a word in common has no support at all', () => {
  expect(verify('Hello there!')).toBeNull()
  expect(verifySentence({ text: 'The server listens.' }, [])).toBeNull()
})

test('similarity far below the calibrated one overrules shared words', () => {
  const vector = (x: number): Float32Array => new Float32Array([x, Math.sqrt(1 - x * x)])
  const claim = { text: 'For 30 days backups are kept.', vector: vector(1) }
  expect(verifySentence(claim, sources, () => vector(0.9))?.isVerified).toBe(true)
  expect(verifySentence(claim, sources, () => vector(0.1))?.failures).toContain('SIMILARITY')
})
