import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { extractionPermissions } from './extraction-permissions.ts'

const inRepository = (file: string) => fileURLToPath(new URL(`../../../${file}`, import.meta.url))

/** What reading each file ends with, in a process that may what the extraction process may. */
async function attempts(files: readonly string[]): Promise<Record<string, string>> {
  const program = `const { readFileSync } = require('node:fs')
    const attempt = (file) => { try { readFileSync(file); return 'read' } catch (error) { return error.code } }
    console.log(JSON.stringify(Object.fromEntries(process.argv.slice(1).map((file) => [file, attempt(file)]))))`
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...extractionPermissions(),
    '--eval',
    program,
    ...files,
  ])
  return JSON.parse(stdout) as Record<string, string>
}

test('the extraction process may read its own program, and neither data nor secrets that lie beside it', async () => {
  const program = ['package.json', 'node_modules/parse5/package.json', 'subgraphs/ingestion/domain/element.ts']
  const other = ['.tributary/credentials.json', '.tributary/database/PG_VERSION', '.env', '.git/config', 'README.md']
  const attempted = await attempts([...[...program, ...other].map(inRepository), '/etc/hostname'])
  for (const file of program) expect(attempted[inRepository(file)], file).toBe('read')
  for (const file of other) expect(attempted[inRepository(file)], file).toBe('ERR_ACCESS_DENIED')
  expect(attempted['/etc/hostname']).toBe('ERR_ACCESS_DENIED')
})
