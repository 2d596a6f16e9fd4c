/** A line that names what follows it: the term of a definition ("partman-md"), the caption of an example ("Example 3"). */

/** Characters, at most. */
const labelLength = 60

/** Short, and without the end of a sentence. */
export function isLabel(text: string): boolean {
  return (
    text.length <= labelLength &&
    !/[.!?:;,]["”’)]*$/u.test(text) &&
    !text.includes('|') &&
    text.split(/\s+/u).length <= 6
  )
}
