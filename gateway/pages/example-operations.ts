// The example operations of schema/operations/, for the index page and as Sandbox's first document.
import { readdir, readFile } from 'node:fs/promises'

export interface ExampleOperation {
  name: string
  /** The comment above it: what it shows. */
  summary: string
  document: string
  /** Example variables as JSON text, or '' where it takes none. */
  variables: string
}

export async function readExampleOperations(directory: URL): Promise<ExampleOperation[]> {
  const files = (await readdir(directory)).filter((file) => file.endsWith('.graphql')).sort()
  return Promise.all(
    files.map(async (file) => {
      const document = await readFile(new URL(file, directory), 'utf8')
      const variables = await readFile(new URL(file.replace('.graphql', '.variables.json'), directory), 'utf8').catch(
        () => '',
      )
      const summary = [...document.matchAll(/^# ?(.*)$/gm)].map((match) => match[1]).join(' ')
      return { name: file.replace('.graphql', ''), summary, document, variables: variables.trim() }
    }),
  )
}
