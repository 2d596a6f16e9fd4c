import { describe, expect, test } from 'vitest'
import { composeExtractiveAnswer } from './compose-extractive-answer.ts'
import { gatherEvidence } from './gather-evidence.ts'
import type { ScoredSentence } from './gather-evidence.ts'
import type { PassageForModel, Rerank, SourceChunk } from './source-chunk.ts'
import { contentTerms } from './terms.ts'
import { estimateWordPieces } from './word-pieces.ts'

const documents: Record<string, string> = {
  doc_1: `Backups are kept for 30 days. They are then deleted by the nightly job.

The archive is encrypted with AES. Nobody may copy it to another machine.

retention-tool

Deletes archives that are older than the limit which the administrator has set.`,
  doc_2: `The server listens on port 8443 by default.
Administrators can change
the port in /etc/gate/server.conf. A restart is needed afterwards.

The modes are:
- fast mode for small files
- slow mode for large files`,
}

function chunksOf(texts: Record<string, string> = documents): SourceChunk[] {
  return Object.entries(texts).map(([documentId, text], index) => ({
    id: `${documentId}_chunk`,
    documentId,
    documentTitle: 'Manual',
    headings: [],
    text,
    startOffset: 0,
    endOffset: text.length,
    denseRank: index + 1,
    lexicalRank: index + 1,
    denseSimilarity: null,
  }))
}

/** A reranker by words in common: exact enough to tell these passages apart. */
const rerank: Rerank = (question, passages) => {
  const wanted = [...contentTerms(question)]
  return Promise.resolve(
    passages.map(({ sentences }) => {
      const shareIn = (text: string) => {
        const terms = contentTerms(text)
        return wanted.filter((term) => terms.has(term)).length / Math.max(1, wanted.length)
      }
      const share = shareIn(sentences.join(' '))
      return {
        score: -10 + 20 * share,
        answering: 0,
        answerability: 4 * share - 2,
        sentences: sentences.map((sentence) => 4 * shareIn(sentence)),
      }
    }),
  )
}

async function answer(question: string, chunks = chunksOf(), sourceLimit = 8) {
  const evidence = await gatherEvidence({ question, chunks, sourceLimit, rerank, signal: AbortSignal.timeout(5000) })
  return { evidence, answer: composeExtractiveAnswer(evidence) }
}

