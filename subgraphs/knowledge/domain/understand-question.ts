/**
 * What a question is about and what kind of thing would answer it. Pure pattern work on English questions: a question
 * that matches no pattern expects nothing in particular, which only costs evidence, never an answer.
 */
import { contentTerms, tokenize } from './terms.ts'
import type { Token } from './terms.ts'

/** The kinds of thing an answer may have to contain. */
export type ExpectedAnswer =
  | 'duration'
  | 'size'
  | 'quantity'
  | 'number'
  | 'version'
  | 'date'
  | 'person'
  | 'place'
  | 'address'
  | 'name'
  | 'reason'
  | 'anything'

export type Question = {
  text: string
  /** Distinct content terms, stemmed. */
  terms: ReadonlySet<string>
  /** Terms that name a particular thing: quoted, identifiers, numbers, capitalised within the sentence. */
  focusTerms: ReadonlySet<string>
  expected: ExpectedAnswer
  /** Sub-questions of "…, and which …": the whole question when there is only one. */
  parts: readonly string[]
}

export function understandQuestion(text: string): Question {
  return {
    text,
    terms: contentTerms(text),
    focusTerms: focusTerms(text),
    expected: expectedAnswer(text),
    parts: splitParts(text),
  }
}

function focusTerms(text: string): Set<string> {
  const quoted = [...text.matchAll(/["“`'‘]([^"”`'’]{2,60})["”`'’]/gu)].flatMap((match) => [
    ...contentTerms(match[1] ?? ''),
  ])
  const focus = new Set(quoted)
  for (const token of tokenize(text)) {
    if (token.isStopWord) continue
    const isFirstWord = /^[\s"“'‘(]*$/u.test(text.slice(0, token.startOffset))
    const isCapitalised = /^\p{Lu}/u.test(token.surface) && !isFirstWord
    if (token.isName || isCapitalised || /^\p{Lu}{2,}/u.test(token.surface)) focus.add(token.term)
  }
  return focus
}

/** Most specific first. */
const expectations: readonly (readonly [ExpectedAnswer, RegExp])[] = [
  [
    'duration',
    /\bhow (?:long|often|soon)\b|\b(?:how many|number of) (?:milli)?(?:seconds?|minutes?|hours?|days?|weeks?|months?|years?)\b|\btime-?out\b|\b(?:in|of) (?:seconds|minutes|hours|days)\b/iu,
  ],
  [
    'size',
    /\b(?:how many|number of) (?:kilo|mega|giga|tera|kibi|mebi|gibi)?(?:bytes?|bits?)\b|\bhow (?:big|large)\b|\bin (?:kilo|mega|giga|tera)bytes\b|\bhow much (?:disk|memory|ram|space|storage)\b/iu,
  ],
  [
    'version',
    /\b(?:which|what) (?:\S+ ){0,3}?(?:version|release)\b|\bsince (?:which|what|when)\b|\bversion number\b/iu,
  ],
  ['date', /^\s*when\b|\b(?:which|what) (?:year|month|day|date)\b|\bin (?:which|what) year\b/iu],
  ['quantity', /\bhow (?:many|much)\b|\b(?:maximum|minimum|upper limit|lower limit|at most|at least|percentage)\b/iu],
  [
    'number',
    /\b(?:numeric|number|port|mode|permissions?|uid|gid|user id|group id|exit (?:code|status)|error code|status code|code)\b/iu,
  ],
  ['address', /\be-?mail\b|\bmailing list\b|\burl\b|\bweb ?(?:site|page|address)\b/iu],
  ['person', /^\s*(?:who|whose|whom)\b|\bby whom\b|\bas whom\b|\bto whom\b/iu],
  [
    'place',
    /^\s*where\b|\b(?:which|what) (?:\S+ ){0,2}?(?:file|path|directory|folder|location|section|field)\b|\bin(?:to)? (?:which|what) (?:file|directory|folder)\b|\bunder (?:which|what)\b/iu,
  ],
  ['reason', /^\s*why\b|\bfor what reason\b/iu],
  [
    'name',
    /\b(?:which|what) (?:\S+ ){0,4}?(?:command|option|switch|flag|variable|parameter|package|program|tool|utility|function|keyword|script|header|tag|directive|setting|algorithm|licen[cs]e|name|module|method|format|license)\b|\bcalled\b|\bnamed?\b/iu,
  ],
]

function expectedAnswer(text: string): ExpectedAnswer {
  return expectations.find(([, pattern]) => pattern.test(text))?.[0] ?? 'anything'
}

const units = {
  duration:
    /\b\d[\d,.]*\s*-?\s*(?:ms|millisec\w*|s|secs?|seconds?|min|mins|minutes?|h|hours?|days?|weeks?|months?|years?)\b|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty|thirty|sixty|a|an|each|every|per)\s+(?:second|minute|hour|day|week|month|year)s?\b|\b(?:hourly|daily|weekly|monthly|yearly|annually|immediately|forever|never)\b/iu,
  size: /\b\d[\d,.]*\s*-?\s*(?:k|m|g|t)?i?(?:b|bytes?|bits?)\b|\b\d[\d,.]*\s*-?\s*(?:[kmgt]|kilo\w*|mega\w*|giga\w*|tera\w*)\b/iu,
  version: /\b\d+\.\d+|\bv?\d+\b/u,
  date: /\b(?:1[89]|20)\d\d\b|\b(?:january|february|march|april|may|june|july|august|september|october|november|december)\b|\b(?:before|after|during|once|until|while|when)\b/iu,
  quantity:
    /\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|fifty|hundred|thousand|million|no|none|both|all|each|single|once|twice|half|unlimited|any number)\b/iu,
  number: /\d/u,
  address:
    /[\w.+<>-]+@[\w<>-]+|\bhttps?:\/\/|\bwww\.|\b[\w-]+-(?:devel|users?|announce|list\w*|private|project|security|\w+)\b/iu,
  place:
    /(?:^|[\s"'“‘(`<])(?:~|\$\w+)?\/[\w.$<{*-]+|\b[\w-]+\/[\w.-]+|\b[\w-]+\.(?:\w{1,12})\b|\b(?:section|file|directory|folder|field|server|database)\b/iu,
} as const

/** True when the passage holds a thing of the expected kind that the question does not already hold. */
export function meetsExpectation(
  question: Question,
  passage: string,
  tokens: readonly Token[] = tokenize(passage),
): boolean {
  const { expected } = question
  if (expected === 'anything' || expected === 'reason') return true
  if (expected === 'person')
    return hasNewToken(question, tokens, (surface) => /^_?\p{Lu}?[\p{L}\d_-]{2,}$/u.test(surface))
  if (expected === 'name') return hasNewName(question, passage, tokens)
  const unseen = passage.replace(/\d[\d.,]*/gu, (number) => (containsNumber(question.text, number) ? '' : number))
  return units[expected].test(unseen)
}

/** How many distinct things the text names that the question does not: identifiers, paths, numbers, acronyms, quoted or capitalised words. */
export function countNewNames(question: Question, text: string, tokens: readonly Token[] = tokenize(text)): number {
  const quoted = new Set(
    [...text.matchAll(/["“`‘]([^"”`’]{1,40})["”`’]/gu)].flatMap(([, inside]) => [...contentTerms(inside ?? '')]),
  )
  const names = tokens.filter(
    ({ surface, term, isStopWord, isName }, index) =>
      !isStopWord &&
      !question.terms.has(term) &&
      (isName || quoted.has(term) || /^\p{Lu}{2,}/u.test(surface) || (/^\p{Lu}/u.test(surface) && index > 0)),
  )
  return new Set(names.map(({ term }) => term)).size
}

/** An identifier, a quoted or capitalised word, an option: something that could be a name, and is not in the question. */
function hasNewName(question: Question, passage: string, tokens: readonly Token[]): boolean {
  if (/["“`‘*]\s*[\w./$+-]+/u.test(passage) && hasNewToken(question, tokens, () => true)) return true
  return hasNewToken(
    question,
    tokens,
    (surface, isFirst) => /[-_./:+\d]/u.test(surface) || (/\p{Lu}/u.test(surface) && !isFirst),
  )
}

function hasNewToken(
  question: Question,
  tokens: readonly Token[],
  accepts: (surface: string, isFirst: boolean) => boolean,
): boolean {
  return tokens.some(
    (token, index) => !token.isStopWord && !question.terms.has(token.term) && accepts(token.surface, index === 0),
  )
}

function containsNumber(text: string, number: string): boolean {
  const digits = number.replace(/[.,]+$/u, '')
  return new RegExp(`(?<![\\d.])${digits.replace(/[.]/gu, '\\.')}(?![\\d])`, 'u').test(text)
}

const QUESTION_WORD = '(?:which|what|who|whose|whom|when|where|why|how)'
/** At the beginning of a clause: "I forgot which it was" asks nothing. */
const asks = new RegExp(`(?:^|[,.:;?!–-]\\s+)(?:and\\s+)?(?:\\p{Ll}+\\s+)?${QUESTION_WORD}\\b|\\?$`, 'iu')
const PREPOSITION =
  '(?:in|into|on|at|to|from|for|with|by|under|over|after|before|during|until|up|since|of|as|about|against|between|within|through|per|starting|the|a)'
/** Between two questions in one sentence: "…, and in which file …", "…; up to what size …". "… and shows which …" goes on with the same. */
const partBorder = new RegExp(
  `(?:[,;]?\\s+and\\s+|;\\s+)(?=(?:${PREPOSITION}\\s+(?:\\S+\\s+){0,3}?)?${QUESTION_WORD}\\b)`,
  'iu',
)
/** More than an answer has sentences. */
const PARTS_MAX = 3

/** "Which directory …, and which mode …?" asks twice; both halves must be found for a whole answer. */
function splitParts(text: string): string[] {
  const sentences = ifAllAsk(text.trim().split(/(?<=\?)\s+/u)) ?? [text]
  const parts = sentences
    .flatMap((sentence) => ifAllAsk(sentence.split(partBorder)) ?? [sentence])
    .map((part) => part.trim().replace(/^(?:and|also)\b[\s,]*/iu, ''))
    .filter((part) => contentTerms(part).size >= 1)
  return parts.length > 1 && parts.length <= PARTS_MAX ? parts : [text]
}

/** What is said before a question belongs to it. */
const ifAllAsk = (parts: readonly string[]): readonly string[] | null =>
  parts.every((part) => asks.test(part.trim())) ? parts : null
