// The planner's rewrites: some fetches need a value set in their input (`__typename` of an interface object) or a key renamed in their
// output (two selections that share a response name).
import type { FetchNode } from '@apollo/query-planner'
import type { GraphQLSchema } from 'graphql'
import { isJsonObject, isOfType } from './representation.ts'

type DataRewrite = NonNullable<FetchNode['inputRewrites']>[number]

export function applyRewrites(
  schema: GraphQLSchema,
  rewrites: readonly DataRewrite[] | undefined,
  value: unknown,
): void {
  for (const rewrite of rewrites ?? []) visit(schema, rewrite, rewrite.path, value)
}

function visit(schema: GraphQLSchema, rewrite: DataRewrite, path: readonly string[], value: unknown): void {
  if (Array.isArray(value)) {
    for (const item of value) visit(schema, rewrite, path, item)
    return
  }
  if (!isJsonObject(value)) return
  const [step, ...rest] = path
  if (step === undefined) return
  if (step.startsWith('... on ')) {
    const condition = step.slice('... on '.length)
    // A fetch does not ask for the name of a type where only one is possible.
    if (value['__typename'] === undefined || isOfType(schema, value['__typename'], condition))
      visit(schema, rewrite, rest, value)
    return
  }
  if (rest.length > 0) return visit(schema, rewrite, rest, value[step])
  if (!(step in value)) return
  if (rewrite.kind === 'ValueSetter') {
    value[step] = rewrite.setValueTo
  } else {
    value[rewrite.renameKeyTo] = value[step]
    delete value[step]
  }
}
