// What the command line needs to reach this platform, in a file that only its user can read.
import path from 'node:path'
import { CREDENTIALS_FILE, readCredentials, type Credentials } from '../../cli/client/connection.ts'
import { writeWhole } from './data-directory.ts'

/** The key that the first start made is kept; one that the operator brought is not ours to write down. */
export async function keepCredentials(options: {
  dataDirectory: string
  url: string
  createdSecret: string | null
}): Promise<Credentials> {
  const { dataDirectory, url, createdSecret } = options
  const before = readCredentials(dataDirectory)
  const credentials: Credentials = { url, apiKey: createdSecret ?? before?.apiKey ?? null }
  if (before?.url !== credentials.url || before.apiKey !== credentials.apiKey)
    await writeWhole(path.join(dataDirectory, CREDENTIALS_FILE), `${JSON.stringify(credentials, null, 2)}\n`)
  return credentials
}
