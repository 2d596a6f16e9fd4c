/**
 * Linear heads on the hidden states of the embedded cross-encoder. It was trained to order web passages by relevance; what its eighth of
 * twelve layers sees of a sentence tells more exactly which one answers, and what it sees of the passage as a whole (the [CLS] token)
 * whether any does. The heads were fitted by `test/bench/questions/fit-evidence.ts`; see docs/decisions/2026-11-24-answers-from-evidence.md.
 */
import type { RerankReading } from '../ports/rerank-model.ts'
import type { HiddenReading } from './onnx-worker.ts'
import { headWeights } from './reading-heads.generated.ts'

export interface ReadingHeads {
  /** Over the [CLS] token in both layers. */
  answering: Float32Array
  /** Over the [CLS] token in the earlier layer. */
  answerability: Float32Array
  /** Over the mean of a sentence's tokens in the earlier layer. */
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
  answering: decode(headWeights.answering),
  answerability: decode(headWeights.answerability),
  sentence: decode(headWeights.sentence),
}

export function readWithHeads(hidden: HiddenReading, { answering, answerability, sentence } = heads): RerankReading {
  const { logit, passage, sentences } = hidden
  const width = passage.length / 2
  return {
    score: logit,
    answering: weigh(answering, passage),
    answerability: weigh(answerability, passage.subarray(0, width)),
    // A sentence beyond what the model reads says nothing for or against it.
    sentences: sentences.map((states) => (states === null ? 0 : weigh(sentence, states))),
  }
}

function weigh(weights: Float32Array, states: Float32Array): number {
  let sum = weights[states.length] ?? 0
  for (let index = 0; index < states.length; index += 1) sum += (weights[index] ?? 0) * (states[index] ?? 0)
  return sum
}
