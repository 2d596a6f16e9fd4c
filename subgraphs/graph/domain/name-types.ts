// Types of the names of one document. What the typer knows of a full name carries over to the family name alone.
import type { NameType, TypeOfName } from './document-names.ts'

export interface NameTypes {
  /** What the typer says of the name on its own; asked once per name. */
  ofName: TypeOfName
  /** Takes a name of the document into account for `inDocument`. */
  learn: (name: string) => void
  /** The type within this document, after all its names were learnt. */
  inDocument: TypeOfName
}

export function createNameTypes(typeOfName: TypeOfName): NameTypes {
  const known = new Map<string, NameType>()
  const peopleByLastWord = new Map<string, Set<string>>()
  const othersByFirstWord = new Map<string, Set<string>>()
  const ofName: TypeOfName = (name) => {
    const type = known.get(name) ?? typeOfName(name)
    known.set(name, type)
    return type
  }
  return {
    ofName,
    learn(name) {
      const words = name.split(' ')
      if (words.length === 1) return
      if (ofName(name) === 'PERSON') addTo(peopleByLastWord, words.at(-1) as string, name)
      else addTo(othersByFirstWord, words[0] as string, name)
    },
    inDocument(name) {
      const type = ofName(name)
      // "Linux" stands in "Linux Kernel" and "Linux Foundation": it is not the family name of one "Kali Linux".
      const people = peopleByLastWord.get(name)?.size ?? 0
      const others = othersByFirstWord.get(name)?.size ?? 0
      return type === 'NAME' && people > others ? 'PERSON' : type
    },
  }
}

function addTo(sets: Map<string, Set<string>>, key: string, value: string) {
  const set = sets.get(key) ?? new Set()
  sets.set(key, set.add(value))
}
