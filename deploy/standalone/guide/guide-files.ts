// The documents of the guide: the project's own README and everything in docs/.
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import type { FoundFile } from '../../../cli/client/find-files.ts'

export interface GuideFile extends FoundFile {
  /** Path inside the project. */
  key: string
  sha256: string
}

export async function findGuideFiles(root: string): Promise<GuideFile[]> {
  const docs = await readdir(path.join(root, 'docs'), { recursive: true }).catch(() => [])
  const keys = ['README.md', ...docs.filter((name) => name.endsWith('.md')).map((name) => path.join('docs', name))]
  const files = await Promise.all(
    keys.sort().map(async (key): Promise<GuideFile[]> => {
      const location = path.join(root, key)
      const bytes = await readFile(location).catch(() => null)
      if (!bytes || bytes.length === 0) return []
      const sha256 = createHash('sha256').update(bytes).digest('hex')
      return [{ key, path: location, label: key, name: path.basename(key), sizeBytes: bytes.length, sha256 }]
    }),
  )
  return files.flat()
}
