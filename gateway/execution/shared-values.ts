// A result as a graph: where several objects of one place in the operation are the same entity, what a subgraph says of it is not copied for each. They
// hold the same lists and objects, which are then filled, and shaped, once. Whoever is to put something else into one of them takes a copy first.

/** Lists and objects that more than one object holds. */
export interface SharedValues {
  has(value: unknown): boolean
  /** Every list and object that a field of it holds: what is in those stands wherever they do. */
  addValuesOf(entity: Readonly<Record<string, unknown>>): void
  /** Whether there are none. */
  readonly isEmpty: boolean
}

export function createSharedValues(): SharedValues {
  const values = new Set<unknown>()
  return {
    has: (value) => values.size > 0 && values.has(value),
    addValuesOf(entity) {
      for (const key of Object.keys(entity)) {
        const value = entity[key]
        if (typeof value === 'object' && value !== null) values.add(value)
      }
    },
    get isEmpty() {
      return values.size === 0
    },
  }
}

/** For results in which nothing is shared. */
export const NOTHING_SHARED: Pick<SharedValues, 'has' | 'isEmpty'> = { has: () => false, isEmpty: true }
