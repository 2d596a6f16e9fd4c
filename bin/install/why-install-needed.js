// Compares what the lock file asks for with what npm noted down as installed. Content, not times: switching branches back and forth
// touches the lock file without changing anything.
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'

/**
 * @param {string} root The checkout.
 * @param {{ needsDevelopment?: boolean }} [options] Whether what only tests and checks use must be there, too. Default true.
 * @returns {string | null} Why `npm ci` has to run, as the begin of a sentence about the packages; null when all is there.
 */
export function whyInstallNeeded(root, { needsDevelopment = true } = {}) {
  const modules = path.join(root, 'node_modules')
  const installed = readPackages(path.join(modules, '.package-lock.json'))
  // npm writes its note last: without it nothing was installed, or not to the end.
  if (installed === null)
    return existsSync(modules) ? 'the packages are not installed completely' : 'the packages are not installed yet'
  const wanted = readPackages(path.join(root, 'package-lock.json'))
  if (wanted === null) return null
  for (const [location, want] of Object.entries(wanted)) {
    if (location === '') continue
    const have = installed[location]
    const mayBeMissing = isForOtherSystems(want) || (!needsDevelopment && want.dev)
    if (have === undefined ? !mayBeMissing : have.version !== want.version || have.integrity !== want.integrity)
      return 'the installed packages are older than package-lock.json'
  }
  if (wanted['node_modules/node'] !== undefined && !existsSync(installedNode(root)))
    return 'the packages are not installed completely'
  return null
}

/** The Node that the packages bring along, and that everything but this bootstrap runs on. */
export function installedNode(root) {
  return path.join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
}

/** Binaries, of which only those for this one are installed. */
const isForOtherSystems = (entry) => Boolean(entry.optional || entry.devOptional)

function readPackages(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages ?? {}
  } catch {
    return null
  }
}
