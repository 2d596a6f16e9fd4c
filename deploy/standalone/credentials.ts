// The administrator's key and the endpoint's address, in a file that only the user can read: what the command line needs to reach this platform.
//
// The key is written down before it comes into force, so that no crash in between leaves a platform that nobody can open.
import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { CREDENTIALS_FILE, readCredentials, type Credentials } from '../../cli/client/connection.ts'
import { writeWhole } from './data-directory.ts'

export interface AdminKey {
  /** What accounts is told to accept. */
  secret: string
  /** Whether it was made just now, and is to be shown this once. */
  isNew: boolean
}

/** One that the operator brought by `given` is not ours to write down. */
export async function keepCredentials(options: {
  dataDirectory: string
  url: string
  given: string | undefined
}): Promise<AdminKey> {
  const { dataDirectory, url, given } = options
  const before = readCredentials(dataDirectory)
  const isNew = !given && !before?.apiKey
  const stored = isNew ? `trb_${randomBytes(24).toString('base64url')}` : (before?.apiKey ?? null)
  const credentials: Credentials = { url, apiKey: stored }
  if (before?.url !== credentials.url || before.apiKey !== credentials.apiKey)
    await writeWhole(path.join(dataDirectory, CREDENTIALS_FILE), `${JSON.stringify(credentials, null, 2)}\n`)
  return { secret: (given || stored)!, isNew }
}
