/**
 * The parts of a sentence that must agree literally with its source: numbers with their units, names, negation and
 * direction. Everything else in a sentence may be paraphrased; these may not.
 */
import { stem, tokenize } from './terms.ts'

export type NumberClaim = {
  /** Digits in comparable form: `58,100` and `58100` are equal, `2.10` and `2.1` are not (they may be versions). */
  value: string
  /** Comparable unit directly after it, or null. */
  unit: string | null
}

const numberWords = new Map<string, string>(
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty'
    .split(' ')
    .map((word, index) => [word, String(index)]),
)
for (const [index, word] of 'thirty forty fifty sixty seventy eighty ninety'.split(' ').entries())
  numberWords.set(word, String((index + 3) * 10))
numberWords.set('hundred', '100').set('thousand', '1000').set('million', '1000000').set('billion', '1000000000')

/** Spellings of one unit. What is not listed is no unit. */
const unitSpellings: Readonly<Record<string, string>> = {
  ms: 'millisecond',
  millisecond: 'millisecond',
  milliseconds: 'millisecond',
  s: 'second',
  sec: 'second',
  secs: 'second',
  second: 'second',
  seconds: 'second',
  min: 'minute',
  mins: 'minute',
  minute: 'minute',
  minutes: 'minute',
  h: 'hour',
  hr: 'hour',
  hrs: 'hour',
  hour: 'hour',
  hours: 'hour',
  d: 'day',
  day: 'day',
  days: 'day',
  week: 'week',
  weeks: 'week',
  month: 'month',
  months: 'month',
  year: 'year',
  years: 'year',
  b: 'byte',
  byte: 'byte',
  bytes: 'byte',
  bit: 'bit',
  bits: 'bit',
  k: 'kilobyte',
  kb: 'kilobyte',
  kilobyte: 'kilobyte',
  kilobytes: 'kilobyte',
  kib: 'kibibyte',
  kibibytes: 'kibibyte',
  m: 'megabyte',
  mb: 'megabyte',
  megabyte: 'megabyte',
  megabytes: 'megabyte',
  mib: 'mebibyte',
  mebibyte: 'mebibyte',
  mebibytes: 'mebibyte',
  g: 'gigabyte',
  gb: 'gigabyte',
  gigabyte: 'gigabyte',
  gigabytes: 'gigabyte',
  gib: 'gibibyte',
  gibibyte: 'gibibyte',
  gibibytes: 'gibibyte',
  t: 'terabyte',
  tb: 'terabyte',
  terabyte: 'terabyte',
  terabytes: 'terabyte',
  tib: 'tebibyte',
  tebibytes: 'tebibyte',
  kbit: 'kilobit',
  mbit: 'megabit',
  gbit: 'gigabit',
  kbps: 'kilobit/s',
  mbps: 'megabit/s',
  gbps: 'gigabit/s',
  hz: 'hertz',
  khz: 'kilohertz',
  mhz: 'megahertz',
  ghz: 'gigahertz',
  mm: 'millimetre',
  cm: 'centimetre',
  km: 'kilometre',
  metre: 'metre',
  metres: 'metre',
  meter: 'metre',
  meters: 'metre',
  mg: 'milligram',
  kg: 'kilogram',
  grams: 'gram',
  gram: 'gram',
  '%': 'percent',
  percent: 'percent',
  'per cent': 'percent',
  '€': 'euro',
  eur: 'euro',
  euro: 'euro',
  euros: 'euro',
  usd: 'dollar',
  dollar: 'dollar',
  dollars: 'dollar',
  px: 'pixel',
  pixel: 'pixel',
  pixels: 'pixel',
  pages: 'page',
  page: 'page',
  character: 'character',
  characters: 'character',
  line: 'line',
  lines: 'line',
  row: 'row',
  rows: 'row',
  column: 'column',
  columns: 'column',
  word: 'word',
  words: 'word',
  token: 'token',
  tokens: 'token',
  file: 'file',
  files: 'file',
  directories: 'directory',
  directory: 'directory',
  user: 'user',
  users: 'user',
  package: 'package',
  packages: 'package',
  core: 'core',
  cores: 'core',
  times: 'time',
  time: 'time',
}

const numberPattern = /[-−]?\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:[.:]\d+)*/gu

export function numberClaims(text: string): NumberClaim[] {
  const claims: NumberClaim[] = []
  for (const match of text.matchAll(numberPattern)) {
    const value = match[0].replace(/,/gu, '').replace(/^−/u, '-')
    const isNegative = value.startsWith('-')
    // A hyphen between words or digits ("RFC-822", "20-29") is no sign.
    const isSign = isNegative && !/[\p{L}\d]$/u.test(text.slice(0, match.index))
    const after = text.slice(match.index + match[0].length)
    claims.push({ value: isNegative && !isSign ? value.slice(1) : value, unit: unitAfter(after) })
  }
  for (const match of text.matchAll(/\p{L}+/gu)) {
    const value = numberWords.get(match[0].toLowerCase())
    if (value === undefined || isPronounOne(match[0], text.slice(match.index + match[0].length))) continue
    claims.push({ value, unit: unitAfter(text.slice(match.index + match[0].length)) })
  }
  return claims
}

/** "one of", "this one", "one can": no quantity. Only "one" directly before a unit counts. */
function isPronounOne(word: string, after: string): boolean {
  return word.toLowerCase() === 'one' && unitAfter(after) === null
}

function unitAfter(after: string): string | null {
  const match = /^\s?[-‑]?\s?(%|€|per cent|\p{L}+(?:\/s)?)/iu.exec(after)
  const unit = match?.[1]
  if (unit === undefined) return null
  // Single letters are units only when they touch the number: "5 s", but not "5 a".
  if (unit.length === 1 && !/^[smhdbkgt%€]$/iu.test(unit)) return null
  return unitSpellings[unit.toLowerCase()] ?? null
}

