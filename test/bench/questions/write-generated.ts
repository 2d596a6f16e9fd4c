// Constants of a generated TypeScript file, written anew.
import { readFileSync, writeFileSync } from 'node:fs'
import { format, resolveConfig } from 'prettier'

/** Keeps what stands before the first of the constants. `path` begins at the root of the repository. */
export async function writeGenerated(path: string, constants: readonly (readonly [string, unknown])[]): Promise<void> {
  const file = new URL(`../../../${path}`, import.meta.url)
  let source = readFileSync(file, 'utf8')
  for (const [name, value] of constants) {
    const start = source.indexOf(`export const ${name}`)
    const next = source.indexOf('export const ', start + 1)
    const head = source.slice(start, source.indexOf('=', start) + 1)
    const rest = next === -1 ? '' : source.slice(next)
    source = `${source.slice(0, start)}${head} ${JSON.stringify(value)}\n\n${rest}`
  }
  writeFileSync(file, await format(source, { ...(await resolveConfig(file)), filepath: file.pathname }))
}
