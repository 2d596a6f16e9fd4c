import { expect, test } from 'vitest'
import { readWithHeads } from './reading-heads.ts'

test('each head weighs its own states and adds its constant, and a sentence that was not read says nothing', () => {
  const hidden = {
    passage: Float32Array.from([1, 2]),
    sentences: [Float32Array.from([1, -1]), null, Float32Array.from([0, 2])],
    logit: null,
  }
  const heads = {
    relevance: Float32Array.from([0, 1, -0.5]),
    answering: Float32Array.from([1, 10, 0.5]),
    answerability: Float32Array.from([1, 100, -1]),
    sentence: Float32Array.from([2, 3, 1]),
  }
  expect(readWithHeads(hidden, heads)).toEqual({
    score: 1.5,
    answering: 21.5,
    answerability: 200,
    sentences: [0, 0, 7],
  })
})
