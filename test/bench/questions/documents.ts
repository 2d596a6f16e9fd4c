// The documents of a question set (test/fixtures/<set>/documents.json): Debian packages, fetched once with apt-get and not installed, their
// files checked and kept as `<document id>.<extension>` in the user's cache, which is what `tributary ingest` is given.
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { gunzipSync } from 'node:zlib'
import type { DocumentContent } from '../../../contracts/document-content.ts'
import { extractDocument } from '../../../subgraphs/ingestion/adapters/extraction/extract-document.ts'
import { cleanDocument } from '../../../subgraphs/ingestion/domain/clean/clean-document.ts'
import { repositoryRoot } from '../../harness/environment.ts'
import { benchCache } from '../corpus/cache.ts'
import type { TestQuestion } from './score-answers.ts'

interface ListedDocument {
  id: string
  package: string
  version: string
  /** In the unpacked package. */
  path: string
  format: 'pdf' | 'html' | 'text' | 'markdown'
  decompress: boolean
  /** Of the file as shipped. */
  sha256: string
}

const EXTENSIONS = { pdf: 'pdf', html: 'html', text: 'txt', markdown: 'md' } as const

const run = promisify(execFile)

const fixture = (set: string, name: string): string => path.join(repositoryRoot, 'test/fixtures', set, name)

export async function readQuestions(set: string): Promise<TestQuestion[]> {
  const lines = (await readFile(fixture(set, 'questions.jsonl'), 'utf8')).trim().split('\n')
  return lines.map((line) => JSON.parse(line) as TestQuestion)
}

/** A folder with exactly the set's documents. */
export async function questionDocuments(set: string): Promise<string> {
  const listed = JSON.parse(await readFile(fixture(set, 'documents.json'), 'utf8')) as ListedDocument[]
  const folder = benchCache('questions', set)
  const wanted = listed.map(({ id, format }) => `${id}.${EXTENSIONS[format]}`)
  const present = existsSync(folder) ? await readdir(folder) : []
  if (wanted.every((name) => present.includes(name)) && present.length === wanted.length) return folder
  await mkdir(benchCache('questions'), { recursive: true })
  const work = await mkdtemp(benchCache('questions', 'fetching-'))
  try {
    await run('apt-get', ['download', ...new Set(listed.map((document) => document.package))], { cwd: work })
    for (const archive of await readdir(work))
      await run('dpkg', ['-x', archive, path.join('unpacked', archive.split('_')[0]!)], {
        cwd: await withFolder(work, 'unpacked'),
      })
    await mkdir(path.join(work, 'documents'))
    for (const document of listed) {
      const shipped = await readFile(path.join(work, 'unpacked', document.package, document.path))
      if (createHash('sha256').update(shipped).digest('hex') !== document.sha256)
        throw new Error(
          `${document.package} is not version ${document.version}, whose ${document.path} the questions are about.`,
        )
      await writeFile(
        path.join(work, 'documents', `${document.id}.${EXTENSIONS[document.format]}`),
        document.decompress ? gunzipSync(shipped) : shipped,
      )
    }
    await rm(folder, { recursive: true, force: true })
    await rename(path.join(work, 'documents'), folder)
    return folder
  } catch (cause) {
    throw new Error(
      `The documents of ${set} could not be fetched. It needs Debian 12 and, once, \`sudo apt-get update\`.`,
      { cause },
    )
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

async function withFolder(parent: string, name: string): Promise<string> {
  await mkdir(path.join(parent, name), { recursive: true })
  return parent
}

/** The same documents as ingestion reads and cleans them. */
export async function questionContents(set: string): Promise<{ id: string; content: DocumentContent }[]> {
  const folder = await questionDocuments(set)
  const names = (await readdir(folder)).toSorted()
  return Promise.all(
    names.map(async (fileName) => {
      const bytes = await readFile(path.join(folder, fileName))
      const content = cleanDocument(await extractDocument({ bytes, fileName, mediaType: null }))
      return { id: path.parse(fileName).name, content }
    }),
  )
}
