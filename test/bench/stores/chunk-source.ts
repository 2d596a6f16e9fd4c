// Chunks to be stored and questions about them, the same for the same seed: texts of words that are as unequally frequent as those of a language, and
// vectors of unit length around a few hundred topics, as those of an embedding model lie.
import seedrandom from 'seedrandom'
import type { ChunkToStore } from '../../../subgraphs/knowledge/ports/vector-store.ts'

export interface BenchmarkChunk extends ChunkToStore {
  vector: Float32Array
}

export interface ChunkSource {
  chunks(count: number): BenchmarkChunk[]
  /** Some words of the chunk, and a vector near its own. */
  question(about: BenchmarkChunk): { text: string; vector: Float32Array }
}

const TOPICS = 200
const VOCABULARY = 20_000
/** About a thousand characters, as the chunks of documents have. */
const WORDS = 150
const QUESTION_WORDS = 5
/** How far from its topic a chunk lies, and a question from its chunk: a share of the length of both. */
const SPREAD = { chunk: 0.8, question: 0.4 }
const SYLLABLES = 'ba be bi bo ka ke ki ko la le li lo ma me mi mo na ne ni no ra re ri ro ta te ti to'.split(' ')

export function createChunkSource({ seed, dimensions }: { seed: string; dimensions: number }): ChunkSource {
  const random = seedrandom(seed)
  const below = (count: number) => Math.floor(random() * count)
  const direction = () => unit(Float32Array.from({ length: dimensions }, () => gaussian(random)))
  const near = (centre: Float32Array, spread: number) => {
    const away = direction()
    return unit(centre.map((value, at) => value + spread * away[at]!))
  }
  const topics = Array.from({ length: TOPICS }, direction)
  const words = Array.from({ length: VOCABULARY }, (_, index) => wordOf(index))
  // Of frequency about 1 / rank, as Zipf found it of words.
  const word = () => words[Math.floor(VOCABULARY ** random()) - 1]!
  let made = 0
  return {
    chunks: (count) =>
      Array.from({ length: count }, () => ({
        id: `chunk_${made++}`,
        text: Array.from({ length: WORDS }, word).join(' '),
        vector: near(topics[below(TOPICS)]!, SPREAD.chunk),
      })),
    question({ text, vector }) {
      const own = text.split(' ')
      const some = Array.from({ length: QUESTION_WORDS }, () => own[below(own.length)]!)
      return { text: some.join(' '), vector: near(vector, SPREAD.question) }
    },
  }
}

/** A word of its own for every number: its digits as syllables. */
function wordOf(index: number): string {
  let word = ''
  for (let rest = index + SYLLABLES.length; rest > 0; rest = Math.floor(rest / SYLLABLES.length))
    word += SYLLABLES[rest % SYLLABLES.length]!
  return word
}

function unit(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector)
  return vector.map((value) => value / length)
}

/** G. E. P. Box and M. E. Muller, "A note on the generation of random normal deviates", 1958. */
const gaussian = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
