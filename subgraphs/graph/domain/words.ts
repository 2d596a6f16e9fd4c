// Taggers cut at every hyphen, slash and underscore. Names are written across some of these (GNU/Linux, PA-RISC) and
// identifiers across others (DEB_BUILD_OPTIONS, $HOME); this puts the pieces together again and tells the two apart.
import type { Span } from './entity.ts'
import type { TaggedToken } from './tagged-text.ts'

export interface Word extends Span {
  text: string
  kind: 'capitalized' | 'lowercase' | 'other'
  isProperNoun: boolean
  isDictionaryWord: boolean
  isFunctionWord: boolean
  /** White space separates it from the word before. */
  hasSpaceBefore: boolean
}

const joiner = /^[-\u2010\u2011/&]$/u
const identifierMark = /^[_=$<>*\\{}[\]@#~|+^%]+$/u
const hasLetter = /\p{L}/u

/** Joins pieces that touch. Whatever touches an identifier's mark, or is part of a path, becomes an `other` word. */
export function wordsOf(tokens: TaggedToken[]): Word[] {
  const words: Word[] = []
  let index = 0
  while (index < tokens.length) {
    const first = tokens[index] as TaggedToken
    let last = first
    let next = index + 1
    let isIdentifier = identifierMark.test(first.text) || isPathStart(tokens, index)
    const parts = [first]
    for (; next < tokens.length; next += 1) {
      const token = tokens[next] as TaggedToken
      if (token.startOffset !== last.endOffset) break
      const after = tokens[next + 1]
      const joinsToNext =
        after?.startOffset === token.endOffset && (hasLetter.test(after.text) || /^\d/.test(after.text))
      if (identifierMark.test(token.text)) isIdentifier = true
      else if (joiner.test(token.text)) {
        if (!joinsToNext || !/[\p{L}\p{N}]$/u.test(last.text) || isCompound(first, after)) break
      } else if (!joiner.test(last.text) && !identifierMark.test(last.text)) break
      parts.push(token)
      last = token
    }
    words.push(toWord(parts, isIdentifier, tokens[index - 1]))
    index = next
  }
  return words
}

/** In "New York-based" the name ends at the hyphen. */
function isCompound(first: TaggedToken, second: TaggedToken): boolean {
  return /^\p{Lu}/u.test(first.text) && /^\p{Ll}/u.test(second.text)
}

function isPathStart(tokens: TaggedToken[], index: number): boolean {
  const token = tokens[index] as TaggedToken
  return (token.text === '/' || token.text === '.') && tokens[index + 1]?.startOffset === token.endOffset
}

function toWord(parts: TaggedToken[], isIdentifier: boolean, before: TaggedToken | undefined): Word {
  const text = parts.map((part) => part.text).join('')
  const first = parts[0] as TaggedToken
  const lettered = parts.filter((part) => hasLetter.test(part.text))
  return {
    text,
    startOffset: first.startOffset,
    endOffset: (parts.at(-1) as TaggedToken).endOffset,
    kind: isIdentifier || lettered.length === 0 ? 'other' : /^\p{Lu}/u.test(text) ? 'capitalized' : 'lowercase',
    isProperNoun: parts.some((part) => part.isProperNoun),
    isDictionaryWord: lettered.every((part) => part.isDictionaryWord),
    isFunctionWord: parts.length === 1 && first.isFunctionWord,
    hasSpaceBefore: before === undefined || before.endOffset < first.startOffset,
  }
}
