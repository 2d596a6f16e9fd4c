// Where the endpoint is and which key opens it: the environment says, or else the file that `tributary start` keeps in the data directory.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ClientEnvironment } from '../config.ts'
import { clientError } from './client-error.ts'

export interface Connection {
  url: string
  apiKey: string
}

/** What `tributary start` writes for the command line; readable by its user only. */
export interface Credentials {
  url: string
  /** Null when the administrator's key was given by TRIBUTARY_ADMIN_API_KEY: it is not ours to store. */
  apiKey: string | null
}

export const CREDENTIALS_FILE = 'credentials.json'
const DEFAULT_URL = 'http://127.0.0.1:4000/graphql'

/** TRIBUTARY_DATA_DIR as seen from the current folder; else `.tributary` in the checkout, wherever the command is run from. */
export function dataDirectoryOf(environment: ClientEnvironment): string {
  const given = environment.TRIBUTARY_DATA_DIR
  return given ? path.resolve(given) : fileURLToPath(new URL('../../.tributary', import.meta.url))
}

export function readConnection(environment: ClientEnvironment): Connection {
  const stored = readCredentials(dataDirectoryOf(environment))
  const apiKey = environment.TRIBUTARY_API_KEY || stored?.apiKey
  const url = environment.TRIBUTARY_URL || stored?.url || DEFAULT_URL
  if (!apiKey) {
    throw clientError(
      'NO_API_KEY',
      stored
        ? 'There is no API key for the command line. Set TRIBUTARY_API_KEY, for example to the key that the platform was started with.'
        : 'There is no API key for the command line. Start the platform with `npm start`, which makes one, or set TRIBUTARY_API_KEY (and TRIBUTARY_URL) for one that runs elsewhere.',
    )
  }
  return { url: endpointAddress(url), apiKey }
}

export function readCredentials(dataDirectory: string): Credentials | null {
  try {
    return JSON.parse(readFileSync(path.join(dataDirectory, CREDENTIALS_FILE), 'utf8')) as Credentials
  } catch {
    return null
  }
}

/** People leave out the path, or the scheme. */
function endpointAddress(given: string): string {
  const withScheme = /^https?:\/\//.test(given) ? given : `http://${given}`
  try {
    const url = new URL(withScheme)
    if (url.pathname === '/') url.pathname = '/graphql'
    return url.href
  } catch (cause) {
    throw clientError(
      'BAD_URL',
      `TRIBUTARY_URL is "${given}", which is not an address. Set it to one like ${DEFAULT_URL}.`,
      cause,
    )
  }
}
