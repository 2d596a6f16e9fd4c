// A supergraph as it was composed: text, and the name that the text gives it.
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { TributaryError } from '#shared/errors.ts'

/** SHA-256 of the text, in hexadecimal digits. */
export const supergraphIdOf = (sdl: string): string => createHash('sha256').update(sdl).digest('hex')

/** Throws CONFIGURATION_INVALID for a file that cannot be read. */
export async function readSupergraphFile(file: string | URL): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new TributaryError(
      'CONFIGURATION_INVALID',
      `The supergraph ${file instanceof URL ? file.pathname : file} cannot be read: ${(cause as NodeJS.ErrnoException).code ?? String(cause)}.`,
      { cause },
    )
  }
}
