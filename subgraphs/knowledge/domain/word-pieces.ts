/**
 * About how many tokens BERT's WordPiece tokenizer (30,522 pieces of English, lower case) makes of a text: a word is one and, if it is long,
 * a few, two digits are one, and each other sign is one. Nine in ten passages of manuals, of 400 characters each, are within 14 % of it;
 * by the number of their characters they are within 27 and 46 %, since tables, paths and code have twice the tokens of prose.
 */
export function estimateWordPieces(text: string): number {
  let pieces = 0
  for (const [word] of text.matchAll(/\p{sc=Han}|[\p{L}--\p{sc=Han}]+|\p{N}+|[^\s\p{L}\p{N}]/gv)) {
    const characters = word.length
    if (/\p{L}/u.test(word)) pieces += 1 + PIECES_OF_LONGER_WORDS * (Math.ceil(characters / LETTERS) - 1)
    else pieces += Math.ceil(characters / DIGITS)
  }
  return Math.round(pieces)
}

/** Fitted to 1,020 passages of the training and calibration documents. */
const LETTERS = 5
const PIECES_OF_LONGER_WORDS = 0.3
const DIGITS = 2
