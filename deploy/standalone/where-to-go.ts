// The last lines of a start: where the endpoint is, and commands to try next that find this platform as it was started.
import { dataDirectoryOf } from '../../cli/client/connection.ts'
import type { Output } from '../../cli/terminal/output.ts'

export interface WhereToGo {
  origin: string
  url: string
  /** The checkout, the one folder in which `npx tributary` is this program. */
  root: string
  dataDirectory: string
  /** What the guide is called; null where there is none. */
  guideName: string | null
}

export function printWhereToGo({ origin, url, root, dataDirectory, guideName }: WhereToGo, output: Output): void {
  output.line(`  Endpoint           ${url}  (Apollo Sandbox in a browser)`)
  output.line(`  All operations     ${origin}/`)
  output.line(`  Without internet   ${origin}/graphiql`)
  output.line()
  output.line(`Try next, in another terminal in the folder ${root}:`)
  // The command line looks for the key of the platform in the usual place unless it is told of another.
  const command = `${dataDirectory === dataDirectoryOf({}) ? '' : `TRIBUTARY_DATA_DIR=${quote(dataDirectory)} `}npx tributary`
  output.line(`  ${command} ingest FILE|DIR --wait`)
  if (guideName === null) output.line(`  ${command} ask "QUESTION"`)
  else output.line(`  ${command} ask "How do I start it on another port?" --knowledge-base ${quote(guideName, '"')}`)
  output.line(`  ${command} status`)
  output.line('Ctrl-C ends it.')
}

/** As a shell takes for one word. */
function quote(word: string, style?: '"'): string {
  if (style && !/["$`\\!]/.test(word)) return `"${word}"`
  if (!style && /^[\w@%+=:,./-]+$/.test(word)) return word
  return `'${word.replaceAll("'", String.raw`'\''`)}'`
}
