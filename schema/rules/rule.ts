// What a rule of schema style is: one law, told in a sentence, and a pure function that finds where it is broken.

import type { DocumentNode, GraphQLSchema } from 'graphql'

export type SchemaUnderCheck = {
  /** What clients see, composed. */
  readonly api: GraphQLSchema
  /** common.graphql. */
  readonly common: DocumentNode
  /** Each subgraph's own file, without the common part. */
  readonly subgraphs: readonly { readonly name: string; readonly ownTypeDefs: DocumentNode }[]
}

export type Violation = {
  /** Where, as a schema coordinate: `Type`, `Type.field`, `Type.field(argument:)`, `Enum.VALUE`. */
  readonly coordinate: string
  /** What is wrong there and how to mend it. */
  readonly message: string
}

export type Rule = {
  /** Name in messages; the file is called the same. */
  readonly name: string
  readonly law: string
  readonly check: (schema: SchemaUnderCheck) => Violation[]
}