describe('composeExtractiveAnswer', () => {
  test('answers in the words of the document, with spans that give the stored text', async () => {
    const result = await answer('On which port does the server listen by default?')
    expect(result.answer.verdict).toBe('ANSWERED')
    expect(result.answer.sentences[0]?.text).toBe('The server listens on port 8443 by default.')
    for (const sentence of result.answer.sentences) {
      expect(documents[sentence.documentId]?.slice(sentence.startOffset, sentence.endOffset)).toBe(sentence.quote)
      expect(sentence.text).toBe(sentence.quote.replace(/\s+/gu, ' '))
    }
  })

  test('says nothing about what is not there', async () => {
    const result = await answer('Which torque do the wheel bolts of the van need?')
    expect(result.evidence.isInDocuments).toBe(false)
    expect(result.answer).toEqual({ verdict: 'NOT_IN_DOCUMENTS', sentences: [] })
  })

  test('nothing retrieved, nothing answered', async () => {
    expect((await answer('Anything?', [])).answer).toEqual({ verdict: 'NOT_IN_DOCUMENTS', sentences: [] })
  })

  test('a sentence that points back brings the one it points to', async () => {
    const { answer: composed } = await answer('Are backups deleted by the nightly job?')
    expect(composed.sentences.map((sentence) => sentence.text).join(' ')).toContain(
      'Backups are kept for 30 days. They are then deleted',
    )
  })

  test('the term of a definition list goes with what is said about it', async () => {
    const { answer: composed } = await answer('What deletes archives older than the limit the administrator set?')
    expect(composed.sentences.some((sentence) => sentence.text.startsWith('retention-tool Deletes archives'))).toBe(
      true,
    )
  })

  test('a long sentence is shortened at a word, and all sentences keep to 400 characters and three', async () => {
    const long = `The limit of the archive is ${'very '.repeat(150)}high.`
    const many = Array.from(
      { length: 12 },
      (_, index) => `The limit of archive number ${String(index)} is ${String(index * 7)} files in total.`,
    ).join(' ')
    for (const text of [long, many]) {
      const { answer: composed } = await answer('What is the limit of the archive?', chunksOf({ doc_1: text }))
      expect(composed.sentences.length).toBeGreaterThan(0)
      expect(composed.sentences.length).toBeLessThanOrEqual(3)
      expect(composed.sentences.map((sentence) => sentence.text).join(' ').length).toBeLessThanOrEqual(400)
      for (const sentence of composed.sentences)
        expect(text.slice(sentence.startOffset, sentence.endOffset)).toBe(sentence.quote)
    }
  })

  test('sentences that fit together are preferred to one that fills the answer alone', async () => {
    const { evidence } = await answer('Which tool deletes archives that are older than the limit?')
    const passage = evidence.parts[0]?.passages[0]
    if (passage === undefined) throw new Error('no passage')
    const sentence = (text: string, probability: number, startOffset: number): ScoredSentence => {
      const span = { startOffset, endOffset: startOffset + text.length }
      const features = {
        answering: 0,
        coverage: 0,
        neighbourCoverage: 0,
        expectation: 0,
        names: 0,
        novelty: 0,
        emptiness: 0,
        length: 0,
      }
      const own = { quote: text, text, span, leansBack: false, announces: false }
      return { ...own, passage: { ...passage, sentences: [] }, features, shares: [probability], probability }
    }
    const long = sentence(`Rotation ${'and storage '.repeat(32)}end.`, 0.25, 0)
    const first = sentence('Backups older than a month are removed.', 0.21, 900)
    const second = sentence('A nightly task called sweeper does it.', 0.16, 1800)
    const sentences = [long, first, second].toSorted((left, right) => right.probability - left.probability)
    const composed = composeExtractiveAnswer({ ...evidence, isInDocuments: true, sentences })
    expect(composed.sentences.map(({ text }) => text)).toEqual([first.text, second.text])
  })

  test('two documents that state different numbers conflict', async () => {
    const { answer: composed } = await answer(
      'How many days are backups kept?',
      chunksOf({
        doc_1: 'Backups of the server are kept for 30 days.',
        doc_2: 'Backups of the server are kept for 90 days.',
      }),
    )
    expect(composed.verdict).toBe('CONFLICTING')
    expect(composed.sentences).toHaveLength(2)
  })

  test('a question of which one half is found is answered in part', async () => {
    const { answer: composed } = await answer(
      'On which port does the server listen by default, and who invented the steam turbine?',
    )
    expect(composed.verdict).toBe('PARTIAL')
    expect(composed.sentences[0]?.text).toBe('The server listens on port 8443 by default.')
  })

  test('sentences for different parts do not contradict each other, and what was cut off is missed', async () => {
    const question =
      'What is the default read timeout of the server, and what is the default write timeout of the server?'
    const { evidence, answer: composed } = await answer(
      question,
      chunksOf({
        doc_1: 'The default read timeout of the server is 30 seconds.',
        doc_2: 'The default write timeout of the server is 60 seconds.',
      }),
    )
    expect(composed.sentences.map(({ text }) => text).toSorted()).toEqual([
      'The default read timeout of the server is 30 seconds.',
      'The default write timeout of the server is 60 seconds.',
    ])
    expect(composed.verdict).toBe('ANSWERED')
    const sentences = evidence.sentences
      .filter(({ text }) => text.includes('read'))
      .map((sentence) => ({ ...sentence, shares: [sentence.shares[0]!, 0] }))
    expect(composeExtractiveAnswer({ ...evidence, sentences }).verdict).toBe('PARTIAL')
  })

  test('each part has a sentence, though the next ones of another are likelier', async () => {
    const { evidence } = await answer('Which port does the server have, and which tool deletes old backups?')
    const passage = evidence.parts[0]!.passages[0]!
    const sentence = (text: string, shares: number[], startOffset: number): ScoredSentence => {
      const span = { startOffset, endOffset: startOffset + text.length }
      const own = { quote: text, text, span, leansBack: false, announces: false }
      const features = { ...evidence.sentences[0]!.features, emptiness: 0 }
      const probability = (shares[0]! + shares[1]!) / 2
      return { ...own, passage: { ...passage, sentences: [] }, features, shares, probability }
    }
    const sentences = [
      sentence('Alpha is one way to say that.', [0.5, 0], 0),
      sentence('Beta gives another view of this.', [0.25, 0], 900),
      sentence('Gamma was never seen by anyone.', [0.15, 0], 1800),
      sentence('Delta holds the rest of it all.', [0, 0.12], 2700),
    ]
    const parts = [0.5, 0.12].map((bestShare) => ({ ...evidence.parts[0]!, bestShare, isInDocuments: true }))
    const composed = composeExtractiveAnswer({ ...evidence, isInDocuments: true, parts, sentences })
    expect(composed.verdict).toBe('ANSWERED')
    expect(new Set(composed.sentences.map(({ text }) => text[0]))).toEqual(new Set(['A', 'B', 'D']))
  })

  test('a part that the documents do not answer takes no place among the sources', async () => {
    const { evidence } = await answer(
      'On which port does the server listen by default, and who invented the steam turbine?',
      chunksOf(),
      1,
    )
    expect(evidence.sources[0]?.chunk.text).toContain('8443')
  })

  test('a question of two parts gets a sentence for each, though one alone has every place in the search', async () => {
    const ports = Array.from(
      { length: 20 },
      (_, index) => `Listener ${String(index)} has port ${String(8000 + index)}.`,
    )
    const { evidence, answer: composed } = await answer(
      'Which port does listener 7 have, and which person wrote the sweeper?',
      chunksOf({
        ...Object.fromEntries(ports.map((text, index) => [`doc_${String(index)}`, text])),
        last: 'The person who wrote the sweeper is Ada Quill.',
      }),
    )
    expect(evidence.parts.map(({ question }) => question.text)).toEqual([
      'Which port does listener 7 have',
      'which person wrote the sweeper?',
    ])
    expect(composed.verdict).toBe('ANSWERED')
    const text = composed.sentences.map((sentence) => sentence.text).join(' ')
    expect(text).toContain('Listener 7 has port 8007.')
    expect(text).toContain('Ada Quill')
    expect(evidence.sentences.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1)
  })
})