/** Every claimed number occurs, with the same unit where the claim has one and the source states one. */
export function supportsNumbers(claimed: readonly NumberClaim[], stated: readonly NumberClaim[]): boolean {
  return claimed.every((claim) =>
    stated.some(
      (fact) =>
        fact.value === claim.value &&
        (claim.unit === null || fact.unit === null
          ? claim.unit === fact.unit || claim.unit === null
          : claim.unit === fact.unit),
    ),
  )
}

/** Things that are named rather than described; each must occur in the source. Lower case, as written otherwise. */
export function nameClaims(text: string): Set<string> {
  const names = new Set<string>()
  const tokens = tokenize(text)
  for (const [index, token] of tokens.entries()) {
    if (/^[\d.,]+$/u.test(token.surface)) continue
    const isCapitalised = /^\p{Lu}/u.test(token.surface)
    const isAcronym = /^\p{Lu}[\p{Lu}\d]+$/u.test(token.surface)
    const isOpening = !/[\p{L}\p{N}]/u.test(text.slice(0, token.startOffset).replace(/^.*[.!?:]\s/su, ''))
    // "may" is a verb, "May" within a sentence a month.
    const isMonth = token.surface === 'May' && !isOpening
    const isName = isOpening ? isCapitalised && opensWithName(token.surface, tokens[index + 1]?.surface) : isCapitalised
    if (token.isName || isAcronym || isMonth || (isName && !token.isStopWord)) names.add(normaliseName(token.surface))
  }
  return names
}

/**
 * A sentence opens with a capital either way. "Bob Miller approved", "Debian uses": a second capital, or a bare singular
 * before a verb, is a name (or a subject as decisive as one); "Backups are", "Running it" and "Usually" are not.
 */
function opensWithName(first: string, second: string | undefined): boolean {
  if (second !== undefined && /^\p{Lu}\p{Ll}/u.test(second)) return true
  return (
    !/(?:s|ing|ly|ed|ion|ment|ness|ity)$/u.test(first) &&
    second !== undefined &&
    /(?:[^s]s|ed)$|^(?:is|was|has|had|will|can|must|should|may)$/u.test(second)
  )
}

export function supportsNames(claimed: ReadonlySet<string>, source: string): string[] {
  const stated = new Set<string>()
  for (const token of tokenize(source)) {
    stated.add(normaliseName(token.surface))
    stated.add(stem(token.surface.toLowerCase()))
    for (const part of token.surface.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []) stated.add(part)
  }
  return [...claimed].filter((name) => !stated.has(name) && !stated.has(stem(name)))
}

function normaliseName(surface: string): string {
  return surface
    .toLowerCase()
    .replace(/[’']s$/u, '')
    .replace(/[/+]$/u, '')
}

/** Opposites of which a swap turns a statement round. Stems or words, matched as whole words. */
const opposites: readonly (readonly [RegExp, RegExp])[] = [
  [/\bbefore\b/iu, /\bafter\b/iu],
  [/\b(?:must|shall|required|mandatory|have to|has to)\b/iu, /\b(?:may|optional|optionally|can|might)\b/iu],
  [/\bmore\b/iu, /\b(?:less|fewer)\b/iu],
  [/\b(?:above|over|exceeds?)\b/iu, /\b(?:below|under)\b/iu],
  [/\b(?:minimum|at least)\b/iu, /\b(?:maximum|at most)\b/iu],
  [/\b(?:always|all|every)\b/iu, /\b(?:never|none|no)\b/iu],
  [/\ballow(?:s|ed)?\b|\bpermit(?:s|ted)?\b/iu, /\bforbid(?:s|den)?\b|\bprohibit(?:s|ed)?\b|\bden(?:y|ies|ied)\b/iu],
  [/\benabl(?:e|es|ed)\b|\bon by default\b/iu, /\bdisabl(?:e|es|ed)\b|\boff by default\b/iu],
  [/\binclud(?:e|es|ed|ing)\b/iu, /\bexclud(?:e|es|ed|ing)\b/iu],
  [/\bincreas(?:e|es|ed|ing)\b/iu, /\bdecreas(?:e|es|ed|ing)\b|\breduc(?:e|es|ed|ing)\b/iu],
  [/\badd(?:s|ed|ing)?\b/iu, /\bremov(?:e|es|ed|ing)\b|\bdelet(?:e|es|ed|ing)\b/iu],
  [/\binstall(?:s|ed|ing)?\b/iu, /\buninstall(?:s|ed|ing)?\b/iu],
  [/\bfirst\b/iu, /\blast\b/iu],
  [/\btrue\b/iu, /\bfalse\b/iu],
  [/\bsucceed(?:s|ed)?\b|\bsuccess(?:ful|fully)?\b/iu, /\bfail(?:s|ed|ure)?\b/iu],
  [/\bolder\b/iu, /\bnewer\b/iu],
  [/\bhigher\b/iu, /\blower\b/iu],
  [/\bstart(?:s|ed|ing)?\b/iu, /\bstop(?:s|ped|ping)?\b/iu],
  [/\bread-only\b/iu, /\b(?:writable|read-write)\b/iu],
]

/** True when the claim says one side of an opposition and the source only the other. */
export function reversesOpposition(claim: string, source: string): boolean {
  return opposites.some(
    ([left, right]) => isSwapped(claim, source, left, right) || isSwapped(claim, source, right, left),
  )
}

function isSwapped(claim: string, source: string, said: RegExp, meant: RegExp): boolean {
  return said.test(claim) && !said.test(source) && meant.test(source) && !meant.test(claim)
}
