// The operations that the command line sends are the documented examples of the repository, read by name.
import { readFileSync } from 'node:fs'

const directory = new URL('../../schema/operations/', import.meta.url)

export function readOperation(name: string): string {
  return readFileSync(new URL(`${name}.graphql`, directory), 'utf8')
}
