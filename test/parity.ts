// What each adapter of a port can do, from the reports of the contract suites: prints a table of cases and adapters for each port.
//   npm run parity -- report.json …            prints it
//   npm run parity -- --check report.json …    and fails where docs/stores.md says something else
import { readFileSync, writeFileSync } from 'node:fs'
import { format, resolveConfig } from 'prettier'

interface Report {
  testResults: { assertionResults: { ancestorTitles: string[]; title: string; status: string }[] }[]
}

/** What follows a colon says how an adapter was set up: it has one column. */
const SUITE = /^(VectorStore|GraphStore|StreamLog|BlobStore|Database) on (.+?)(?:: .+)?$/
/** In the table from left to right, embedded ones first. Reports come in any order. */
const PORTS = ['VectorStore', 'GraphStore', 'Database', 'StreamLog', 'BlobStore']
const ADAPTERS = ['LanceDB', 'PGlite', 'a folder', 'PostgreSQL', 'Qdrant', 'Weaviate', 'Chroma', 'Neo4j', 'Redis', 'S3']
const SKIPPED = /^(.+?) \(skipped: (.+)\)$/
const PAGE = new URL('../docs/stores.md', import.meta.url)
const [BEGIN, END] = ['<!-- Printed by the contract suites: npm run parity -->', '<!-- end -->']

type Cell = { kind: 'passed' } | { kind: 'failed' } | { kind: 'skipped'; reason: string }

function collect(reports: readonly Report[]): Map<string, Map<string, Map<string, Cell>>> {
  const ports = new Map<string, Map<string, Map<string, Cell>>>()
  for (const { ancestorTitles, title, status } of reports.flatMap(({ testResults }) =>
    testResults.flatMap(({ assertionResults }) => assertionResults),
  )) {
    const suite = ancestorTitles.map((each) => SUITE.exec(each)).find((each) => each !== null)
    if (!suite) continue
    const [, port, adapter] = suite as unknown as [string, string, string]
    const [, skippedName, reason] = SKIPPED.exec(title) ?? []
    const name = skippedName ?? title
    const cases = ports.get(port) ?? new Map<string, Map<string, Cell>>()
    const cells = cases.get(name) ?? new Map<string, Cell>()
    ports.set(port, cases.set(name, cells))
    if (cells.get(adapter)?.kind === 'failed') continue
    if (reason !== undefined) cells.set(adapter, { kind: 'skipped', reason })
    else if (status === 'passed' || status === 'failed') cells.set(adapter, { kind: status })
  }
  return ports
}

function render(ports: ReturnType<typeof collect>): string {
  const lines: string[] = []
  for (const port of PORTS) {
    const cases = [...(ports.get(port) ?? [])].toSorted(([one], [other]) => (one < other ? -1 : 1))
    const adapters = [...new Set(cases.flatMap(([, cells]) => [...cells.keys()]))].toSorted(
      (one, other) => placeOf(one) - placeOf(other),
    )
    const reasons: string[] = []
    const noteOf = (reason: string): number => {
      if (!reasons.includes(reason)) reasons.push(reason)
      return reasons.indexOf(reason) + 1
    }
    const show = (cell: Cell | undefined): string => {
      if (cell === undefined) return ''
      return cell.kind === 'skipped' ? `– (${noteOf(cell.reason)})` : cell.kind === 'passed' ? 'yes' : '**fails**'
    }
    lines.push(`### ${port}`, '', `| case | ${adapters.join(' | ')} |`, `| --- |${' --- |'.repeat(adapters.length)}`)
    for (const [name, cells] of cases)
      lines.push(
        `| ${name.replaceAll('|', String.raw`\|`)} | ${adapters.map((each) => show(cells.get(each))).join(' | ')} |`,
      )
    lines.push('', ...reasons.map((reason, index) => `${index + 1}. ${reason}`), '')
  }
  return lines.join('\n')
}

/** Behind all others where it is not known. */
function placeOf(adapter: string): number {
  const place = ADAPTERS.findIndex((name) => adapter.startsWith(name))
  return place === -1 ? ADAPTERS.length : place
}

const isCheck = process.argv.includes('--check')
const files = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))
if (files.length === 0) {
  process.stderr.write('Usage: node test/parity.ts [--check | --write] report.json …\n')
  process.exit(2)
}
const table = render(collect(files.map((file) => JSON.parse(readFileSync(file, 'utf8')) as Report)))
const page = readFileSync(PAGE, 'utf8')
const [before, rest = ''] = page.split(BEGIN)
const after = rest.split(END)[1] ?? ''
const options = await resolveConfig(PAGE)
const fresh = await format(`${before}${BEGIN}\n\n${table}\n${END}${after}`, { ...options, parser: 'markdown' })
process.stdout.write(table)
if (process.argv.includes('--write')) writeFileSync(PAGE, fresh)
else if (isCheck && fresh !== page) {
  process.stderr.write(
    'docs/stores.md says something else than the suites. Run this again with --write in place of --check.\n',
  )
  process.exitCode = 1
}
