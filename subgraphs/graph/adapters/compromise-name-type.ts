// Whether a name is a person's, a place's or an organisation's, by compromise's lexicon and name rules. Only the name is
// shown to it, not the sentence: that is ten times faster than tagging the text, and more precise on technical prose.
import nlp from 'compromise/two'
import type { NameType } from '../domain/document-names.ts'

interface TaggedTerm {
  text: string
  tags: string[]
}

/** The type of a proper name; NAME when the library does not recognise it as a whole. */
export function compromiseNameType(name: string): NameType {
  const [sentence] = nlp(name).json() as { terms: TaggedTerm[] }[]
  const terms = sentence?.terms ?? []
  const last = terms.at(-1)
  if (!last) return 'NAME'
  if (last.text.length === name.length && name === name.toUpperCase() && !isPlace(terms)) return acronymType(last)
  if (isPlace(terms)) return 'PLACE'
  if (hasInitials(name)) return 'PERSON'
  if (isOrganization(terms)) return 'ORGANIZATION'
  return isPerson(terms) ? 'PERSON' : 'NAME'
}

/** Only acronyms the lexicon lists; its rules would make a person of "URI". */
function acronymType(term: TaggedTerm): NameType {
  return term.tags.includes('Organization') ? 'ORGANIZATION' : 'NAME'
}

/** Listed places only: the library also guesses at places, which is wrong more often than not. */
function isPlace(terms: TaggedTerm[]): boolean {
  return terms.every((term) => hasAnyTag(term, ['City', 'Country', 'Region']))
}

/** A word that makes an organisation closes the name (Purdue University), or opens it (University of California). */
function isOrganization(terms: TaggedTerm[]): boolean {
  const deciding = terms.some((term) => term.text === 'of') ? terms[0] : terms.at(-1)
  return deciding !== undefined && hasAnyTag(deciding, ['Organization'])
}

function isPerson(terms: TaggedTerm[]): boolean {
  const isParticle = (term: TaggedTerm) => /^\p{Ll}{2,3}$/u.test(term.text)
  return terms.every((term, index) => hasAnyTag(term, ['Person']) || (index > 0 && isParticle(term)))
}

/** "J. Smith", "Kristoffer H. Rose": initials before a last word are written for people only. */
function hasInitials(name: string): boolean {
  return /^(?:\p{Lu}[\p{L}'’-]+ )?(?:\p{Lu}\. )+\p{Lu}[\p{L}'’-]+$/u.test(name)
}

function hasAnyTag(term: TaggedTerm, tags: string[]): boolean {
  return tags.some((tag) => term.tags.includes(tag))
}
