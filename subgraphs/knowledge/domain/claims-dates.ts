/**
 * Dates as wholes. "5 March 2024" is supported by a date with the same day, month and year, never by a 5, a March and a
 * 2024 that stand somewhere else. A claim may say less than its source ("March 2024", "2024"), not more.
 */
import type { Statement } from './claims-statement.ts'
import type { TextSpan } from './text-span.ts'

export type DateClaim = TextSpan & {
  year: number | null
  month: number | null
  day: number | null
  /** "before May 2021" is another statement than "in May 2021". */
  bound: 'before' | 'after' | null
}

const months = 'january february march april may june july august september october november december'.split(' ')
const month = String.raw`(?<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?`
const day = String.raw`(?<day>[12]\d|3[01]|0?[1-9])(?:st|nd|rd|th)?`
const year = String.raw`(?<year>(?:1[5-9]|20)\d{2})`

const patterns: readonly RegExp[] = [
  String.raw`(?<year>(?:1[5-9]|20)\d{2})[-/](?<month>0[1-9]|1[0-2])[-/](?<day>[12]\d|3[01]|0[1-9])`,
  String.raw`${day}(?:\s+of)?\s+${month}(?:,?\s+${year})?`,
  String.raw`${month}\s+${day}(?!\d)(?:,?\s+${year})?`,
  String.raw`${month},?\s+${year}`,
].map((source) => new RegExp(String.raw`(?<![\w.])${source}(?![\w])`, 'giu'))

/** A month alone counts where it cannot be a verb, a year where it cannot be an amount: "in May", "since 2011." */
const bareMonth = new RegExp(
  String.raw`(?<=\b(?:in|since|until|by|before|after|of|from|during|last|next|each|every|this)\s)${month}\b`,
  'giu',
)
const bareYear = new RegExp(
  String.raw`(?<=\b(?:in|since|until|by|before|after|from|during|year)\s)${year}(?=$|[,;:)!?]|\.(?!\d)|\s+(?:and|or|but|when|as|the|an?|by|to|at|on|with|for|it|was|is|in|of|because|while)\b)`,
  'giu',
)
const openingYear = new RegExp(String.raw`(?<=(?:^|[.!?]\s)(?:In|Since|During|By|Until)\s)${year}\b`, 'gu')

/** @returns in the order of the text, none overlapping */
export function datesOf({ text }: Pick<Statement, 'text'>): DateClaim[] {
  const dates: DateClaim[] = []
  for (const pattern of [...patterns, bareMonth, bareYear, openingYear]) {
    for (const match of text.matchAll(pattern)) {
      const startOffset = match.index
      const endOffset = startOffset + match[0].length
      if (dates.some((date) => startOffset < date.endOffset && endOffset > date.startOffset)) continue
      const { groups } = match
      dates.push({
        startOffset,
        endOffset,
        year: groups?.['year'] === undefined ? null : Number(groups['year']),
        month: groups?.['month'] === undefined ? null : monthNumber(groups['month']),
        day: groups?.['day'] === undefined ? null : Number(groups['day']),
        bound: boundBefore(text.slice(0, startOffset)),
      })
    }
  }
  return dates.sort((left, right) => left.startOffset - right.startOffset)
}

function monthNumber(name: string): number {
  const digits = Number(name)
  return Number.isNaN(digits) ? months.findIndex((full) => full.startsWith(name.toLowerCase().slice(0, 3))) + 1 : digits
}

function boundBefore(before: string): DateClaim['bound'] {
  if (/\b(?:before|until|till|prior to|by)\s+$/iu.test(before)) return 'before'
  return /\b(?:after|since|from|as of|starting (?:in|from|with))\s+$/iu.test(before) ? 'after' : null
}

/** Every part that is claimed is stated, and by the same date. */
export function isWithinDate(claim: DateClaim, stated: DateClaim): boolean {
  return (
    (claim.year === null || claim.year === stated.year) &&
    (claim.month === null || claim.month === stated.month) &&
    (claim.day === null || claim.day === stated.day) &&
    claim.bound === stated.bound
  )
}
