// Markdown to elements, by remark with GitHub's extensions. Inline marks go (their text stays), list markers stay as the author wrote
// them, tables keep their bars: what a person reading the source would quote.

import type { ListItem, Nodes, RootContent, Table } from 'mdast'
import remarkGfm from 'remark-gfm'
import remarkParse from 'remark-parse'
import { unified } from 'unified'
import type { ExtractedDocument, ExtractedElement } from '../../domain/element.ts'
import { extractHtmlFragment } from './extract-html.ts'

export function extractMarkdown(source: string): ExtractedDocument {
  const frontMatter = /^---\r?\n([\s\S]*?)\r?\n(?:---|\.\.\.)[ \t]*(?:\r?\n|$)/.exec(source)
  const body = frontMatter ? source.slice(frontMatter[0].length) : source
  const declaredTitle = /^title:[ \t]*["']?(.*?)["']?[ \t]*\r?$/m.exec(frontMatter?.[1] ?? '')?.[1]
  const elements: ExtractedElement[] = []
  appendBlocks(elements, unified().use(remarkParse).use(remarkGfm).parse(body).children, { source: body, listDepth: 0 })
  const headings = elements.filter((element) => element.kind === 'heading')
  const title = declaredTitle || (headings.find((heading) => heading.level === 1) ?? headings[0])?.text
  return {
    version: 1,
    mediaType: 'text/markdown',
    title: title ?? null,
    lineEnds: 'markup',
    pageCount: null,
    pagesWithoutText: [],
    elements,
  }
}

interface Place {
  source: string
  listDepth: number
}

function appendBlocks(elements: ExtractedElement[], nodes: readonly RootContent[], place: Place): void {
  for (const node of nodes) appendBlock(elements, node, place)
}

/** Blocks that are not named here (definitions of links, rules across the page) have no text of their own. */
function appendBlock(elements: ExtractedElement[], node: RootContent, place: Place): void {
  const push = (element: ExtractedElement) => {
    if (element.text.trim() !== '') elements.push(element)
  }
  if (node.type === 'heading') {
    push({ kind: 'heading', text: inlineText(node.children).replaceAll('\n', ' '), level: node.depth })
  } else if (node.type === 'paragraph') {
    const text = inlineText(node.children)
    push(place.listDepth > 0 ? { kind: 'list-item', text, level: place.listDepth - 1 } : { kind: 'paragraph', text })
  } else if (node.type === 'code') {
    push({ kind: 'code', text: node.value })
  } else if (node.type === 'table') {
    push({ kind: 'table', text: tableText(node) })
  } else if (node.type === 'list') {
    node.children.forEach((item, index) => {
      const marker = node.ordered ? `${(node.start ?? 1) + index}.` : markerOf(item, place.source)
      appendItem(elements, item, marker, { ...place, listDepth: place.listDepth + 1 })
    })
  } else if (node.type === 'blockquote') {
    appendBlocks(elements, node.children, place)
  } else if (node.type === 'footnoteDefinition') {
    const notes: ExtractedElement[] = []
    appendBlocks(notes, node.children, place)
    const label = node.label ?? node.identifier
    notes.forEach((note, index) => push(index === 0 ? { ...note, text: `[${label}] ${note.text}` } : note))
  } else if (node.type === 'html') {
    for (const element of extractHtmlFragment(node.value)) elements.push(element)
  }
}

function appendItem(elements: ExtractedElement[], item: ListItem, marker: string, place: Place): void {
  const start = elements.length
  appendBlocks(elements, item.children, place)
  const first = elements[start]
  const check = item.checked == null ? '' : item.checked ? '[x] ' : '[ ] '
  if (first?.kind === 'list-item') elements[start] = { ...first, text: `${marker} ${check}${first.text}` }
}

function markerOf(item: ListItem, source: string): string {
  const offset = item.position?.start.offset
  return (offset === undefined ? undefined : /^[-*+]/.exec(source.slice(offset, offset + 1))?.[0]) ?? '-'
}

/** A line break in the source is white space; only a hard break is a line break. */
function inlineText(nodes: readonly Nodes[]): string {
  return nodes.map(inlineNodeText).join('').trim()
}

function inlineNodeText(node: Nodes): string {
  if (node.type === 'text' || node.type === 'inlineCode') return node.value.replace(/[ \t]*\r?\n[ \t]*/g, ' ')
  if (node.type === 'break') return '\n'
  if (node.type === 'html') return /^<br\s*\/?>$/i.test(node.value) ? '\n' : ''
  if (node.type === 'image' || node.type === 'imageReference') return node.alt ?? ''
  if (node.type === 'footnoteReference') return `[${node.label ?? node.identifier}]`
  return 'children' in node ? node.children.map(inlineNodeText).join('') : ''
}

function tableText(table: Table): string {
  return table.children
    .map((row) => `| ${row.children.map((cell) => inlineText(cell.children).replaceAll('\n', ' ')).join(' | ')} |`)
    .join('\n')
}
