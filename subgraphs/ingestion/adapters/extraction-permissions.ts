// What the extraction process may: read its own program, nothing beside it (the default data directory, with the administrator's key, lies in the
// same folder), write nothing, start no process.
import { realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const inPackage = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url))

/** Arguments for `node`. */
export function extractionPermissions(): string[] {
  const readable = [
    inPackage('subgraphs/ingestion/adapters/extraction/'),
    inPackage('subgraphs/ingestion/domain/'),
    // Says that the program's files are modules.
    inPackage('package.json'),
    inPackage('node_modules/'),
    realpathSync(inPackage('node_modules')),
  ]
  return ['--permission', '--allow-worker', ...readable.map((path) => `--allow-fs-read=${path}`)]
}
