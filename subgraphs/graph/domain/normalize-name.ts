// Two spellings of a name are the same entity when their normal forms are equal: Unicode form, case, white space, the
// kind of apostrophe and the dots of an acronym make no difference.

export function normalizeName(name: string): string {
  const folded = storable(name)
    .normalize('NFKC')
    .replace(/[\u2018\u2019\u02bc]/gu, "'")
    .replace(/[\u2010\u2011]/gu, '-')
    .replace(/\s+/gu, ' ')
    .trim()
    .toLowerCase()
  return /^(?:\p{L}\.){2,}$/u.test(folded) ? folded.replaceAll('.', '') : folded
}

/** The surface form in one line, as people write it. */
export function displayName(name: string): string {
  return storable(name).normalize('NFC').replace(/\s+/gu, ' ').trim()
}

/** No database keeps NUL or half a surrogate pair. */
function storable(name: string): string {
  return name.replaceAll('\0', '').toWellFormed()
}
