// Which files `ingest` takes: those named are always tried, since the platform looks at their bytes; of a folder, those whose names say that
// they are of a supported type. The rest of a folder is listed, not silently left out.
import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { clientError } from './client-error.ts'

export interface FoundFile {
  path: string
  /** How it is shown to people. */
  label: string
  /** What it is called in the knowledge base. */
  name: string
  sizeBytes: number
}

export interface SkippedFile {
  path: string
  reason: string
}

const SUPPORTED = new Set([
  '.txt',
  '.text',
  '.log',
  '.md',
  '.markdown',
  '.mdown',
  '.mkd',
  '.html',
  '.htm',
  '.xhtml',
  '.pdf',
])
/** What versions, builds and tools keep beside documents. */
const SKIPPED_FOLDERS = new Set(['node_modules'])

export async function findFiles(given: readonly string[]): Promise<{ files: FoundFile[]; skipped: SkippedFile[] }> {
  const files = new Map<string, FoundFile>()
  const skipped: SkippedFile[] = []
  for (const location of given) {
    const found = await stat(location).catch((cause: NodeJS.ErrnoException) => {
      throw clientError(
        'FILE_NOT_FOUND',
        cause.code === 'ENOENT'
          ? `There is no file or folder "${location}". Check the path; it is relative to ${process.cwd()}.`
          : `"${location}" cannot be read (${cause.code ?? cause.message}). Check its permissions.`,
        cause,
      )
    })
    if (found.isDirectory()) await walk(location)
    else add(location, found.size)
  }
  return { files: [...files.values()], skipped }

  function add(location: string, sizeBytes: number): void {
    if (sizeBytes === 0) skipped.push({ path: location, reason: 'it is empty' })
    else
      files.set(path.resolve(location), { path: location, label: location, name: path.basename(location), sizeBytes })
  }

  async function walk(directory: string): Promise<void> {
    const entries = await readdir(directory, { withFileTypes: true }).catch((cause: NodeJS.ErrnoException) => {
      skipped.push({ path: directory, reason: `the folder cannot be read (${cause.code ?? cause.message})` })
      return []
    })
    for (const entry of entries.sort((a, b) => a.name.localeCompare(b.name))) {
      const location = path.join(directory, entry.name)
      if (entry.name.startsWith('.')) continue
      if (entry.isDirectory()) {
        if (!SKIPPED_FOLDERS.has(entry.name)) await walk(location)
        continue
      }
      // Links to folders are not followed: they may lead in circles.
      const found = await stat(location).catch(() => null)
      if (found === null)
        skipped.push({ path: location, reason: 'it cannot be read; is it a link to something that is gone?' })
      if (!found?.isFile()) continue
      const extension = path.extname(entry.name).toLowerCase()
      if (SUPPORTED.has(extension)) add(location, found.size)
      else
        skipped.push({
          path: location,
          reason:
            extension === ''
              ? 'its name says no type; name the file itself to try it'
              : `${extension} files are not supported`,
        })
    }
  }
}
