// Plain text to stanzas: groups of lines between blank lines, with their indents; and what the whole file says about how it was wrapped.

export interface SourceLine {
  /** Without trailing white space; tabs are expanded to eight columns. */
  text: string
  indent: number
}

export interface Stanza {
  lines: SourceLine[]
  /** Form feeds before it, plus one; null in a text without form feeds. */
  page: number | null
  /** Of its first line, counted from 0 at the top of its page (or of the text). */
  lineNumber: number
}

export interface PlainText {
  stanzas: Stanza[]
  pageCount: number | null
  /** Column at which the author's lines end; null when every paragraph is one long line. */
  wrapColumn: number | null
  /** Indent of most of its text. */
  bodyIndent: number
}

const TAB_WIDTH = 8

export function readStanzas(source: string): PlainText {
  const pages = source.replace(/\r\n?|\u2028|\u2029/g, '\n').split('\f')
  // A form feed at the very end closes the last page.
  if (pages.length > 1 && pages.at(-1)!.trim() === '') pages.pop()
  const hasPages = pages.length > 1
  const stanzas: Stanza[] = []
  pages.forEach((page, index) => {
    let lines: SourceLine[] = []
    let start = 0
    const close = () => {
      if (lines.length > 0) stanzas.push({ lines, page: hasPages ? index + 1 : null, lineNumber: start })
      lines = []
    }
    page.split('\n').forEach((raw, lineNumber) => {
      const text = expandTabs(raw).trimEnd()
      if (text === '') return close()
      if (lines.length === 0) start = lineNumber
      lines.push({ text, indent: text.length - text.trimStart().length })
    })
    close()
  })
  return { stanzas, pageCount: hasPages ? pages.length : null, ...measure(stanzas) }
}

function expandTabs(line: string): string {
  if (!line.includes('\t')) return line
  let expanded = ''
  for (const character of line)
    expanded += character === '\t' ? ' '.repeat(TAB_WIDTH - (expanded.length % TAB_WIDTH)) : character
  return expanded
}

/** Share of lines longer than any screen that shows a file to be unwrapped, and how long that is. */
const LONG_LINE = 120
const LONG_LINE_SHARE = 0.05
/** Nobody wraps sentences at less; a file of shorter lines has lines for another reason. */
const MINIMUM_WRAP_COLUMN = 50

function measure(stanzas: readonly Stanza[]): Pick<PlainText, 'wrapColumn' | 'bodyIndent'> {
  const lengths: number[] = []
  const charactersByIndent = new Map<number, number>()
  let longLines = 0
  for (const { lines } of stanzas) {
    lines.forEach((line, index) => {
      if (line.text.length > LONG_LINE) longLines += 1
      if (lines.length > 1 && index < lines.length - 1) lengths.push(line.text.length)
      charactersByIndent.set(line.indent, (charactersByIndent.get(line.indent) ?? 0) + line.text.length)
    })
  }
  const lineCount = stanzas.reduce((sum, stanza) => sum + stanza.lines.length, 0)
  let bodyIndent = 0
  for (const [indent, count] of charactersByIndent)
    if (count > (charactersByIndent.get(bodyIndent) ?? 0)) bodyIndent = indent
  if (lengths.length === 0 || longLines > lineCount * LONG_LINE_SHARE) return { wrapColumn: null, bodyIndent }
  lengths.sort((one, other) => one - other)
  return { wrapColumn: Math.max(MINIMUM_WRAP_COLUMN, lengths[Math.floor(lengths.length * 0.9)]!), bodyIndent }
}
