// What is usual in a document (size and font of its text, distance of its lines, fonts of one width), so that the unusual shows.

import type { DocumentTypography, PdfPage } from './blocks.ts'
import type { TextPiece } from './lines.ts'

export function typographyOf(pages: readonly PdfPage[], widths: FontWidths): DocumentTypography {
  const bySize = new Map<number, number>()
  const byFont = new Map<string, number>()
  const byDistance = new Map<number, Map<number, number>>()
  for (const page of pages) {
    page.lines.forEach((line, index) => {
      const size = half(line.fontSize)
      add(bySize, size, line.text.length)
      add(byFont, line.font, line.text.length)
      const previous = page.lines[index - 1]
      const distance = previous ? line.baseline - previous.baseline : 0
      if (previous && half(previous.fontSize) === size && distance > 0.8 * size && distance < 2.2 * size) {
        const distances = byDistance.get(size) ?? new Map<number, number>()
        add(distances, half(distance), 1)
        byDistance.set(size, distances)
      }
    })
  }
  const pitches = new Map<number, number>()
  for (const [size, distances] of byDistance) {
    const total = [...distances.values()].reduce((sum, count) => sum + count, 0)
    // The smallest distance that is common: gaps between paragraphs can outnumber lines in lists.
    const common = [...distances]
      .filter(([, count]) => count >= Math.max(3, total * 0.15))
      .map(([distance]) => distance)
    if (common.length > 0) pitches.set(size, Math.min(...common))
  }
  return {
    bodyFontSize: largest(bySize) ?? 10,
    bodyFont: largest(byFont) ?? '',
    pitches,
    monospacedFonts: widths.monospaced(),
  }
}

export interface FontWidths {
  see(piece: TextPiece): void
  /** Fonts in which every run seen is as wide as its number of characters says, with the width of one in em. */
  monospaced(): Map<string, number>
}

const MINIMUM_RUNS = 4

export function createFontWidths(): FontWidths {
  const seen = new Map<string, { least: number; most: number; runs: number }>()
  return {
    see(piece) {
      const length = piece.text.length
      if (length < 3 || piece.text.trim() !== piece.text) return
      const width = piece.width / length / piece.fontSize
      const entry = seen.get(piece.font) ?? { least: width, most: width, runs: 0 }
      entry.least = Math.min(entry.least, width)
      entry.most = Math.max(entry.most, width)
      entry.runs += 1
      seen.set(piece.font, entry)
    },
    monospaced() {
      const fonts = new Map<string, number>()
      for (const [font, { least, most, runs }] of seen)
        if (runs >= MINIMUM_RUNS && most - least < 0.02) fonts.set(font, (least + most) / 2)
      return fonts
    },
  }
}

const half = (value: number): number => Math.round(value * 2) / 2

function add<Key>(counts: Map<Key, number>, key: Key, count: number): void {
  counts.set(key, (counts.get(key) ?? 0) + count)
}

function largest<Key>(counts: ReadonlyMap<Key, number>): Key | undefined {
  let best: { key: Key; count: number } | undefined
  for (const [key, count] of counts) if (!best || count > best.count) best = { key, count }
  return best?.key
}
