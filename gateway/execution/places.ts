// Where the objects of a result stand. Plans ask for them by path; the way back, from an object to its paths, is looked for only when there is an error
// to be told there.
import type { Path, Places, PlanRun } from './plan-execution.ts'
import { isJsonObject, type JsonObject } from './representation.ts'
import type { SharedValues } from './shared-values.ts'

export const EVERY_ITEM = '@'

export function placesUnder({ path, objects }: Places, below: Path, shared: SharedValues): Places {
  let current: readonly unknown[] = objects
  for (const step of below) {
    const next: unknown[] = []
    let seen: Set<unknown> | undefined
    const add = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return
      if (shared.has(value)) {
        if ((seen ??= new Set()).has(value)) return
        seen.add(value)
      }
      next.push(value)
    }
    for (const value of current) {
      if (step !== EVERY_ITEM) {
        if (isJsonObject(value)) add(value[step])
      } else if (Array.isArray(value)) for (const item of value) add(item)
    }
    current = next
  }
  return { path: [...path, ...below], objects: current.filter(isJsonObject) }
}

export interface ErrorPaths {
  /** As many as the client sees the object at. */
  all(object: JsonObject): readonly Path[]
  first(object: JsonObject): Path
}

/** Of objects under a path, as the result is now. */
export function errorPathsOf(path: Path, { data, shared }: PlanRun): ErrorPaths {
  let index: ReadonlyMap<unknown, Path[]> | undefined
  const all = (object: JsonObject): readonly Path[] => {
    index ??= indexOf(data, path)
    const found = shared.withCopies([object]).flatMap((each) => index!.get(each) ?? [])
    if (found.length > 0) return found
    // Another answer has replaced it: the error is told above the lists that it may have stood in.
    const list = path.indexOf(EVERY_ITEM)
    return [list < 0 ? path : path.slice(0, list)]
  }
  return { all, first: (object) => all(object)[0]! }
}

function indexOf(data: JsonObject, path: Path): Map<unknown, Path[]> {
  const index = new Map<unknown, Path[]>()
  const visit = (value: unknown, at: Path, depth: number): void => {
    const step = path[depth]
    if (step === undefined) {
      const known = index.get(value)
      if (known) known.push(at)
      else index.set(value, [at])
    } else if (step === EVERY_ITEM) {
      if (Array.isArray(value)) for (const [key, item] of value.entries()) visit(item, [...at, key], depth + 1)
    } else if (isJsonObject(value)) visit(value[step], [...at, step], depth + 1)
  }
  visit(data, [], 0)
  return index
}
