/**
 * Numbers with all that makes them the number they are: unit, what they count, the bound or range they stand in, and the
 * words around them. "At most 5 minutes" is neither "5 minutes" nor "at least 5 minutes"; "5 to 10" is one range.
 */
import { boundOf, comparative } from './claims-bounds.ts'
import type { Bound } from './claims-bounds.ts'
import { datesOf } from './claims-dates.ts'
import type { Statement } from './claims-statement.ts'
import type { Word } from './claims-words.ts'
import { unitOf } from './claims-units.ts'
import type { Unit } from './claims-units.ts'

export type Quantity = {
  /** Digits in comparable form: `58,100` and `58100` are equal, `2.10` and `2.1` are not (they may be versions). */
  value: string
  /** Upper end when it is a range, in the same form. */
  upper: string | null
  unit: Unit | null
  /** Whether the unit was taken over from the number before it ("5 minutes … and 10"). */
  isUnitInherited: boolean
  /** Terms of what it counts (of "3 primary partitions" partit), or empty. */
  counted: ReadonlySet<string>
  /** Terms of the adjectives between the number and what it counts. */
  qualities: ReadonlySet<string>
  /** Term of the word that it numbers ("port 80", "Debian 12"), where it counts and measures nothing. */
  label: string | null
  bound: Bound | null
  /** Words that say the bound. */
  boundWords: readonly Word[]
  /** Words that belong to it, to be left out of its company. */
  words: readonly Word[]
  /** The word it begins with. */
  word: Word
}

const numberWords = new Map<string, number>(
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty'
    .split(' ')
    .map((word, index) => [word, index]),
)
for (const [index, word] of 'thirty forty fifty sixty seventy eighty ninety'.split(' ').entries())
  numberWords.set(word, (index + 3) * 10)
const multipliers = new Map([
  ['hundred', 100],
  ['thousand', 1000],
  ['million', 1_000_000],
  ['billion', 1_000_000_000],
])
const ordinals = 'first second third fourth fifth sixth seventh eighth ninth tenth'.split(' ')
const ordinalUnit: Unit = { name: 'ordinal', dimension: 'ordinal', size: 1 }
const fractionUnit: Unit = { name: 'fraction', dimension: 'fraction', size: 1 }
const pointUnit: Unit = { name: 'percentage-point', dimension: 'sharePoint', size: 1 }

const number = String.raw`[-−]?\d+(?:,\d{3})+(?:\.\d+)?|[-−]?\d+(?:[.:]\d+)*`
const numberPattern = new RegExp(`(?:${number})`, 'gu')
/** Digits with a unit or a range written without a blank: "512MB", "64-128MB", "5s", "10%". */
const quantityShaped = /^[-−]?\d[\d.,:]*(?:[-–]\d[\d.,:]*)?(?:[%€£]|\p{L}{1,5})?$/u

/** @returns in the order of the text; numbers that are part of a date or of a name are not among them */
export function quantitiesOf(statement: Statement): Quantity[] {
  const { text, words } = statement
  const dates = datesOf(statement)
  const found: Quantity[] = []
  for (const match of text.matchAll(numberPattern)) {
    const start = match.index
    const end = start + match[0].length
    if (dates.some((date) => start < date.endOffset && end > date.startOffset)) continue
    const word = words.find((other) => other.startOffset < end && other.endOffset > start)
    const isRange = word !== undefined && quantityShaped.test(word.surface) && words[word.index + 1]?.isUnit === true
    if (word === undefined || (word.isLiteral && !isRange)) continue
    const sign = /^[-−]/u.test(match[0])
    // A hyphen between words or digits ("RFC-822", "20-29") is no sign.
    const isNegative = sign && !/[\p{L}\d]\s?$/u.test(text.slice(0, start))
    const digits = match[0].replace(/^[-−]/u, '').replace(/,/gu, '')
    const scaled = scaleOf(words, word)
    found.push(
      quantityAt(statement, {
        value: (isNegative ? '-' : '') + (scaled === null ? digits : String(Number(digits) * scaled.factor)),
        word,
        endOffset: scaled === null ? end : scaled.word.endOffset,
        last: scaled?.word ?? word,
      }),
    )
  }
  for (const spelled of spelledNumbers(words)) {
    if (dates.some((date) => spelled.word.startOffset < date.endOffset && spelled.last.endOffset > date.startOffset))
      continue
    const quantity = quantityAt(statement, { ...spelled, endOffset: spelled.last.endOffset })
    // "one of", "this one", "one can": no quantity. Only "one" before something counted is.
    const isArticled = words[spelled.word.index - 1]?.lower === 'a'
    if (quantity.value === '1' && quantity.unit === null && quantity.counted.size === 0 && !isArticled) continue
    found.push(quantity)
  }
  found.push(...ordinalsOf(words), ...fractionsOf(words))
  found.sort((left, right) => left.word.startOffset - right.word.startOffset)
  return inheritUnits(joinRanges(found, text))
}

