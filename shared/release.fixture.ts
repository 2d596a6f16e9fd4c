// The migrations of a release, in a folder as drizzle-kit writes it.
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { MigrateOptions } from './database.ts'

/** `statements`: one migration each, of the SQL schema `schema`. The folder is made under `parent`. */
export async function writeRelease(options: {
  parent: string
  name: string
  schema: string
  statements: readonly string[]
}): Promise<MigrateOptions> {
  const folder = path.join(options.parent, options.name)
  await mkdir(path.join(folder, 'meta'), { recursive: true })
  const entries = options.statements.map((_, idx) => ({
    idx,
    version: '7',
    when: 1_700_000_000_000 + idx,
    tag: `000${idx}_step`,
    breakpoints: true,
  }))
  await writeFile(
    path.join(folder, 'meta/_journal.json'),
    JSON.stringify({ version: '7', dialect: 'postgresql', entries }),
  )
  for (const { tag, idx } of entries) await writeFile(path.join(folder, `${tag}.sql`), options.statements[idx]!)
  return { schema: options.schema, folder }
}
