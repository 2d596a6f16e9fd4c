// HTML to elements, by the parser that the standard describes (parse5) and a walk without recursion: however deep a page nests, the walk
// does not overflow, and the parser is stopped at a depth no real page has.

import { defaultTreeAdapter, parse, type DefaultTreeAdapterTypes } from 'parse5'
import { DocumentProblem } from '../../domain/document-problem.ts'
import type { ExtractedDocument, ExtractedElement } from '../../domain/element.ts'
import { elementsOfHtml } from './html-elements.ts'

export interface ExtractHtmlOptions {
  /** Open elements at one time. Deeper nesting makes parsing quadratic and is no document. Default 2,000. */
  maximumDepth?: number
}

export function extractHtml(source: string, options: ExtractHtmlOptions = {}): ExtractedDocument {
  const document = parseHtml(source, options.maximumDepth ?? 2000)
  const elements = elementsOfHtml(document)
  return {
    version: 1,
    mediaType: 'text/html',
    title: titleOf(document) ?? elements.find((element) => element.kind === 'heading')?.text ?? null,
    lineEnds: 'markup',
    pageCount: null,
    pagesWithoutText: [],
    elements,
  }
}

/** The elements of HTML inside another format, as in Markdown. */
export function extractHtmlFragment(source: string): ExtractedElement[] {
  return elementsOfHtml(parseHtml(source, 2000))
}

function parseHtml(source: string, maximumDepth: number): DefaultTreeAdapterTypes.Document {
  let depth = 0
  return parse(closeEmptyXmlElements(source), {
    treeAdapter: {
      ...defaultTreeAdapter,
      onItemPush() {
        depth += 1
        if (depth > maximumDepth) {
          throw new DocumentProblem(
            'EXTRACTION_FAILED',
            `The page nests more than ${maximumDepth} elements into each other. Simplify its markup and send it again.`,
          )
        }
      },
      onItemPop() {
        depth -= 1
      },
    },
  })
}

/** XHTML may write `<script src="…"/>`; to an HTML parser that opens a script which swallows the rest of the page. */
function closeEmptyXmlElements(source: string): string {
  if (!/^\s*<\?xml|<html[^>]+xmlns/i.test(source.slice(0, 1024))) return source
  return source.replace(/<(script|style|title|iframe|textarea|a|div|p|span)(\s[^<>]*)?\/>/gi, '<$1$2></$1>')
}

function titleOf(document: DefaultTreeAdapterTypes.Document): string | null {
  const root = document.childNodes.find((node) => node.nodeName === 'html')
  const head = root && 'childNodes' in root ? root.childNodes.find((node) => node.nodeName === 'head') : undefined
  const title =
    head && 'childNodes' in head
      ? head.childNodes.find((node) => 'tagName' in node && node.tagName === 'title')
      : undefined
  if (!title || !('childNodes' in title)) return null
  const text = title.childNodes
    .map((node) => ('value' in node ? node.value : ''))
    .join('')
    .replace(/\s+/g, ' ')
    .trim()
  return text === '' ? null : text
}
