// A variable that nobody reads and that is spelled almost like one that is read: most likely a slip, which would go unnoticed.
import { suggestionList } from 'graphql/jsutils/suggestionList.js'

const PREFIX = 'TRIBUTARY_'
const FILE_SUFFIX = '_FILE'

/** One sentence for each: which is not known, and which was probably meant. */
export function misspelledVariables(
  known: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): string[] {
  const names = known.flatMap((name) => [name, `${name}${FILE_SUFFIX}`])
  return Object.keys(environment)
    .filter((name) => name.startsWith(PREFIX) && environment[name] && !names.includes(name))
    .flatMap((name) => {
      const meant = names.find((candidate) => isAlmost(name, candidate))
      return meant === undefined ? [] : [`${name} is not known; did you mean ${meant}?`]
    })
    .toSorted()
}

/** One word of the name has a slip, or an underscore is wrong. Longer ways apart are other programs' variables, or another role's. */
function isAlmost(given: string, candidate: string): boolean {
  if (given.replaceAll('_', '') === candidate.replaceAll('_', '')) return true
  const [words, others] = [given.split('_'), candidate.split('_')]
  if (words.length !== others.length) return false
  const different = words.flatMap((word, index) => (word === others[index] ? [] : [[word, others[index]!] as const]))
  const [word, other] = different[0] ?? []
  if (different.length !== 1 || word === undefined || other === undefined) return false
  return suggestionList(word, [other]).length > 0
}
