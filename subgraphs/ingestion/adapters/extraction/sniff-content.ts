// What the bytes of a file are, whatever it is called: file-type knows binary formats by their signatures; text has none, so the rest is
// text when it has no NUL and few control characters.

import { fileTypeFromBuffer } from 'file-type'
import type { SniffedContent } from '../../domain/media-type.ts'

const SAMPLE_BYTES = 64 * 1024
/** Readers accept a PDF whose header comes within the first kilobyte (PDF 32000-1, annex H). */
const PDF_HEADER_WITHIN_BYTES = 1024
const HTML_ROOT = /^\s*(<\?xml[^>]*\?>\s*)?(<!--(?:(?!-->)[\s\S])*-->\s*)*(<!doctype\s+html|<html[\s>])/i
const HTML_TAG =
  /<(!doctype|html|head|body|div|p|a|h[1-6]|ul|ol|li|table|tr|td|pre|span|br|section|article|main|title|meta|b|i|em|strong|img|form|dl)\b[^<>]*>/i

export async function sniffContent(bytes: Uint8Array, isExpectedHtml: boolean): Promise<SniffedContent> {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, SAMPLE_BYTES))
  if (head.subarray(0, PDF_HEADER_WITHIN_BYTES).includes('%PDF-')) return { kind: 'pdf' }

  const known = await fileTypeFromBuffer(bytes)
  // file-type names a few text formats too (XML, by its declaration): those are decided as text, below.
  if (known && known.mime !== 'application/xml' && !known.mime.startsWith('text/')) {
    return { kind: 'binary', format: `${known.ext.toUpperCase()} (${known.mime})` }
  }
  if (looksLikeUtf16(head)) return { kind: 'text' }
  const sample = hasUtf16Mark(head)
    ? new TextDecoder(head[0] === 0xff ? 'utf-16le' : 'utf-16be').decode(head)
    : head.toString('latin1')
  if (HTML_ROOT.test(sample) || (isExpectedHtml && HTML_TAG.test(sample))) return { kind: 'html' }
  return isMostlyControl(sample) ? { kind: 'binary', format: null } : { kind: 'text' }
}

export function hasUtf16Mark(bytes: Uint8Array): boolean {
  return (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)
}

/** Without its mark UTF-16 shows by NULs in every other byte; whether it may be read so is for the decoder to say. */
function looksLikeUtf16(bytes: Uint8Array): boolean {
  const nulsAt = [0, 0]
  for (let index = 0; index < bytes.length; index += 1) if (bytes[index] === 0) nulsAt[index % 2]! += 1
  const [even, odd] = nulsAt as [number, number]
  return (
    !hasUtf16Mark(bytes) && Math.max(even, odd) > bytes.length / 4 && Math.min(even, odd) <= Math.max(even, odd) / 20
  )
}

/** A text that a NUL slipped into is still text (and is refused for the NUL by name); a binary file is full of control characters. */
function isMostlyControl(sample: string): boolean {
  let count = 0
  for (let index = 0; index < sample.length; index += 1) {
    const unit = sample.charCodeAt(index)
    if (unit < 0x20 && unit !== 0x09 && unit !== 0x0a && unit !== 0x0c && unit !== 0x0d && unit !== 0x1b) count += 1
  }
  return count > 4 && count > sample.length / 10
}
