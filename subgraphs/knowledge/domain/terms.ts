/**
 * Lexical terms: what a question and a passage are compared by. A term is a lower-case Porter stem (M. F. Porter, "An
 * algorithm for suffix stripping", 1980; npm `stemmer`), except for tokens that are names rather than words (paths,
 * options, versions, identifiers), which are kept as they stand, with their parts beside them.
 */
import { stemmer } from 'stemmer'
import { RecentlyKnown } from './recently-known.ts'

/** Function words, question words and the small talk of questions: they say nothing about the subject. */
const stopWords = new Set(
  `a about above after again against all also am an and any anyone anything are aren't as at be because been before being below
  between both but by can can't cannot could couldn't did didn't do does doesn't doing don't down during each else ever every few
  for from further get gets give given gives go goes got had has hasn't have haven't having he her here hers him his how however i
  i'm i've if in instead into is isn't it it's its itself just let like likely make makes many may me might mine more most much must
  my myself need needs no nor not now of off on once one only or other otherwise our out over own per please quite rather really
  same say says shall she should shouldn't so some somebody someone something still such take takes tell than that that's the their
  them themselves then there these they thing things this those though through thus to together too under until up upon us use used
  uses using very via want wants was wasn't way we were weren't what what's whatever when where whether which while who whom whose why
  will with within without won't would wouldn't yes yet you your yours`.split(/\s+/u),
)

/** A token with an inner `.`, `/`, `_`, `-`, `:`, `@`, `+` or digit mixed with letters names a thing: `/etc/passwd`, `--force`, `1.8`. */
const tokenPattern = /(?:--?|\/|~\/|\.|\$|@)?[\p{L}\p{N}]+(?:[._/:@+'’-]+[\p{L}\p{N}]+)*(?:\+\+?|\/)?/gu
const partPattern = /[\p{L}\p{N}]+/gu

/** Some 300 bytes each. */
const KNOWN_WORDS = 20_000

export type Token = {
  /** As written. */
  surface: string
  startOffset: number
  endOffset: number
  /** Comparable form. */
  term: string
  isStopWord: boolean
  /** A path, option, version, address, identifier or number: must match as a whole to count as the same thing. */
  isName: boolean
}

export function tokenize(text: string): Token[] {
  return Array.from(text.matchAll(tokenPattern), ({ 0: surface, index }) => tokenOf(surface, index))
}

/** How its tokens are written, in their order: all that their terms depend on. */
export const surfacesOf = (text: string): readonly string[] => text.match(tokenPattern) ?? []

export function tokenOf(surface: string, startOffset = 0): Token {
  const { term, isStopWord, isName } = wordOf(surface)
  return { surface, startOffset, endOffset: startOffset + surface.length, term, isStopWord, isName }
}

/** What a word is, wherever it stands. */
type Word = Pick<Token, 'term' | 'isStopWord' | 'isName'> & { contentTerms: readonly string[] }

/** Few words make up most of every text, and a question is held against some 15,000. */
const known = new RecentlyKnown<Word>(KNOWN_WORDS)

function wordOf(surface: string): Word {
  let word = known.get(surface)
  if (word === undefined) known.set(surface, (word = analyse(surface)))
  return word
}

function analyse(surface: string): Word {
  const lower = withoutApostrophes(surface.toLowerCase())
  const isName = looksLikeName(surface)
  const term = isName ? lower : stem(lower)
  const isStopWord = stopWords.has(lower) || (lower.length === 1 && /\p{L}/u.test(lower))
  return { term, isStopWord, isName, contentTerms: isStopWord ? [] : [...new Set([term, ...partsOf(surface)])] }
}

function partsOf(surface: string): string[] {
  if (!/[^\p{L}\p{N}]/u.test(surface)) return []
  const parts = surface.toLowerCase().match(partPattern) ?? []
  return parts
    .filter((part) => part.length > 1 && !stopWords.has(part))
    .map((part) => (/\p{N}/u.test(part) ? part : stem(part)))
}

/** The distinct content terms of a text: stop words out, names also by their parts (`apt-get` is also `apt` and `get`). */
export const contentTerms = (text: string): Set<string> => contentTermsOf(tokenize(text))

/** … of a text that is in tokens already. */
export function contentTermsOf(tokens: readonly Token[]): Set<string> {
  const terms = new Set<string>()
  for (const { surface } of tokens) for (const term of wordOf(surface).contentTerms) terms.add(term)
  return terms
}

/** The words worth sending to a full-text index, in the order asked; the index does its own stemming. */
export function searchWords(question: string): string[] {
  const words = tokenize(question)
    .filter((token) => !token.isStopWord)
    .map((token) => token.surface)
  return [...new Set(words)]
}

export function stem(word: string): string {
  return /^[a-z']+$/u.test(word) ? stemmer(word.replace(/'/gu, '')) : word
}

/** Without a genitive, and with the one apostrophe for both. Most words have none, and every text that is indexed comes by here. */
function withoutApostrophes(word: string): string {
  if (!word.includes("'") && !word.includes('’')) return word
  return word.replace(/[’']s$/u, '').replace(/’/gu, "'")
}

const looksLikeName = (surface: string): boolean => /[\p{N}._/:@$+]|^-|\p{Ll}\p{Lu}/u.test(surface)
