// Things whose shape alone says what they are: e-mail addresses, web addresses and dates with a year.
// Each expression is linear in the length of the text: no nested repetition.
import type { EntityType, Span } from './entity.ts'
import { displayName } from './normalize-name.ts'

export interface PatternMatch extends Span {
  type: Extract<EntityType, 'DATE' | 'EMAIL' | 'URL'>
  name: string
  normalizedName: string
}

const months = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
]
const month =
  'Jan(?:uary|\\.)?|Feb(?:ruary|\\.)?|Mar(?:ch|\\.)?|Apr(?:il|\\.)?|May|June?|July?|Aug(?:ust|\\.)?|Sept?(?:ember|\\.)?|Oct(?:ober|\\.)?|Nov(?:ember|\\.)?|Dec(?:ember|\\.)?'
const day = '\\d{1,2}(?:st|nd|rd|th)?'
const year = '[12]\\d{3}'

const expressions = {
  URL: /\bhttps?:\/\/[^\s<>"'`{}|\\^\u201c\u201d\u00ab\u00bb]{3,2000}/giu,
  EMAIL:
    /(?<![\p{L}\p{N}._%+-])[\p{L}\p{N}][\p{L}\p{N}._%+-]{0,63}@(?:[\p{L}\p{N}-]{1,63}\.){1,8}\p{L}{2,24}(?![\p{L}\p{N}-])/gu,
  DATE: new RegExp(
    `(?<![\\p{L}\\p{N}])(?:` +
      `(?<isoYear>${year})-(?<isoMonth>0[1-9]|1[0-2])-(?<isoDay>0[1-9]|[12]\\d|3[01])|` +
      `(?:(?<dayBefore>${day})\\s(?:of\\s)?)?(?<month>${month})\\s(?:(?<dayAfter>${day})\\s?,?\\s)?(?:of\\s)?,?\\s?(?<year>${year})` +
      `)(?![\\p{L}\\p{N}])`,
    'gu',
  ),
}

/** All matches in order of their place; none overlap, an address wins over what is inside it. */
export function findPatterns(text: string): PatternMatch[] {
  const matches: PatternMatch[] = []
  const add = (match: PatternMatch) => {
    if (!matches.some((other) => other.startOffset < match.endOffset && match.startOffset < other.endOffset)) {
      matches.push(match)
    }
  }
  for (const found of text.matchAll(expressions.URL)) {
    const name = trimAddress(found[0])
    const normalizedName = normalizeAddress(name)
    if (normalizedName) add({ type: 'URL', name, normalizedName, ...spanOf(found.index, name) })
  }
  for (const found of text.matchAll(expressions.EMAIL)) {
    const name = found[0]
    add({ type: 'EMAIL', name, normalizedName: name.toLowerCase(), ...spanOf(found.index, name) })
  }
  for (const found of text.matchAll(expressions.DATE)) {
    const normalizedName = isoDate(found.groups ?? {})
    if (normalizedName)
      add({ type: 'DATE', name: displayName(found[0]), normalizedName, ...spanOf(found.index, found[0]) })
  }
  return matches.sort((a, b) => a.startOffset - b.startOffset)
}

function spanOf(startOffset: number, name: string): Span {
  return { startOffset, endOffset: startOffset + name.length }
}

/** Sentences end after an address, and brackets close around it; neither belongs to it. */
function trimAddress(address: string): string {
  let end = address.length
  for (;;) {
    const last = address[end - 1] ?? ''
    const isUnopened =
      isSurplus(address.slice(0, end), last, '(', ')') || isSurplus(address.slice(0, end), last, '[', ']')
    if (!isUnopened && !'.,;:!?*'.includes(last)) return address.slice(0, end)
    end -= 1
    if (end === 0) return ''
  }
}

function isSurplus(text: string, last: string, opening: string, closing: string): boolean {
  return last === closing && text.split(closing).length > text.split(opening).length
}

/** Scheme and host are compared without case, a closing slash is not a difference; null when it is no address. */
function normalizeAddress(address: string): string | null {
  const url = URL.parse(address)
  if (!url?.hostname || url.username) return null
  return url.href.replace(/\/$/, '')
}

/** yyyy-mm or yyyy-mm-dd; null for a day the month does not have. */
function isoDate(groups: Record<string, string | undefined>): string | null {
  const yearNumber = Number(groups['isoYear'] ?? groups['year'])
  const monthText = groups['month']?.toLowerCase().replace('.', '')
  const monthNumber = monthText
    ? months.findIndex((name) => name.startsWith(monthText.slice(0, 3))) + 1
    : Number(groups['isoMonth'])
  const dayText = groups['isoDay'] ?? groups['dayAfter'] ?? groups['dayBefore']
  const yearAndMonth = `${yearNumber}-${String(monthNumber).padStart(2, '0')}`
  if (dayText === undefined) return yearAndMonth
  const dayNumber = Number.parseInt(dayText, 10)
  if (dayNumber < 1 || dayNumber > new Date(Date.UTC(yearNumber, monthNumber, 0)).getUTCDate()) return null
  return `${yearAndMonth}-${String(dayNumber).padStart(2, '0')}`
}
