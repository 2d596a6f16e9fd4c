// One spelling for each character: Unicode NFC, one kind of space, no ligatures, and nothing that cannot be seen.

const LIGATURES: Readonly<Record<string, string>> = {
  '\uFB00': 'ff',
  '\uFB01': 'fi',
  '\uFB02': 'fl',
  '\uFB03': 'ffi',
  '\uFB04': 'ffl',
  '\uFB05': 'st',
  '\uFB06': 'st',
}

/** Line feeds and tabs stay: they separate lines and cells. Joiners stay: in Persian or Hindi they are part of the spelling. */
export function normaliseCharacters(text: string): string {
  return (
    text
      .toWellFormed()
      .normalize('NFC')
      .replace(/\r\n?|[\u0085\u2028\u2029]/g, '\n')
      .replace(/[\uFB00-\uFB06]/g, (ligature) => LIGATURES[ligature]!)
      .replace(/[\u00A0\u1680\u2000-\u200A\u202F\u205F\u3000]/g, ' ')
      .replace(/\u00AD\n/g, '\u00AD')
      .replace(/[\u00AD\u200B\u2060\uFEFF]/g, '')
      .replace(/[\f\v]/g, '\n')
      // Control and direction characters: invisible, and NUL cannot be stored.
      // eslint-disable-next-line no-control-regex
      .replace(/[\u0000-\u0008\u000E-\u001F\u007F-\u0084\u0086-\u009F\u202A-\u202E\u2066-\u2069\uFFFE\uFFFF]/g, '')
  )
}
