// A per-operation DataLoader over a use case that finds many by id; an id that is not found loads as null.
import DataLoader from 'dataloader'

export function createLoader<Row extends { id: string }>(
  findMany: (ids: readonly string[]) => Promise<readonly Row[]>,
): DataLoader<string, Row | null> {
  return new DataLoader<string, Row | null>(async (ids) => {
    const rows = new Map((await findMany(ids)).map((row) => [row.id, row]))
    return ids.map((id) => rows.get(id) ?? null)
  })
}

/** The same for rows that belong to a key: every key has its list, in the order the rows came. */
export function createGroupLoader<Row>(
  findMany: (keys: readonly string[]) => Promise<readonly Row[]>,
  keyOf: (row: Row) => string,
): DataLoader<string, Row[]> {
  return new DataLoader<string, Row[]>(async (keys) => {
    const groups = Map.groupBy(await findMany(keys), keyOf)
    return keys.map((key) => groups.get(key) ?? [])
  })
}
