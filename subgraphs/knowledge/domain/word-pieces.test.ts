import { expect, test } from 'vitest'
import { estimateWordPieces } from './word-pieces.ts'

/** Beside them what BERT's tokenizer makes of each. */
test.each([
  ['', 0],
  // the server listen ##s
  ['the server listens', 4],
  // inc ##omp ##re ##hen ##sibility
  ['incomprehensibility', 2],
  // | 802 ##7 | 0 ##x ##1 ##f |
  ['| 8027 | 0x1f |', 9],
  // st ##raße , naive ; 東 京
  ['Straße, naïve; 東京', 6],
])('%s', (text, pieces) => {
  expect(estimateWordPieces(text)).toBe(pieces)
})
