// What the name finder needs from a tagger: sentences and words with their place in the text, which words are proper
// nouns, dictionary words and function words. Any tagger that can say this will do.
import type { Span } from './entity.ts'

export interface TaggedToken extends Span {
  text: string
  isProperNoun: boolean
  /** The word in lower case is an ordinary word of the language, so a capital alone proves nothing. */
  isDictionaryWord: boolean
  /** An article, pronoun, preposition or the like, which carries no meaning of its own. */
  isFunctionWord: boolean
}

export interface TaggedSentence extends Span {
  tokens: TaggedToken[]
}

/** Splits a piece of text into sentences and words; offsets are into that piece. Every word is found, in order. */
export type TagText = (text: string) => TaggedSentence[]
