// Where fetched files are kept: outside every checkout, so that all checkouts of a user share them.
import { homedir } from 'node:os'
import { join } from 'node:path'

/** TRIBUTARY_CACHE_DIR as it is; else `tributary` in XDG_CACHE_HOME; else `~/.cache/tributary`. */
export function cacheDirectory(environment: {
  TRIBUTARY_CACHE_DIR?: string | undefined
  XDG_CACHE_HOME?: string | undefined
}): string {
  const own = environment.TRIBUTARY_CACHE_DIR
  if (own !== undefined && own !== '') return own
  const shared = environment.XDG_CACHE_HOME
  return join(shared === undefined || shared === '' ? join(homedir(), '.cache') : shared, 'tributary')
}
