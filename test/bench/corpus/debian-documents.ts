// Real technical prose in quantity: the HTML manuals of PostgreSQL and Python as Debian 12 packages them. Fetched once with apt-get (nothing
// is installed) and unpacked in the cache.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { benchCache } from './cache.ts'

const SOURCES = [
  { package: 'postgresql-doc-15', folder: 'usr/share/doc/postgresql-doc-15/html' },
  { package: 'python3.11-doc', folder: 'usr/share/doc/python3.11/html/library' },
] as const

export interface DebianDocument {
  /** `<package>/<file>`. */
  name: string
  file: string
}

const run = promisify(execFile)

/** Always in the same order. */
export async function debianDocuments(): Promise<DebianDocument[]> {
  const documents = []
  for (const source of SOURCES) {
    const folder = path.join(await unpacked(source.package), source.folder)
    const files = (await readdir(folder)).filter((name) => name.endsWith('.html')).toSorted()
    documents.push(...files.map((name) => ({ name: `${source.package}/${name}`, file: path.join(folder, name) })))
  }
  return documents
}

async function unpacked(name: string): Promise<string> {
  const folder = benchCache('debian', name)
  if (existsSync(folder)) return folder
  await mkdir(benchCache('debian'), { recursive: true })
  const work = await mkdtemp(benchCache('debian', 'fetching-'))
  try {
    await run('apt-get', ['download', name], { cwd: work })
    const [archive] = await readdir(work)
    await run('dpkg', ['-x', archive!, 'content'], { cwd: work })
    await rename(path.join(work, 'content'), folder)
    return folder
  } catch (cause) {
    throw new Error(
      `The benchmark reads the documents of the Debian package ${name}, which could not be fetched. It needs Debian 12 and, once, \`sudo apt-get update\`.`,
      { cause },
    )
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}
