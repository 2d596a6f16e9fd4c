/**
 * The words of a text with parts of speech and base forms ("kept" is "keep") from wink-nlp; what is a word, a name or a
 * path is decided by terms.ts, as everywhere. The tagger has learned from news, so what it gets wrong in manuals is mended.
 */
import model from 'wink-eng-lite-web-model'
import winkNLP from 'wink-nlp'
import { unitOf } from './claims-units.ts'
import { stem, tokenize } from './terms.ts'

export type Word = {
  index: number
  surface: string
  lower: string
  /** Comparable form: base form and stem of a word, a name as it stands. */
  term: string
  /** Terms of the parts of a compound: of "write-protected" two, of most words none. */
  parts: readonly string[]
  /** All its comparable forms: `term`, the stem as written, and `parts`. */
  terms: readonly string[]
  partOfSpeech: PartOfSpeech
  isContent: boolean
  /** A path, option, version or identifier. */
  isLiteral: boolean
  isBaseForm: boolean
  /** The unit of the number before it. */
  isUnit: boolean
  /** No English dictionary has it: "rsync", "chroot". */
  isUnknown: boolean
  startOffset: number
  endOffset: number
  /** Punctuation stands before it. */
  isCutOff: boolean
  /** Index of its clause. */
  clause: number
  /** Counts through the text; a comma, a bracket or a conjunction begins the next. */
  segment: number
  /** In brackets: the segment before the bracket. */
  hostSegment: number | null
}

export type PartOfSpeech =
  | 'noun'
  | 'name'
  | 'verb'
  | 'auxiliary'
  | 'adjective'
  | 'adverb'
  | 'preposition'
  | 'conjunction'
  | 'determiner'
  | 'pronoun'
  | 'number'
  | 'particle'
  | 'other'

export type Tagger = { tag: (text: string) => Tag[]; isUnknown: (word: string) => boolean }
type Tag = { startOffset: number; endOffset: number; partOfSpeech: string; lemma: string }

export function createTagger(): Tagger {
  const nlp = winkNLP(model, ['sbd', 'pos'])
  const { its } = nlp
  const vocabulary = nlp.readDoc('')
  return {
    tag(text) {
      // The library loses count of rarer white space; all of it is one code unit long.
      const tokens = nlp.readDoc(text.replace(/[^\S ]/gu, ' ')).tokens()
      const values = tokens.out<string>(its.value)
      const spaces = tokens.out<string>(its.precedingSpaces)
      const partsOfSpeech = tokens.out<string>(its.pos)
      // The library's types give this one more parameters than it is called with.
      const lemmas = tokens.out<string>(its.lemma as unknown as typeof its.value)
      let offset = 0
      return values.map((value, index) => {
        const startOffset = offset + (spaces[index] ?? '').length
        offset = startOffset + value.length
        return {
          startOffset,
          endOffset: offset,
          partOfSpeech: partsOfSpeech[index] ?? 'X',
          lemma: lemmas[index] ?? value,
        }
      })
    },
    isUnknown: (word) => vocabulary.isOOV(word),
  }
}

const partsOfSpeech: Readonly<Record<string, PartOfSpeech>> = {
  NOUN: 'noun',
  PROPN: 'name',
  VERB: 'verb',
  AUX: 'auxiliary',
  ADJ: 'adjective',
  ADV: 'adverb',
  ADP: 'preposition',
  SCONJ: 'conjunction',
  CCONJ: 'conjunction',
  DET: 'determiner',
  PRON: 'pronoun',
  NUM: 'number',
  PART: 'particle',
}

const joining = new Set('whereas although though because unless if'.split(' '))
/** Verb forms that serve as prepositions. */
const prepositionalVerbs = new Set(
  'using including excluding according depending regarding concerning following based barring given starting'.split(
    ' ',
  ),
)
const irregularPasts = new Set('left found cut set put read built held kept lost met ran saw shut hit'.split(' '))

