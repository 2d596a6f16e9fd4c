/**
 * Linear heads on the hidden states of the embedded cross-encoder. It was trained to order web passages by relevance; what its eighth of
 * twelve layers sees of a sentence tells more exactly which one answers, and what it sees of the passage as a whole (the [CLS] token)
 * whether any does, and nearly what all layers would say of its relevance. The heads were fitted by `test/bench/questions/fit-evidence.ts`;
 * see docs/decisions/2026-11-24-answers-from-evidence.md and 2026-11-30-eight-layers-of-the-cross-encoder.md.
 */
import type { RerankReading } from '../ports/rerank-model.ts'
import type { HiddenReading } from './onnx-worker.ts'
import { headWeights } from './reading-heads.generated.ts'

/** All but the last over the [CLS] token. */
export interface ReadingHeads {
  /** To the score of the whole model. */
  relevance: Float32Array
  answering: Float32Array
  answerability: Float32Array
  /** Over the mean of a sentence's tokens. */
  sentence: Float32Array
}

const decode = (base64: string): Float32Array => {
  const bytes = Buffer.from(base64, 'base64')
  return Float32Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(index * 4))
}

export const encodeWeights = (weights: ArrayLike<number>): string => {
  const bytes = Buffer.alloc(weights.length * 4)
  for (let index = 0; index < weights.length; index += 1) bytes.writeFloatLE(weights[index] ?? 0, index * 4)
  return bytes.toString('base64')
}

/** The last weight of each is its constant. */
const heads: ReadingHeads = {
  relevance: decode(headWeights.relevance),
  answering: decode(headWeights.answering),
  answerability: decode(headWeights.answerability),
  sentence: decode(headWeights.sentence),
}

export function readWithHeads({ passage, sentences }: HiddenReading, weights: ReadingHeads = heads): RerankReading {
  return {
    score: weigh(weights.relevance, passage),
    answering: weigh(weights.answering, passage),
    answerability: weigh(weights.answerability, passage),
    // A sentence beyond what the model reads says nothing for or against it.
    sentences: sentences.map((states) => (states === null ? 0 : weigh(weights.sentence, states))),
  }
}

function weigh(weights: Float32Array, states: Float32Array): number {
  let sum = weights[states.length] ?? 0
  for (let index = 0; index < states.length; index += 1) sum += (weights[index] ?? 0) * (states[index] ?? 0)
  return sum
}