/** "1 million", "2 thousand". */
function scaleOf(words: readonly Word[], word: Word): { factor: number; word: Word } | null {
  const next = words[word.index + 1]
  const factor = next === undefined ? undefined : multipliers.get(next.lower)
  return next === undefined || factor === undefined ? null : { factor, word: next }
}

function* spelledNumbers(words: readonly Word[]): Generator<{ value: string; word: Word; last: Word }> {
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index]
    if (word === undefined || !/^\p{L}+(?:-\p{L}+)?$/u.test(word.surface)) continue
    if (word.lower === 'twice' || word.lower === 'thrice') {
      yield { value: word.lower === 'twice' ? '2' : '3', word, last: word }
      continue
    }
    let value: number | null = null
    let last = word
    let place = index
    for (; ; place += 1) {
      const current = words[place]
      const amount = current === undefined ? null : wordValue(current.lower)
      if (current === undefined || amount === null) break
      const isMultiplier = multipliers.has(current.lower)
      if (isMultiplier) {
        const isArticle = /^an?$/u.test(words[place - 1]?.lower ?? '')
        if (value === null && !isArticle && place === index && /^\d/u.test(words[place - 1]?.surface ?? '')) break
        value = (value ?? 1) * amount
      } else if (value === null) value = amount
      else if (value >= 20 && value % 10 === 0 && amount < 10) value += amount
      else break
      last = current
    }
    if (value === null) continue
    yield { value: String(value), word, last }
    index = Math.max(index, place - 1)
  }
}

function wordValue(lower: string): number | null {
  const [tens, ones] = lower.split('-')
  if (ones !== undefined && tens !== undefined) {
    const sum = [numberWords.get(tens), numberWords.get(ones)]
    return sum[0] === undefined || sum[1] === undefined || sum[0] < 20 || sum[1] > 9 ? null : sum[0] + sum[1]
  }
  return numberWords.get(lower) ?? multipliers.get(lower) ?? null
}

function ordinalsOf(words: readonly Word[]): Quantity[] {
  return words.flatMap((word, index): Quantity[] => {
    const place = ordinals.indexOf(word.lower)
    const digits = /^(\d+)(?:st|nd|rd|th)$/u.exec(word.lower)?.[1]
    const value = place === -1 ? digits : String(place + 1)
    // A second of time, not the one after the first.
    const isUnit =
      word.lower === 'second' && (word.partOfSpeech === 'noun' || /^(?:per|a)$/u.test(words[index - 1]?.lower ?? ''))
    const modified = words[index + 1]?.partOfSpeech
    const isAdverb = modified !== 'noun' && modified !== 'name' && modified !== 'adjective' && modified !== 'number'
    if (value === undefined || isUnit || (isAdverb && digits === undefined)) return []
    return [
      {
        value,
        upper: null,
        unit: ordinalUnit,
        isUnitInherited: false,
        ...countedAfter(words, word),
        label: null,
        bound: null,
        boundWords: [],
        words: [word],
        word,
      },
    ]
  })
}

/** "Half of", "a third of", "three quarters of". */
function fractionsOf(words: readonly Word[]): Quantity[] {
  return words.flatMap((word, index): Quantity[] => {
    const parts = /^(half|halves|thirds?|quarters?)$/u.exec(word.lower)?.[1]
    if (parts === undefined || (words[index + 1]?.lower !== 'of' && word.lower !== 'half')) return []
    const value = parts.startsWith('hal') ? '1/2' : parts.startsWith('third') ? '1/3' : '1/4'
    const none = {
      upper: null,
      isUnitInherited: false,
      counted: new Set<string>(),
      qualities: new Set<string>(),
      label: null,
      bound: null,
      boundWords: [],
    }
    return [{ ...none, value, unit: fractionUnit, words: [word], word }]
  })
}

