// Whether two answers are the same: data exactly, and errors by their paths and codes. Where an error makes its parent null, one server stops there, and
// subgraphs that know nothing of each other go on; so each null place must be explained in both, and what the one server says must be said.
import type { GraphQLFormattedError } from 'graphql'
import type { Answer } from './open-supergraph.ts'

export interface Explained {
  path: string
  code: string
}

/** Sorted; equal errors once. */
export function errorsOf(errors: readonly GraphQLFormattedError[] | undefined): Explained[] {
  const all = (errors ?? []).map(({ path = [], extensions }) => ({
    path: path.join('.'),
    code: (extensions?.['code'] as string | undefined) ?? 'INTERNAL_SERVER_ERROR',
  }))
  const byText = new Map(all.map((error) => [`${error.path} ${error.code}`, error]))
  return [...byText].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([, error]) => error)
}

/** The outermost null of each error's path, which is where it stopped; sorted, each once. */
export function nullsExplained({ data, errors = [] }: Answer): string[] {
  if (data === null || data === undefined) return errors.length > 0 ? [''] : []
  const places = errors.map(({ path = [] }) => {
    let value: unknown = data
    const depth = path.findIndex((step) => {
      value = (value as Record<string, unknown> | null | undefined)?.[step]
      return value === null || value === undefined
    })
    return (depth < 0 ? path : path.slice(0, depth + 1)).join('.')
  })
  return [...new Set(places)].toSorted()
}

/** Errors that stand where a value is null, and did not travel there; sorted, equal ones once. */
export const errorsAtNulls = (answer: Answer): Explained[] => {
  const places = new Set(nullsExplained(answer))
  return errorsOf(answer.errors).filter(({ path }) => places.has(path))
}
