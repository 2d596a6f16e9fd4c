// The planner's rewrites: some fetches need a value set in their input (`__typename` of an interface object) or a key renamed in their
// output (two selections that share a response name).
import type { FetchNode } from '@apollo/query-planner'
import { isJsonObject } from './representation.ts'

type DataRewrite = NonNullable<FetchNode['inputRewrites']>[number]

export function applyRewrites(rewrites: readonly DataRewrite[] | undefined, value: unknown): void {
  for (const rewrite of rewrites ?? []) visit(rewrite, rewrite.path, value)
}

function visit(rewrite: DataRewrite, path: readonly string[], value: unknown): void {
  if (Array.isArray(value)) {
    for (const item of value) visit(rewrite, path, item)
    return
  }
  if (!isJsonObject(value)) return
  const [step, ...rest] = path
  if (step === undefined) return
  if (step.startsWith('... on ')) {
    if (value['__typename'] === step.slice('... on '.length)) visit(rewrite, rest, value)
    return
  }
  if (rest.length > 0) return visit(rewrite, rest, value[step])
  if (!(step in value)) return
  if (rewrite.kind === 'ValueSetter') {
    value[step] = rewrite.setValueTo
  } else {
    value[rewrite.renameKeyTo] = value[step]
    delete value[step]
  }
}
