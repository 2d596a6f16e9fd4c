// The walk over a parsed page: block elements become elements, inline markup becomes their text, as a browser would show it. What a reader
// does not see (scripts, styles, hidden parts) and what leads elsewhere (navigation) is left out.

import type { DefaultTreeAdapterTypes } from 'parse5'
import type { ElementKind, ExtractedElement } from '../../domain/element.ts'

type Node = DefaultTreeAdapterTypes.ChildNode
type Element = DefaultTreeAdapterTypes.Element
type Parent = DefaultTreeAdapterTypes.ParentNode

const DROPPED = new Set(
  'head script style noscript template nav svg math iframe object embed canvas audio video select datalist textarea button dialog'.split(
    ' ',
  ),
)
const BLOCKS = new Set(
  (
    'address article aside blockquote body center dd details div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup ' +
    'hr html legend li main menu ol p pre section summary table tbody td tfoot th thead tr ul caption'
  ).split(' '),
)
const LISTS = new Set(['ul', 'ol', 'menu', 'dl'])

export function elementsOfHtml(document: Parent): ExtractedElement[] {
  const elements: ExtractedElement[] = []
  const open: { kind: ElementKind; level?: number }[] = [{ kind: 'paragraph' }]
  let listDepth = 0
  let inline = ''

  const flush = () => {
    const text = collapse(inline)
    inline = ''
    if (text !== '') elements.push({ ...open.at(-1)!, text })
  }
  const push = (element: ExtractedElement) => {
    flush()
    if (element.text.trim() !== '') elements.push(element)
  }

  /** Returns true when the children are to be walked. */
  const enter = (element: Element): boolean => {
    const name = element.tagName
    if (DROPPED.has(name) || isHidden(element)) return false
    if (name === 'br') inline += '\u2028'
    if (!BLOCKS.has(name)) return true
    flush()
    if (name === 'pre') push({ kind: 'code', text: textOf(element, true).replace(/\s+$/, '').replace(/^\n+/, '') })
    else if (isContentsList(element)) push({ kind: 'table', text: linesOf(element) })
    else if (name === 'table' && isDataTable(element)) push({ kind: 'table', text: rowsOf(element) })
    else {
      if (/^h[1-6]$/.test(name)) open.push({ kind: 'heading', level: Number(name[1]) })
      else if (name === 'li' || name === 'dt' || name === 'dd')
        open.push({ kind: 'list-item', level: Math.max(0, listDepth - 1) })
      if (LISTS.has(name)) listDepth += 1
      return true
    }
    return false
  }
  const leave = (element: Element) => {
    const name = element.tagName
    if (!BLOCKS.has(name)) return
    flush()
    if (/^h[1-6]$/.test(name) || name === 'li' || name === 'dt' || name === 'dd') open.pop()
    if (LISTS.has(name)) listDepth -= 1
  }

  walk(document, {
    enter,
    leave,
    text: (value) => {
      inline += value
    },
  })
  flush()
  return elements
}

interface Visitor {
  enter: (element: Element) => boolean
  leave: (element: Element) => void
  text: (value: string) => void
}

/** Depth first, in document order, with a stack of its own. `leave` is called for elements whose `enter` returned true. */
function walk(root: Parent, visitor: Visitor): void {
  const stack: ({ node: Node } | { left: Element })[] = []
  const pushChildren = (parent: Parent) => {
    for (let index = parent.childNodes.length - 1; index >= 0; index -= 1)
      stack.push({ node: parent.childNodes[index]! })
  }
  pushChildren(root)
  for (let item = stack.pop(); item !== undefined; item = stack.pop()) {
    if ('left' in item) visitor.leave(item.left)
    else if (item.node.nodeName === '#text') visitor.text((item.node as DefaultTreeAdapterTypes.TextNode).value)
    else if ('tagName' in item.node && visitor.enter(item.node)) {
      stack.push({ left: item.node })
      pushChildren(item.node)
    }
  }
}

function isHidden(element: Element): boolean {
  return element.attrs.some(
    ({ name, value }) =>
      name === 'hidden' ||
      (name === 'aria-hidden' && value === 'true') ||
      (name === 'style' && /display\s*:\s*none|visibility\s*:\s*hidden/i.test(value)),
  )
}

/** A table of contents: one block of lines, so that a list of headings does not pass for the text under them. */
function isContentsList(element: Element): boolean {
  return element.attrs.some(
    ({ name, value }) =>
      ((name === 'class' || name === 'id') && /(^|\s)(toc|table-of-contents|list-of-\w+)(\s|$)/i.test(value)) ||
      (name === 'role' && value === 'doc-toc'),
  )
}

/** Tables that lay out a page hold other tables, headings or lists; their cells are read as ordinary blocks. */
function isDataTable(table: Element): boolean {
  let isData = true
  walk(table, {
    enter: (element) => {
      if (/^(table|h[1-6]|pre|ul|ol|dl)$/.test(element.tagName)) isData = false
      return isData
    },
    leave: () => {},
    text: () => {},
  })
  return isData
}

/** One line a row, cells separated by a tab; a caption is a line of its own. */
function rowsOf(table: Element): string {
  const lines: string[] = []
  walk(table, {
    enter: (element) => {
      if (element.tagName === 'caption') lines.push(collapse(textOf(element, false)))
      if (element.tagName !== 'tr') return element.tagName !== 'caption'
      const cells = element.childNodes.filter(
        (node): node is Element => 'tagName' in node && (node.tagName === 'td' || node.tagName === 'th'),
      )
      const line = cells
        .map((cell) => collapse(textOf(cell, false)).replaceAll('\n', ' '))
        .join('\t')
        .trim()
      if (line !== '') lines.push(line)
      return false
    },
    leave: () => {},
    text: () => {},
  })
  return lines.filter((line) => line !== '').join('\n')
}

/** The text of an element, one line for each innermost block in it. */
function linesOf(element: Element): string {
  return textOf(element, false)
    .split('\u2029')
    .map((line) => collapse(line).replaceAll('\n', ' '))
    .filter((line) => line !== '')
    .join('\n')
}

function textOf(root: Element, isPreformatted: boolean): string {
  let text = ''
  const separate = (element: Element) => {
    if (element.tagName === 'br') text += isPreformatted ? '\n' : '\u2028'
    else if (!isPreformatted && BLOCKS.has(element.tagName)) text += '\u2029'
  }
  walk(root, {
    enter: (element) => {
      if (DROPPED.has(element.tagName) || isHidden(element)) return false
      separate(element)
      return true
    },
    leave: (element) => {
      if (element.tagName !== 'br') separate(element)
    },
    text: (value) => {
      text += value
    },
  })
  return text
}

/** White space as a browser shows it: runs are one space, line breaks (U+2028 for `<br>`) stay. */
function collapse(text: string): string {
  return text
    .replace(/[ \t\r\n\f\u2029]+/g, ' ')
    .split('\u2028')
    .map((line) => line.trim())
    .join('\n')
    .trim()
}