export function readWords(text: string, tagger: Tagger): Word[] {
  const tags = tagger.tag(text)
  let next = 0
  const words = tokenize(text).map((token, index): Word => {
    while (next < tags.length && (tags[next]?.endOffset ?? 0) <= token.startOffset) next += 1
    const first = tags[next]
    const isWhole = first?.startOffset === token.startOffset && first.endOffset === token.endOffset
    const lower = token.surface.toLowerCase().replace(/’/gu, "'").replace(/'s$/u, '')
    const isNumber = isAmount(token.surface) || (first?.partOfSpeech === 'NUM' && isWhole && !lower.includes('-'))
    const tag = partsOfSpeech[first?.partOfSpeech ?? 'X'] ?? 'other'
    // "Two-way" is no amount, "whereas" no preposition.
    const tagged = joining.has(lower) ? 'conjunction' : tag === 'number' && lower.includes('-') ? 'adjective' : tag
    const partOfSpeech = isNumber ? 'number' : token.isName ? 'name' : tagged
    const base = isWhole && tagged !== 'name' ? first.lemma : lower
    const isAcronym = /^\p{Lu}{2,}s?$/u.test(token.surface)
    const term = isAcronym ? token.surface.replace(/s$/u, '').toLowerCase() : token.isName ? lower : termOf(base)
    const isCompound = /[^\p{L}\p{N}']/u.test(lower) && !isNumber
    const parts = (isCompound ? (lower.match(/[\p{L}\p{N}]{2,}/gu) ?? []) : []).map((part) =>
      /\p{N}/u.test(part) ? part : termOf(part),
    )
    return {
      index,
      surface: token.surface,
      lower,
      term,
      parts,
      // "Left" is a form of "leave" only to a tagger that saw a verb.
      terms: [...new Set([term, token.isName || isAcronym ? term : stem(lower), ...parts])],
      partOfSpeech: prepositionalVerbs.has(lower) ? 'preposition' : partOfSpeech,
      isContent: (!token.isStopWord || /^[B-HJ-Z]$/u.test(token.surface)) && !isNumber,
      isLiteral: token.isName && !isNumber,
      isBaseForm: base.toLowerCase() === lower,
      isUnit: false,
      isUnknown: /^\p{L}{2,}$/u.test(lower) && tagger.isUnknown(lower) && tagger.isUnknown(lower.replace(/s$/u, '')),
      startOffset: token.startOffset,
      endOffset: token.endOffset,
      isCutOff: /[,;:.!?()—–]/u.test(text.slice(0, token.startOffset).slice(-2)),
      clause: 0,
      segment: 0,
      hostSegment: null,
    }
  })
  mendTags(words)
  return words
}

/**
 * What a tagger trained on news gets wrong in manuals: nouns that look like verbs ("the history file", "the only
 * approach"), verbs that look like nouns ("Linux limits the partitions"), and participles that stand before a noun.
 */
function mendTags(words: Word[]): void {
  for (const [index, word] of words.entries()) {
    const before = words[index - 1]
    if (before?.partOfSpeech === 'number' && unitOf(word.lower, false) !== null) {
      word.isUnit = true
      word.isContent = false
      word.partOfSpeech = 'noun'
      continue
    }
    const after = words[index + 1]
    const isNear = before !== undefined && before.endOffset + 1 === word.startOffset
    if (word.partOfSpeech === 'verb') {
      const isParticiple = /(?:ed|ing|en)$/u.test(word.lower)
      const isBeforeNoun =
        isNominal(after) && after?.partOfSpeech !== 'number' && after?.startOffset === word.endOffset + 1
      const isAfterAuxiliary = before?.partOfSpeech === 'auxiliary' || before?.partOfSpeech === 'adverb'
      const opensPhrase =
        before === undefined || /^(?:determiner|preposition|adjective|conjunction|verb)$/u.test(before.partOfSpeech)
      const isAfterArticle = isNear && /^(?:a|an|the|this|its|only)$/u.test(before.lower)
      const isAfterSingular =
        isNear &&
        isNominal(before) &&
        (before.isUnknown || !before.lower.endsWith('s')) &&
        before.partOfSpeech !== 'number'
      // "Merging works": a gerund that is the subject.
      const isGerundSubject =
        word.lower.endsWith('ing') &&
        (!isNear || before.partOfSpeech === 'conjunction') &&
        (after?.partOfSpeech === 'verb' || after?.partOfSpeech === 'auxiliary')
      const isPluralSubject =
        index === 0 && word.lower.endsWith('s') && words.slice(1, 3).some((other) => other.partOfSpeech === 'auxiliary')
      const isListed =
        isParticiple &&
        /^(?:and|or)$/u.test(before?.lower ?? '') &&
        words[index - 2]?.partOfSpeech === 'adjective' &&
        (after === undefined || after.isCutOff)
      if (word.lower.includes('-') || isListed) word.partOfSpeech = 'adjective'
      else if (isPluralSubject) word.partOfSpeech = 'noun'
      else if (isGerundSubject) word.partOfSpeech = 'noun'
      else if (isParticiple && isBeforeNoun && opensPhrase && !isAfterAuxiliary && after?.lower !== 'to')
        word.partOfSpeech = 'adjective'
      else if (word.isBaseForm && (isAfterArticle || isAfterSingular)) word.partOfSpeech = 'noun'
    } else if (word.partOfSpeech === 'noun') {
      const clauseStart = words.findLastIndex(
        (other, place) => place <= index && (other.partOfSpeech === 'conjunction' || other.isCutOff),
      )
      const hasVerbBefore = hasVerb(words.slice(Math.max(0, clauseStart), index))
      const isFollowedByArticle = after?.partOfSpeech === 'determiner' && after.startOffset === word.endOffset + 1
      const isSubjectBefore = isNear && isNominal(before)
      const isPast =
        irregularPasts.has(word.lower) && /^(?:name|preposition|determiner)$/u.test(after?.partOfSpeech ?? '')
      const opening = words[Math.max(0, clauseStart)]
      const rest = words.slice(index + 1)
      const end = rest.findIndex((other) => other.isCutOff || other.partOfSpeech === 'conjunction')
      // "The ferry sails to the island": without it, the clause would have no verb.
      const isOnlyVerb =
        word.lower.endsWith('s') &&
        before !== undefined &&
        !before.lower.endsWith('s') &&
        opening?.partOfSpeech === 'determiner' &&
        after?.partOfSpeech === 'preposition' &&
        !hasVerb(end === -1 ? rest : rest.slice(0, end))
      if (
        isSubjectBefore &&
        !hasVerbBefore &&
        (isPast || isOnlyVerb || isFollowedByArticle || (word.lower === 'defaults' && after?.lower === 'to'))
      )
        word.partOfSpeech = 'verb'
    }
  }
}

/** Digits, with a unit or not: "512", "512MB", "64-128MB". */
function isAmount(surface: string): boolean {
  const match = /^\d[\d.,:]*(?:[-–]\d[\d.,:]*)?([%€£]|\p{L}{1,5})?$/u.exec(surface)
  // "2.9-3" is a version.
  if (match === null || (match[1] === undefined && /\..*[-–]/u.test(surface))) return false
  return match[1] === undefined || unitOf(match[1], true) !== null
}

/** One comparable form of a word: base form, British or American spelling, stem. */
function termOf(word: string): string {
  return stem(
    word
      .toLowerCase()
      .replace(/is(e|ation)$/u, 'iz$1')
      .replace(/our$/u, 'or'),
  )
}

export function isVerb(word: Word, previous: Word | undefined): boolean {
  return previous?.lower !== 'to' && (word.partOfSpeech === 'verb' || word.partOfSpeech === 'auxiliary')
}

export function hasVerb(words: readonly Word[]): boolean {
  return words.some((word, index) => isVerb(word, words[index - 1]))
}

/** Only a finite verb makes a clause: not "running", not the "stored" of "files stored in it". */
export function hasFiniteVerb(words: readonly Word[]): boolean {
  return words.some((_, index) => isFiniteAt(words, index))
}

/** Where the predicate begins: at the first finite verb, or at any where none is finite; -1 without a verb. */
export function predicateStart(words: readonly Word[]): number {
  const finite = words.findIndex((_, index) => isFiniteAt(words, index))
  return finite === -1 ? words.findIndex((word, index) => isVerb(word, words[index - 1])) : finite
}

function isFiniteAt(words: readonly Word[], index: number): boolean {
  const word = words[index]
  const before = words[index - 1]
  const after = words[index + 1]
  if (word === undefined || !isVerb(word, before) || /^(?:be|been|being|having)$/u.test(word.lower)) return false
  if (word.partOfSpeech === 'auxiliary') return true
  if (word.lower.endsWith('ing')) return false
  const isParticiple = /(?:ed|en|wn|nt)$/u.test(word.lower) || irregularPasts.has(word.lower)
  const isDetached = after === undefined || /^(?:preposition|adverb|conjunction)$/u.test(after.partOfSpeech)
  // "…, called cores, …"
  if (isParticiple && index === 0) return false
  return !(isParticiple && isNominal(before) && isDetached && before?.partOfSpeech !== 'name')
}

export function isNominal(word: Word | undefined): boolean {
  return /^(?:noun|name|adjective|number)$/u.test(word?.partOfSpeech ?? '')
}
