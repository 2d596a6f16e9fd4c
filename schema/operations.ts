// The example operations: one named operation per capability, with a comment that says what it shows and variables to start
// from. Documentation, the front page and end-to-end tests all use these files.

import { readdirSync } from 'node:fs'
import { Kind, parse, Source, type DocumentNode, type OperationTypeNode } from 'graphql'
import { readRepositoryFile } from './generated-files.ts'

export type ExampleOperation = {
  /** Name of the operation and of its file. */
  readonly name: string
  readonly type: OperationTypeNode
  /** What it shows, in a sentence. */
  readonly description: string
  /** The text of the file. */
  readonly text: string
  readonly document: DocumentNode
  /** Values to start from, by name; ids in them are well-formed but name nothing. */
  readonly variables: Readonly<Record<string, unknown>>
}

const folder = 'schema/operations'

/** All of them, by name. Throws where a file does not parse or does not hold exactly one named operation. */
export function readExampleOperations(): ExampleOperation[] {
  return readdirSync(new URL('operations/', import.meta.url))
    .filter((file) => file.endsWith('.graphql'))
    .toSorted()
    .map((file) => readExampleOperation(file.slice(0, -'.graphql'.length)))
}

function readExampleOperation(name: string): ExampleOperation {
  const path = `${folder}/${name}.graphql`
  const text = readRepositoryFile(path) ?? ''
  const document = parse(new Source(text, path))
  const [operation, ...others] = document.definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION)
  if (operation?.kind !== Kind.OPERATION_DEFINITION || others.length > 0 || operation.name?.value !== name) {
    throw new Error(`${path} must hold exactly one operation, named ${name}.`)
  }
  const description = /^# (.+)/.exec(text)?.[1] ?? ''
  const variables: unknown = JSON.parse(readRepositoryFile(`${folder}/${name}.variables.json`) ?? '{}')
  return {
    name,
    type: operation.operation,
    description,
    text,
    document,
    variables: variables as Record<string, unknown>,
  }
}
