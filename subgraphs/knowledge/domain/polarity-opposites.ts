/**
 * Words of which one excludes the other. A claim that says one where its source says only the other, or says it of the
 * other thing, turns the statement round.
 */
import { sharedCompany } from './claims-binding.ts'
import type { ClaimedStatement } from './claims.ts'
import type { Clause, Statement } from './claims-statement.ts'
import type { Word } from './claims-words.ts'
import { stem } from './terms.ts'

/** Sides are separated by `|`; every word of one side excludes every word of the others. Base forms, read as stems. */
const groups = [
  'before | after since',
  'preceding precede previous | following follow subsequent',
  'early earlier | late later',
  'more | less fewer',
  'most | least',
  'above over exceed | below under',
  'minimum minimal minimize | maximum maximal maximize',
  'always | never',
  'allow permit | forbid prohibit deny disallow',
  'enable | disable',
  'include | exclude',
  'increase raise rise rose grow multiply | decrease reduce fall fell drop shrink divide',
  'install | uninstall remove',
  'add append | remove delete subtract',
  'first | last',
  'true | false',
  'succeed success successful successfully | fail failure',
  'old older | new newer',
  'high higher | low lower',
  'long longer | short shorter',
  'large larger big bigger | small smaller little',
  'fast faster quick quickly | slow slower slowly',
  'good better best | bad worse worst',
  'strong stronger | weak weaker',
  'excellent | modest poor',
  'start begin | stop finish',
  'begin | end',
  'starting since | until',
  'accept | reject refuse',
  'agree insist | refuse',
  'encrypt | decrypt',
  'compress | decompress',
  'upload | download',
  'import | export',
  'push | pull',
  'open | close',
  'lock | unlock',
  'mount | unmount',
  'connect | disconnect',
  'attach | detach',
  'show display | hide',
  'keep retain preserve | delete remove discard destroy lose',
  'keep preserve | destroy',
  'create | delete destroy',
  'local | remote',
  'public | private',
  'leading | trailing',
  'forward | backward',
  'ascending | descending',
  'client | server',
  'source | destination target',
  'input | output',
  'read | write',
  'send | receive',
  'full complete | incremental partial',
  'fully wholly completely entirely | partly partially',
  'automatic automatically | manual manually',
  'permanent permanently | temporary temporarily',
  'positive | negative',
  'even | odd',
  'internal | external',
  'inner | outer',
  'inbound incoming | outbound outgoing',
  'parent | child',
  'optional optionally | mandatory',
  'easy easily ease | difficult difficulty hard',
  'same equal identical | different',
  'single | multiple',
  'absolute | relative',
  'static | dynamic',
  'little-endian | big-endian',
  'upstream | downstream',
  'improve enhance | degrade worsen impair',
  'explicit explicitly | implicit implicitly',
  'stable | unstable',
  'synchronous | asynchronous',
  'horizontal | vertical',
  'left | right',
  'top | bottom',
  'front | back',
  'online | offline',
  'active | inactive passive',
  'major | minor',
  'upper | lower',
  'upper-case uppercase | lower-case lowercase',
  'read-only | writable read-write',
  'existing | new',
  'honor honour obey respect | ignore',
  'near | far',
  'previous | current next',
  'binary | octal | decimal | hexadecimal',
  'string | number',
  'back | restore',
  'bug | fix',
  'monday | tuesday | wednesday | thursday | friday | saturday | sunday',
  'north | south | east | west',
].map((group) => group.split(' | ').map((side) => new Set(side.split(' ').flatMap((word) => [word, stem(word)]))))

type Opposition = { word: Word; group: number; side: number }

function oppositionsOf({ statement, quantities }: ClaimedStatement): Opposition[] {
  // Words of a bound ("at least 5", "5 or less") are compared with their number.
  const ofBounds = new Set(quantities.flatMap((quantity) => quantity.boundWords))
  return statement.words
    .filter((word) => !ofBounds.has(word))
    .flatMap((word) =>
      groups.flatMap((sides, group) =>
        sides.flatMap((side, place) =>
          side.has(word.lower) || side.has(word.term) ? [{ word, group, side: place }] : [],
        ),
      ),
    )
}

/** @param contributing the clauses of the source that the claim takes its words from */
export function turnsOpposite(
  claim: ClaimedStatement,
  source: ClaimedStatement,
  contributing: readonly Clause[],
): boolean {
  const said = oppositionsOf(claim)
  const stated = oppositionsOf(source)
  const near = new Set(contributing.map(({ group }) => group))
  const isNear = ({ word }: Opposition): boolean => near.has(source.statement.clauses[word.clause]?.group ?? -1)
  return said.some((claimed) => {
    const inGroup = stated.filter((other) => other.group === claimed.group && isNear(other))
    const same = inGroup.filter((other) => other.side === claimed.side)
    const opposite = inGroup.filter((other) => other.side !== claimed.side)
    if (opposite.length === 0) return false
    if (same.length === 0) {
      // "Read and write" is not turned round by a source that says "read": it says that itself.
      const own = said.filter((other) => other.group === claimed.group && other.side !== claimed.side)
      return opposite.length > own.length
    }
    const hasHead = (places: readonly Opposition[]): boolean =>
      places.some((other) => isSameHead(claim.statement, claimed.word, source.statement, other.word))
    if (hasHead(same) !== hasHead(opposite)) return hasHead(opposite)
    // Where both texts say both, it is for the roles to tell which is which.
    if (said.some((other) => other.group === claimed.group && other.side !== claimed.side)) return false
    const best = (places: readonly Opposition[]): number =>
      Math.max(
        ...places.map(({ word }) =>
          sharedCompany(claim.statement, placeOf(claimed.word), source.statement, placeOf(word)),
        ),
      )
    return best(opposite) > best(same) + margin
  })
}

/** What speaks for the other side must outweigh chance: one word in the same segment does not. */
const margin = 3

const placeOf = (word: Word) => ({ word, words: [word] })

/** The word it stands before decides ("older versions", "newer logs"), or the subject that it is said of. */
function isSameHead(claim: Statement, claimed: Word, source: Statement, stated: Word): boolean {
  const left = headsOf(claim, claimed)
  const right = headsOf(source, stated)
  return [...left].some((term) => right.has(term))
}

function headsOf({ words, clauses }: Statement, word: Word): ReadonlySet<string> {
  if (word.partOfSpeech === 'noun' || word.partOfSpeech === 'name') return new Set()
  const before = words[word.index - 1]
  const isPredicate =
    word.partOfSpeech === 'adjective' && (before?.partOfSpeech === 'auxiliary' || before?.partOfSpeech === 'adverb')
  if (isPredicate) return clauses[word.clause]?.subject ?? new Set()
  const head = words
    .slice(word.index + 1, word.index + 4)
    .find((other) => other.isContent && other.segment === word.segment)
  return new Set(head?.terms)
}
