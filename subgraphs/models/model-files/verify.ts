// A file counts only when its size and SHA-256 are those of the manifest.
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { ModelFile } from '../domain/model-manifest.ts'

/** Whether all files are there with their sizes: cheap enough for every start. */
export async function haveSizes(directory: string, files: readonly ModelFile[]): Promise<boolean> {
  const sizes = await Promise.all(files.map(({ path }) => fileSize(join(directory, path))))
  return sizes.every((size, index) => size === files[index]?.sizeBytes)
}

/** Whether the file's bytes are the expected ones. A missing file is not an error here. */
export async function hasContent(
  path: string,
  expected: Omit<ModelFile, 'path'>,
  signal: AbortSignal,
): Promise<boolean> {
  if ((await fileSize(path)) !== expected.sizeBytes) return false
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash, { signal })
  return hash.digest('hex') === expected.sha256
}

async function fileSize(path: string): Promise<number | null> {
  const found = await stat(path).catch(() => null)
  return found?.isFile() === true ? found.size : null
}
