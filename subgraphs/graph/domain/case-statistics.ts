// How a document writes its words: a word that it also writes in lower case is not a name because it once has a capital.
// Only words where the capital means something are counted as capitalised: not the first of a sentence, not in titles.
import type { Word } from './words.ts'

export interface CaseStatistics {
  count: (words: Word[], isCapitalExpected: (index: number) => boolean) => void
  lowercaseCount: (word: string) => number
  capitalizedCount: (word: string) => number
}

export function createCaseStatistics(): CaseStatistics {
  const lowercase = new Map<string, number>()
  const capitalized = new Map<string, number>()
  return {
    count(words, isCapitalExpected) {
      for (const [index, word] of words.entries()) {
        if (word.kind === 'lowercase') increment(lowercase, word.text.toLowerCase())
        else if (word.kind === 'capitalized' && !isCapitalExpected(index))
          increment(capitalized, word.text.toLowerCase())
      }
    },
    lowercaseCount: (word) => lowercase.get(word.toLowerCase()) ?? 0,
    capitalizedCount: (word) => capitalized.get(word.toLowerCase()) ?? 0,
  }
}

function increment(counts: Map<string, number>, key: string) {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
