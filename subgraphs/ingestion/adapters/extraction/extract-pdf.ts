// PDF to elements over pdf.js (unpdf's build for Node). Scripts in a PDF never run (`isEvalSupported: false`), pictures are not decoded:
// only the text layer is read.

import { getDocumentProxy, getResolvedPDFJS } from 'unpdf'
import { DocumentProblem } from '../../domain/document-problem.ts'
import type { ExtractedDocument } from '../../domain/element.ts'
import { elementsOfPage, type PdfPage } from '../../domain/pdf/blocks.ts'
import { markHeadings, type OutlineEntry } from '../../domain/pdf/headings.ts'
import { linesOfPage, type TextPiece } from '../../domain/pdf/lines.ts'
import { createFontWidths, typographyOf, type FontWidths } from '../../domain/pdf/typography.ts'

type PdfDocument = Awaited<ReturnType<typeof getDocumentProxy>>
type PdfPageProxy = Awaited<ReturnType<PdfDocument['getPage']>>

const MAXIMUM_OUTLINE_ENTRIES = 10_000

export async function extractPdf(
  bytes: Uint8Array,
  onProgress?: (completedPages: number, pageCount: number) => void,
): Promise<ExtractedDocument> {
  const pdf = await openPdf(bytes)
  try {
    const widths = createFontWidths()
    const pages: PdfPage[] = []
    for (let number = 1; number <= pdf.numPages; number += 1) {
      const pieces = await readPage(pdf, number, widths)
      pages.push({ number, lines: linesOfPage(pieces) })
      onProgress?.(number, pdf.numPages)
    }
    const typography = typographyOf(pages, widths)
    const outline = await readOutline(pdf)
    const elements = markHeadings(
      pages.flatMap((page) => elementsOfPage(page, typography)),
      outline,
      typography,
    )
    if (elements.length === 0) {
      throw new DocumentProblem(
        'DOCUMENT_WITHOUT_TEXT',
        'The PDF has no text layer; its pages are pictures. Run it through text recognition (OCR) and send the result.',
      )
    }
    return {
      version: 1,
      mediaType: 'application/pdf',
      title: await readTitle(pdf),
      lineEnds: 'typeset',
      pageCount: pdf.numPages,
      pagesWithoutText: pages.filter((page) => page.lines.length === 0).map((page) => page.number),
      elements,
    }
  } finally {
    await pdf.destroy()
  }
}

async function openPdf(bytes: Uint8Array): Promise<PdfDocument> {
  const { VerbosityLevel } = await getResolvedPDFJS()
  try {
    // A copy: pdf.js takes the buffer it is given.
    return await getDocumentProxy(new Uint8Array(bytes), {
      isEvalSupported: false,
      verbosity: VerbosityLevel.ERRORS,
      maxImageSize: 0,
      stopAtErrors: false,
    })
  } catch (cause) {
    const name = cause instanceof Error ? cause.name : ''
    if (name === 'PasswordException') {
      throw new DocumentProblem(
        'DOCUMENT_PASSWORD_PROTECTED',
        'The PDF is protected by a password. Remove the protection and send it again.',
        { cause },
      )
    }
    throw damaged(cause)
  }
}

const damaged = (cause: unknown) =>
  new DocumentProblem(
    'DOCUMENT_DAMAGED',
    'The PDF is damaged and cannot be read. Save or download it anew and send it again.',
    { cause },
  )

async function readPage(pdf: PdfDocument, number: number, widths: FontWidths): Promise<TextPiece[]> {
  let page: PdfPageProxy
  let content: Awaited<ReturnType<PdfPageProxy['getTextContent']>>
  try {
    page = await pdf.getPage(number)
    content = await page.getTextContent()
  } catch (cause) {
    throw damaged(cause)
  }
  const [a, b, c, d, e, f] = page.getViewport({ scale: 1 }).transform as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const pieces: TextPiece[] = []
  const rotated: TextPiece[] = []
  for (const item of content.items) {
    if (!('str' in item) || item.str === '') continue
    const [ia, ib, ic, id, ie, iff] = item.transform as [number, number, number, number, number, number]
    const horizontal = a * ia + c * ib
    const slope = b * ia + d * ib
    const piece: TextPiece = {
      text: item.str,
      left: a * ie + c * iff + e,
      baseline: b * ie + d * iff + f,
      width: item.width,
      fontSize: Math.hypot(a * ic + c * id, b * ic + d * id) || 1,
      font: item.fontName,
      isRightToLeft: item.dir === 'rtl',
    }
    // Text that stands on end (labels of figures, stamps in the margin) is read after the page, piece by piece.
    if (horizontal <= 0 || Math.abs(slope) > Math.abs(horizontal) * 0.2) {
      rotated.push({
        ...piece,
        left: slope < 0 ? 0 : 1e6,
        width: 1,
        baseline: 1e6 + rotated.length * 100,
        font: `rotated ${piece.font}`,
      })
      continue
    }
    if (piece.isRightToLeft) piece.left = Math.min(piece.left, piece.left)
    widths.see(piece)
    pieces.push(piece)
  }
  page.cleanup()
  return [...pieces, ...rotated]
}

async function readTitle(pdf: PdfDocument): Promise<string | null> {
  const { info } = await pdf.getMetadata().catch(() => ({ info: {} }))
  const title = (info as Record<string, unknown>)['Title']
  if (typeof title !== 'string') return null
  const text = title.replace(/\s+/g, ' ').trim()
  // What programs write when nobody gave a title: a file name, or their own name.
  const isMadeUp =
    text.length < 3 ||
    /^(untitled|microsoft word|microsoft powerpoint|slide 1|print)\b/i.test(text) ||
    /\.(docx?|tex|indd|qxd|pptx?|pdf|odt|rtf|dvi)$/i.test(text)
  return isMadeUp ? null : text
}

type OutlineNode = Awaited<ReturnType<PdfDocument['getOutline']>>[number]

/** A broken outline only costs headings; it never fails the document. */
async function readOutline(pdf: PdfDocument): Promise<OutlineEntry[]> {
  const entries: OutlineEntry[] = []
  const visit = async (nodes: readonly OutlineNode[], level: number): Promise<void> => {
    for (const node of nodes) {
      if (entries.length >= MAXIMUM_OUTLINE_ENTRIES || level > 12) return
      entries.push({ title: node.title, level, page: await pageOf(pdf, node.dest) })
      await visit(node.items as OutlineNode[], level + 1)
    }
  }
  try {
    await visit((await pdf.getOutline()) ?? [], 1)
  } catch {
    return entries
  }
  return entries
}

async function pageOf(pdf: PdfDocument, destination: OutlineNode['dest']): Promise<number | null> {
  try {
    const explicit = typeof destination === 'string' ? await pdf.getDestination(destination) : destination
    const target: unknown = explicit?.[0]
    if (typeof target === 'number') return target + 1
    return target ? (await pdf.getPageIndex(target as Parameters<PdfDocument['getPageIndex']>[0])) + 1 : null
  } catch {
    return null
  }
}
