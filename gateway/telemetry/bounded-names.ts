// Names that come from outside and become labels: the first so many as they are, every further one as `other`, so that no client decides how many
// series there are.
const OTHER = 'other'

export function createBoundedNames(limit: number): (name: string) => string {
  const known = new Set<string>()
  return (name) => {
    if (known.has(name)) return name
    if (known.size >= limit) return OTHER
    known.add(name)
    return name
  }
}
