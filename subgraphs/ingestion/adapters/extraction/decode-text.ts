// Bytes to text without guessing: a byte order mark, the declared charset, HTML's own declaration, else UTF-8, and every byte must be
// valid in it. A wrong guess would put garbled words into answers unnoticed; so chardet's guess only goes into the message.

import { analyse } from 'chardet'
import { DocumentProblem } from '../../domain/document-problem.ts'

export interface DecodeOptions {
  /** From the declared media type. */
  charset: string | null
  /** True to look for `<meta charset>` in the first kilobyte, as browsers do. */
  isHtml: boolean
}

const META_WITHIN_BYTES = 1024
const META_CHARSET =
  /<meta[^>]+charset\s*=\s*["']?\s*([A-Za-z0-9_:.-]+)|<\?xml[^>]+encoding\s*=\s*["']([A-Za-z0-9_:.-]+)/i

export function decodeText(bytes: Uint8Array, options: DecodeOptions): string {
  const encoding = encodingOf(bytes, options)
  let text: string
  try {
    text = new TextDecoder(encoding, { fatal: true }).decode(bytes)
  } catch (cause) {
    if (cause instanceof RangeError && !isKnown(encoding)) {
      throw new DocumentProblem(
        'ENCODING_INVALID',
        `The declared charset "${encoding}" is unknown. Use a name of the WHATWG Encoding Standard, such as "windows-1252".`,
      )
    }
    throw invalidBytes(bytes, encoding)
  }
  const nul = text.indexOf('\0')
  if (nul !== -1) {
    const line = text.slice(0, nul).split('\n').length
    throw new DocumentProblem(
      'ENCODING_INVALID',
      `The text contains a NUL character (line ${line}). Remove it; if the file is UTF-16, save it with a byte order mark or declare "charset=utf-16le".`,
    )
  }
  return text
}

function encodingOf(bytes: Uint8Array, options: DecodeOptions): string {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return 'utf-8'
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le'
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be'
  if (options.charset) return options.charset
  if (options.isHtml) {
    const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, META_WITHIN_BYTES)).toString(
      'latin1',
    )
    const match = META_CHARSET.exec(head)
    const meta = match?.[1] ?? match?.[2]
    // A page that could be read far enough to find the declaration is not in UTF-16, whatever it says (HTML Living Standard, 13.2.3.2).
    if (meta && isKnown(meta)) return /^utf-?16/i.test(meta) ? 'utf-8' : meta
  }
  return 'utf-8'
}

function isKnown(encoding: string): boolean {
  try {
    return new TextDecoder(encoding).encoding !== ''
  } catch {
    return false
  }
}

const GUESS_SAMPLE_BYTES = 256 * 1024

function invalidBytes(bytes: Uint8Array, encoding: string): DocumentProblem {
  const offset = encoding.toLowerCase() === 'utf-8' ? firstInvalidUtf8(bytes) : null
  const where = offset === null ? '' : ` (byte ${offset})`
  const sampleStart = Math.max(0, (offset ?? 0) - GUESS_SAMPLE_BYTES / 2)
  const [guess] = analyse(bytes.subarray(sampleStart, sampleStart + GUESS_SAMPLE_BYTES)).filter(
    (match) => match.name !== 'UTF-8' && isKnown(match.name),
  )
  const remedy = guess
    ? `It looks like ${guess.name}: declare it as "charset=${guess.name.toLowerCase()}" in the media type, or save the file as UTF-8.`
    : 'Save the file as UTF-8, or declare its charset in the media type.'
  return new DocumentProblem('ENCODING_INVALID', `The file is not valid ${encoding.toUpperCase()}${where}. ${remedy}`)
}

/** Bisects on prefixes; a prefix that only ends inside a character is valid to a streaming decoder. */
function firstInvalidUtf8(bytes: Uint8Array): number {
  let valid = 0
  let invalid = bytes.byteLength
  const isValid = (start: number, end: number) => {
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(start, end), { stream: true })
      return true
    } catch {
      return false
    }
  }
  while (invalid - valid > 1) {
    const middle = (valid + invalid) >>> 1
    if (isValid(0, middle)) valid = middle
    else invalid = middle
  }
  return valid
}
