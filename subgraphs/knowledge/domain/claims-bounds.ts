/** What is said about a number: "at least 5", "5 or less", "since version 5". */
/** What a number limits. The last three are compared only where both texts have one. */
export type Bound = 'least' | 'most' | 'more' | 'less' | 'since' | 'until' | 'within'

/** They say more than the bound: a file older than 30 days is not one newer than 30 days. */
export const comparative = /^(?:older|newer|larger|smaller|higher|lower|longer|shorter|later|earlier)$/u

const boundsBefore: readonly (readonly [RegExp, Bound])[] = [
  [
    /\b(?:at least|no (?:less|fewer) than|not (?:less|fewer) than|(?:a )?minimum (?:of|is)|minimum|greater than or equal to)\s+$/iu,
    'least',
  ],
  [
    /\b(?:at most|up to|no more than|not more than|(?:a )?maximum (?:of|is)|maximum|as (?:many|much|long) as|limit(?:ed|s)? (?:to|of|is)|not exceed(?:ing)?|(?:less|fewer) than or equal to|equal or less than)\s+$/iu,
    'most',
  ],
  [
    /\b(?:more|greater|larger|higher|longer|older|newer|later) than\s+$|\b(?:over|above|exceed(?:s|ing)?)\s+$/iu,
    'more',
  ],
  [/\b(?:less|fewer|smaller|lower|shorter|earlier) than\s+$|\b(?:under|below)\s+$/iu, 'less'],
  [
    /\b(?:since|as of|from|starting (?:with|in|at|from)|beginning with|after)\s+(?:the\s+)?(?:[\w-]+\s+){0,2}$/iu,
    'since',
  ],
  [
    /\b(?:until|till|before|prior to|up to|by)\s+(?:the\s+)?(?:[\w-]+\s+){1,2}$|\b(?:until|till|before|prior to)\s+$/iu,
    'until',
  ],
  [/\bwithin\s+$/iu, 'within'],
]
const boundsAfter: readonly (readonly [RegExp, Bound])[] = [
  [/^\s*(?:\p{L}+\s+)?(?:or|and) (?:more|later|newer|better|higher|above|greater|up)\b/iu, 'least'],
  [/^\s*(?:\p{L}+\s+)?(?:or|and) (?:less|fewer|earlier|older|lower|below)\b/iu, 'most'],
]

type Limit = { bound: Bound; startOffset: number; endOffset: number }

export function boundOf(text: string, start: number, end: number): Limit | null {
  const before = text
    .slice(0, start)
    .replace(/(?:\b(?:about|around|approximately|roughly|nearly|almost|a|an|the|only|just)\s+|~\s?)+$/iu, '')
  const after = text.slice(end)
  for (const [pattern, bound] of boundsAfter) {
    const match = pattern.exec(after)
    if (match !== null) return { bound, startOffset: end, endOffset: end + match[0].length }
  }
  for (const [pattern, bound] of boundsBefore) {
    const match = pattern.exec(before)
    if (match !== null) return { bound, startOffset: match.index, endOffset: start }
  }
  return null
}
