// Fields that are moving between subgraphs (`@override` with a label): for each operation it is decided anew which have moved. `percent(5)` has for
// five operations of a hundred; any other label once the configuration names it.
import { Kind, parse, visit } from 'graphql'

/** The labels whose fields have moved for one operation. */
export type DrawMoved = () => readonly string[]

const NONE: readonly string[] = []

/** `moved`: labels whose fields have moved for all. */
export function createDrawMoved(
  supergraphSdl: string,
  moved: ReadonlySet<string>,
  random: () => number = Math.random,
): DrawMoved {
  const labels = labelsOf(supergraphSdl)
  if (labels.length === 0) return () => NONE
  const percents = labels.map((label) => (moved.has(label) ? 100 : percentOf(label)))
  return () => {
    // One draw for all: an operation has as many plans as there are different shares, not as there are subsets of labels.
    const drawn = random() * 100
    return labels.filter((_, index) => drawn < percents[index]!)
  }
}

const percentOf = (label: string): number => Number(/^percent\((\d+(?:\.\d+)?)\)$/.exec(label)?.[1] ?? 0)

function labelsOf(supergraphSdl: string): string[] {
  const labels = new Set<string>()
  visit(parse(supergraphSdl, { noLocation: true }), {
    Directive({ name, arguments: given }) {
      if (name.value !== 'join__field') return
      const value = given?.find((argument) => argument.name.value === 'overrideLabel')?.value
      if (value?.kind === Kind.STRING) labels.add(value.value)
    },
  })
  return [...labels].toSorted()
}