function quantityAt(
  { text, words }: Statement,
  at: { value: string; word: Word; last: Word; endOffset: number },
): Quantity {
  const after = text.slice(at.endOffset)
  const match = /^(\s?[-‑]?\s?)(%|€|£|°[CF]|per ?cent(?:age)?(?: points?)?|\p{L}+)/iu.exec(after)
  const spelling = (match?.[2] ?? '').toLowerCase().replace(/^per ?cent(?:age)?/u, 'percent')
  const unit = spelling.endsWith('s') || !spelling.includes(' point') ? unitOf(spelling, match?.[1] === '') : null
  const isPoint = spelling.startsWith('percent point')
  const currency = /[€£]\s?$/u.exec(text.slice(0, at.word.startOffset))?.[0].trim()
  const known = isPoint ? pointUnit : (unit ?? (currency === undefined ? null : unitOf(currency, true)))
  const unitEnd = known === null ? at.endOffset : at.endOffset + (match?.[0].length ?? 0)
  const own = words.filter((word) => word.startOffset < unitEnd && word.endOffset > at.word.startOffset)
  const last = own.at(-1) ?? at.last
  const { counted, qualities } = known === null ? countedAfter(words, last) : nothing
  const limit = boundOf(text, at.word.startOffset, unitEnd)
  return {
    value: at.value,
    upper: null,
    unit: known,
    isUnitInherited: false,
    counted,
    qualities,
    label: known === null && counted.size === 0 ? labelBefore(words, at.word) : null,
    bound: limit?.bound ?? null,
    boundWords: words.filter(
      (word) =>
        limit !== null &&
        !comparative.test(word.lower) &&
        word.startOffset < limit.endOffset &&
        word.endOffset > limit.startOffset,
    ),
    words: own,
    word: at.word,
  }
}

function labelBefore(words: readonly Word[], word: Word): string | null {
  const before = words[word.index - 1]
  const isLabel = before?.partOfSpeech === 'noun' || before?.partOfSpeech === 'name'
  return isLabel && before.endOffset + 1 === word.startOffset && before.isContent ? before.term : null
}

const nothing = { counted: new Set<string>(), qualities: new Set<string>() }

/** The adjectives and nouns directly after it. */
function countedAfter(words: readonly Word[], last: Word): Pick<Quantity, 'counted' | 'qualities'> {
  const counted = new Set<string>()
  const qualities = new Set<string>()
  let hasNoun = false
  // "Two or more units".
  const isBounded =
    /^(?:or|and)$/u.test(words[last.index + 1]?.lower ?? '') &&
    /^(?:more|less|fewer)$/u.test(words[last.index + 2]?.lower ?? '')
  const start = last.index + (isBounded ? 3 : 1)
  for (const word of words.slice(start, start + 4)) {
    if (word.segment !== last.segment) break
    const isNoun = word.partOfSpeech === 'noun' || word.partOfSpeech === 'name'
    if (!isNoun && word.partOfSpeech !== 'adjective') break
    if (word.isLiteral) break
    hasNoun ||= isNoun
    for (const term of word.terms) (isNoun ? counted : qualities).add(term)
  }
  return hasNoun ? { counted, qualities } : nothing
}

/** "5 to 10", "5-10", "between 5 and 10" are one. A change "from 5 to 10" is compared in the same way: as an ordered pair. */
function joinRanges(found: readonly Quantity[], text: string): Quantity[] {
  const joined: Quantity[] = []
  for (const quantity of found) {
    const previous = joined.at(-1)
    const gap = previous === undefined ? '' : text.slice(endOf(previous), startOf(quantity))
    const lead = previous === undefined ? '' : text.slice(0, startOf(previous))
    const isSameWord = previous !== undefined && previous.word === quantity.word
    const isRange =
      previous !== undefined &&
      previous.upper === null &&
      (isSameWord ||
        /^\s?(?:[%€£]\s?)?(?:[-–—]|to|through)\s?(?:\p{L}+\s)?$/u.test(gap) ||
        (/^\s?and\s(?:\p{L}+\s)?$/u.test(gap) && /\bbetween\s(?:[\p{L}]+\s){0,2}$/iu.test(lead)))
    if (!isRange) joined.push(quantity)
    else
      joined[joined.length - 1] = {
        ...quantity,
        value: previous.value,
        upper: quantity.value.replace(/^-/u, ''),
        unit: quantity.unit ?? previous.unit,
        bound: null,
        boundWords: [],
        words: [...previous.words, ...quantity.words],
        word: previous.word,
      }
  }
  return joined
}

function startOf(quantity: Quantity): number {
  return quantity.word.startOffset
}

function endOf(quantity: Quantity): number {
  return quantity.words.at(-1)?.endOffset ?? quantity.word.endOffset
}

/** "Alpha takes 5 minutes and Beta 10": a bare number at the end of its segment has the unit of the number before it. */
function inheritUnits(found: readonly Quantity[]): Quantity[] {
  const inherited: Quantity[] = []
  for (const quantity of found) {
    const previous = inherited.at(-1)
    const unit = previous?.unit ?? null
    const isBare =
      quantity.unit === null && quantity.counted.size === 0 && unit !== null && unit.dimension !== 'ordinal'
    inherited.push(isBare ? { ...quantity, unit, isUnitInherited: true } : quantity)
  }
  return inherited
}
