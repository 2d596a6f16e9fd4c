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
const MAXIMUM_SAMPLES = 500

export function createFontWidths(): FontWidths {
  const words = new Map<string, number[]>()
  const runs = new Map<string, number[]>()
  return {
    see(piece) {
      if (piece.text.length < 3 || piece.text.trim() !== piece.text) return
      const width = piece.width / piece.text.length / piece.fontSize
      for (const samples of piece.text.includes(' ') ? [runs] : [runs, words]) {
        const widths = samples.get(piece.font) ?? []
        if (widths.length < MAXIMUM_SAMPLES) widths.push(width)
        samples.set(piece.font, widths)
      }
    },
    monospaced() {
      const fonts = new Map<string, number>()
      const evens = [...runs].flatMap(([font, all]) => {
        // Between words the typesetter may have stretched the line; single words tell better, where there are some.
        const single = words.get(font) ?? []
        const widths = single.length >= MINIMUM_RUNS ? single : all
        const width = commonWidth(widths)
        return width === null ? [] : [{ font, width, count: widths.length }]
      })
      const known = evens.filter(({ count }) => count >= MINIMUM_RUNS)
      for (const { font, width } of known) fonts.set(font, width)
      // Bold and slanted cuts of the same family, of which there may be a word only: as wide as the upright one.
      for (const { font, width } of evens)
        if (known.some((other) => Math.abs(other.width - width) < 0.005)) fonts.set(font, width)
      return fonts
    },
  }
}

/** The width that nearly all characters have; null when they differ. A few outliers are signs that another font lent. */
function commonWidth(widths: readonly number[]): number | null {
  const sorted = widths.toSorted((one, other) => one - other)
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))]!
  return at(0.9) - at(0.1) < 0.01 ? at(0.5) : null
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