describe('gatherEvidence', () => {
  test('reads a bounded number of passages and tokens, in one batch', async () => {
    const batches: (readonly PassageForModel[])[] = []
    const question = 'What is the archive limit?'
    const text = Array.from(
      { length: 400 },
      (_, index) => `Sentence ${String(index)} speaks about the archive limit at length.`,
    ).join(' ')
    const options = {
      question,
      chunks: chunksOf({ doc_1: text }),
      rerank: ((asked, passages, signal) => {
        batches.push(passages)
        return rerank(asked, passages, signal)
      }) satisfies Rerank,
      signal: AbortSignal.timeout(5000),
    }
    await gatherEvidence({ ...options, tokenLimit: 600 })
    await gatherEvidence({ ...options, tokenLimit: 100_000 })
    await gatherEvidence({ ...options, tokenLimit: 1 })
    expect(batches.map((passages) => passages.length)).toEqual([6, 12, 1])
    const tokens = batches[0]!.map(
      ({ context, sentences }) =>
        3 + estimateWordPieces(question) + estimateWordPieces([context, ...sentences].join(' ')),
    )
    expect(tokens.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(600)
  })

  test('of a table, which has many tokens, less is read than of prose, and a shorter passage that still fits is', async () => {
    const limit = 'The archive limit is told here.'
    const table = `${limit} ${'| 7f | 0x1 '.repeat(34)}`
    const chunks = chunksOf({ doc_1: table, doc_2: table.replaceAll('7f', '8e'), doc_3: limit })
    const read = async (tokenLimit: number): Promise<string[]> => {
      const passages: string[] = []
      await gatherEvidence({
        question: 'What is the archive limit?',
        chunks,
        rerank: (question, given, signal) => {
          passages.push(...given.map(({ sentences }) => sentences.join(' ').slice(0, limit.length + 5)))
          return rerank(question, given, signal)
        },
        signal: AbortSignal.timeout(5000),
        tokenLimit,
      })
      return passages
    }
    expect(await read(350)).toEqual([`${limit} | 7f`, limit])
    expect(await read(700)).toEqual(expect.arrayContaining([`${limit} | 7f`, `${limit} | 8e`, limit]))
  })

  test('the same manual in two formats counts once', async () => {
    const text = documents['doc_2'] ?? ''
    const { evidence } = await answer(
      'On which port does the server listen?',
      chunksOf({ doc_1: text, doc_2: text.replace('\n', ' ') }),
    )
    expect(new Set(evidence.sources.map((source) => source.chunk.documentId)).size).toBe(1)
  })

  test('without a reranker it rests on what the searches found, and without vectors on words', async () => {
    const options = {
      question: 'On which port does the server listen by default?',
      chunks: chunksOf(),
      signal: AbortSignal.timeout(5000),
    }
    const withVectors = chunksOf().map((chunk) => ({ ...chunk, denseSimilarity: 0.6 }))
    expect((await gatherEvidence({ ...options, chunks: withVectors })).basis).toBe('embedded')
    const lexical = await gatherEvidence(options)
    expect(lexical.basis).toBe('lexical')
    expect(lexical.sentences[0]?.text).toBe('The server listens on port 8443 by default.')
  })

  test('an aborted signal reaches the model', async () => {
    const signal = AbortSignal.abort(new Error('gone'))
    await expect(
      gatherEvidence({
        question: 'port?',
        chunks: chunksOf(),
        rerank: (_question, _passages, given) => Promise.reject(given.reason as Error),
        signal,
      }),
    ).rejects.toThrow('gone')
  })
})
