// Headers that the client's response gets from subgraphs, collected while an operation runs. Of most names the last answer counts; cookies
// are all kept, each as a header of its own.

export interface ClientHeaders {
  /** `name` in lower case. */
  put(name: string, value: string | readonly string[]): void
  entries(): Iterable<readonly [name: string, value: string | readonly string[]]>
}

const NONE: readonly (readonly [string, string])[] = []

export function createClientHeaders(): ClientHeaders {
  // Most operations collect none.
  let collected: Map<string, string | readonly string[]> | undefined
  return {
    put(name, value) {
      collected ??= new Map()
      const cookies = name === 'set-cookie' ? collected.get(name) : undefined
      collected.set(name, cookies === undefined ? value : [cookies, value].flat())
    },
    entries: () => collected ?? NONE,
  }
}
