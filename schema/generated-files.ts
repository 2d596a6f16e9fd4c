// Generated files are committed, so that they can be read in review; this writes them, or proves that they are fresh.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export type GeneratedFile = {
  /** Path from the root of the repository. */
  readonly path: string
  readonly content: string
}

export const repositoryRoot = fileURLToPath(new URL('..', import.meta.url))

/** Text of a file by its path from the root of the repository; null where there is none. */
export function readRepositoryFile(path: string): string | null {
  try {
    return readFileSync(join(repositoryRoot, path), 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

/** Paths of those files that are missing or hold something else. */
export function findStaleFiles(files: readonly GeneratedFile[]): string[] {
  return files.filter((file) => readRepositoryFile(file.path) !== file.content).map((file) => file.path)
}

/** Writes what has changed, so that watchers and time stamps stay quiet; answers the written paths. */
function writeGeneratedFiles(files: readonly GeneratedFile[]): string[] {
  const stalePaths = findStaleFiles(files)
  for (const file of files.filter(({ path }) => stalePaths.includes(path))) {
    const target = join(repositoryRoot, file.path)
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, file.content)
  }
  return stalePaths
}

/**
 * The end of a generator's command line: writes, or with `--check` only compares. Answers the exit code.
 * `command` is what a person runs to make stale files fresh.
 */
export function finishGenerator(files: readonly GeneratedFile[], isCheck: boolean, command: string): number {
  if (!isCheck) {
    for (const path of writeGeneratedFiles(files)) console.log(`wrote ${path}`)
    return 0
  }
  const stalePaths = findStaleFiles(files)
  if (stalePaths.length === 0) return 0
  console.error(`Not fresh: ${stalePaths.join(', ')}. Run: ${command}`)
  return 1
}
