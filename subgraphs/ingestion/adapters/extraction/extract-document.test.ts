import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { pageAt } from '../../../../contracts/document-content.ts'
import { cleanDocument } from '../../domain/clean/clean-document.ts'
import { extractDocument } from './extract-document.ts'

const fixture = (name: string) => readFile(new URL(`../../../../test/fixtures/documents/${name}`, import.meta.url))

async function read(fileName: string, bytes: Uint8Array | string, mediaType: string | null = null) {
  const content = cleanDocument(await extractDocument({ bytes: Buffer.from(bytes), fileName, mediaType }))
  const blocks = content.blocks.map(({ kind, level, page, startOffset, endOffset }) => {
    const place = page === undefined ? '' : ` p${page}`
    return `${kind}${level ?? ''}${place}: ${content.text.slice(startOffset, endOffset)}`
  })
  return { ...content, blocks }
}

test('a PDF: headings by size, words across lines and pages, code as drawn, no headers and page numbers', async () => {
  const { title, blocks } = await read('river-guide.pdf', await fixture('river-guide.pdf'))
  expect(title).toBe('The River Guide')
  expect(blocks).toEqual([
    'heading1 p1: 1 Sources of rivers',
    'paragraph p1: Small streams are counted as well-known sources when they never run dry.',
    'list-item p1: - springs',
    'list-item p1: - lakes',
    'list-item p1: - glaciers',
    'paragraph p1: A river begins at a spring, a lake or the end of a glacier. Most of the water that a river carries has fallen as rain ' +
      'somewhere in its catchment, and reaches the bed through the ground. The largest catchment of the world is that of the Amazon, with about ' +
      'seven million square kilometres of land. No other river comes close to it.',
    'heading1 p2: 2 Measures',
    'paragraph p2: Discharge is measured in cubic metres a second. A gauge is read like this:',
    'code p2: gauge read --river amazon\n  --unit m3',
    'paragraph p2: Readings are taken hourly.',
    'heading1 p3: 3 Mouths',
    'paragraph p3: Deltas and estuaries are the two kinds of mouths that maps know.',
    'code p3: delta --list\ndelta --show nile\nestuary --list\nestuary --show elbe',
  ])
})

test('a paragraph over a page break says where the next page begins in it', async () => {
  const content = cleanDocument(
    await extractDocument({ bytes: await fixture('river-guide.pdf'), fileName: 'river-guide.pdf', mediaType: null }),
  )
  const block = content.blocks.find(({ pageBreaks }) => pageBreaks !== undefined)!
  expect(block.page).toBe(1)
  expect(block.pageBreaks).toEqual([{ page: 2, startOffset: content.text.indexOf('kilometres of land') }])
  expect(pageAt(block, content.text.indexOf('million square'))).toBe(1)
  expect(pageAt(block, content.text.indexOf('No other river'))).toBe(2)
})

test('a PDF whose columns are drawn row by row is read column by column', async () => {
  const { text } = await read('two-columns.pdf', await fixture('two-columns.pdf'))
  expect(text.indexOf('Left line 20')).toBeLessThan(text.indexOf('Right line 1 '))
  expect(text.indexOf('Left line 1 ')).toBeLessThan(text.indexOf('Left line 20'))
})

test('PDFs that cannot be read say why', async () => {
  for (const [name, code] of [
    ['damaged.pdf', 'DOCUMENT_DAMAGED'],
    ['river-guide-protected.pdf', 'DOCUMENT_PASSWORD_PROTECTED'],
    ['pictures-only.pdf', 'DOCUMENT_WITHOUT_TEXT'],
  ] as const) {
    await expect(read(name, await fixture(name))).rejects.toMatchObject({ code })
  }
})

test('Markdown: marks go, text stays, lists and tables keep their marks', async () => {
  const source = `---\ntitle: "Guide to rivers"\n---\n# Rivers\n\nRivers **flow** to the \`sea\`, see [the map](https://example.org/map).\nAlways.\n\n- first\n  - inner\n1. one\n\n| a | b |\n|---|---|\n| 1 | *2* |\n\n\`\`\`sh\nflow --down\n\`\`\`\n\n<p>Raw <b>HTML</b></p>\n`
  const { title, blocks } = await read('rivers.md', source)
  expect(title).toBe('Guide to rivers')
  expect(blocks).toEqual([
    'heading1: Rivers',
    'paragraph: Rivers flow to the sea, see the map. Always.',
    'list-item: - first',
    'list-item: - inner',
    'list-item: 1. one',
    'table: | a | b |\n| 1 | 2 |',
    'code: flow --down',
    'paragraph: Raw HTML',
  ])
})

test('HTML: what a reader sees, in order, without scripts, styles, navigation and hidden parts', async () => {
  const source = `<!doctype html><html><head><title>Rivers &amp; lakes</title><style>p{}</style></head><body><nav>Home</nav>
    <h1>Rivers</h1><p>Rivers  flow<br>to the <em>sea</em>.<script>alert(1)</script></p><p hidden>secret</p>
    <ul><li>first<ul><li>inner</li></ul></li></ul><pre>\nflow {\n  down\n}\n</pre>
    <table><caption>Sizes</caption><tr><th>Name</th><th>Size</th></tr><tr><td>Nile</td><td>6,650&nbsp;km</td></tr></table></body></html>`
  const { title, blocks } = await read('rivers.html', source)
  expect(title).toBe('Rivers & lakes')
  expect(blocks).toEqual([
    'heading1: Rivers',
    'paragraph: Rivers flow\nto the sea.',
    'list-item: first',
    'list-item: inner',
    'code: flow {\n  down\n}',
    'table: Sizes\nName\tSize\nNile\t6,650 km',
  ])
})

test('HTML that nests without end is refused, not followed', async () => {
  await expect(read('deep.html', `<html>${'<div>'.repeat(5000)}deep`)).rejects.toMatchObject({
    code: 'EXTRACTION_FAILED',
    message: expect.stringContaining('2000'),
  })
})

test('files that are not what they say, or nothing at all, are refused', async () => {
  const png = Buffer.from('89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489', 'hex')
  const cases: [string, Uint8Array | string, string | null, string][] = [
    ['empty.txt', '', null, 'EMPTY_FILE'],
    ['blank.md', ' \n\t\n', null, 'EMPTY_FILE'],
    ['picture.png', png, null, 'UNSUPPORTED_MEDIA_TYPE'],
    ['picture.txt', png, null, 'MEDIA_TYPE_MISMATCH'],
    ['picture.pdf', png, 'application/pdf', 'MEDIA_TYPE_MISMATCH'],
    ['table.csv', 'a,b\n1,2\n', null, 'UNSUPPORTED_MEDIA_TYPE'],
    [
      'noise.txt',
      Buffer.from(Array.from({ length: 500 }, (_, index) => (index * 7) % 32)),
      null,
      'MEDIA_TYPE_MISMATCH',
    ],
    ['nul.txt', 'some\0text', null, 'ENCODING_INVALID'],
    ['utf16.txt', Buffer.from('text without a mark', 'utf16le'), null, 'ENCODING_INVALID'],
    ['latin.txt', Buffer.from('caf\xe9', 'latin1'), null, 'ENCODING_INVALID'],
  ]
  for (const [fileName, bytes, mediaType, code] of cases) {
    await expect(read(fileName, bytes, mediaType), fileName).rejects.toMatchObject({ code })
  }
})

test('many comments before the root do not slow the look at a file down', async () => {
  const started = performance.now()
  await read('comments.md', `${'<!-- x -->'.repeat(3000)}\n\n# Title\n`)
  expect(performance.now() - started).toBeLessThan(5000)
})
