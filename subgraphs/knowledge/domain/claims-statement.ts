/**
 * A text read for comparison: its words cut into clauses, each with the subject it speaks of. What is said in one clause is
 * said of that clause's subject; a clause without a subject of its own ("… and logs to a file", "it takes …") speaks of
 * the one before it.
 */
import { unitOf } from './claims-units.ts'
import { createTagger, hasFiniteVerb, hasVerb, isNominal, predicateStart, readWords } from './claims-words.ts'
import type { Tagger, Word } from './claims-words.ts'

export type Clause = {
  index: number
  words: readonly Word[]
  /** The word it is joined on with ("and", "if", "which"), or null. */
  connector: string | null
  /** Whether it only says when, why or on what condition its neighbour holds. */
  isSubordinate: boolean
  /** Terms of what it speaks of; of the clause before where it has no subject of its own. */
  subject: ReadonlySet<string>
  hasOwnSubject: boolean
  /** Content terms of its words and of its subject. */
  terms: ReadonlySet<string>
  /** `terms`, what its pronouns may stand for, and what the sentence says before its first comma or colon. */
  reach: ReadonlySet<string>
  /** Counts main clauses with a subject of their own: the clauses that hang on one belong to its group. */
  group: number
}

export type Statement = { text: string; words: readonly Word[]; clauses: readonly Clause[]; terms: ReadonlySet<string> }

export type ReadStatement = (text: string) => Statement

const coordinators = new Set('and or but nor yet so while whereas whilst although though'.split(' '))
const subordinators = new Set(
  'if when whenever whether because since until till unless once before after as which who whom whose where'.split(' '),
)
const relatives = new Set('which who whom whose where'.split(' '))
const pronounSubjects = new Set(
  'it they this these those he she which who what there its one both others such'.split(' '),
)
const someone = /^(?:every|some|any|no)(?:one|body|thing)$/u
/** "5 or less", "1.4 and older": they join no clause. */
const ofComparison = new Set(
  'less more fewer greater later newer older earlier better higher lower below above up equal'.split(' '),
)
/** Texts per vocabulary: wink-nlp keeps every new word for as long as a tagger lives. */
const textsPerTagger = 2000

/** A reader has state: it belongs to whoever made it. */
export function createStatementReader(): ReadStatement {
  let tagger: Tagger | null = null
  let readTexts = 0
  return (text) => {
    // Made when it is first needed: it takes a tenth of a second, and most processes never verify a sentence.
    if (tagger === null || readTexts >= textsPerTagger) {
      tagger = createTagger()
      readTexts = 0
    }
    readTexts += 1
    return readStatement(text, tagger)
  }
}

/** References that say nothing: "(see Section 5)". Blanks of the same length keep the offsets. */
const reference = /\((?:see|cf\.?)\s[^()]*\)/giu

function readStatement(text: string, tagger: Tagger): Statement {
  const words = readWords(
    text.replace(reference, (match) => ' '.repeat(match.length)),
    tagger,
  )
  const clauses = linkClauses(joinPieces(cutPieces(text, words)), text)
  return { text, words, clauses, terms: new Set(contentOf(words)) }
}

type Piece = {
  words: Word[]
  connector: string | null
  /** It begins after a full stop, a semicolon, a colon or a dash. */
  isHard: boolean
  isSentence: boolean
  /** It stands in brackets, or goes on behind them. */
  isInserted: boolean
  hasComma: boolean
}

/** Pieces lie between commas, brackets and conjunctions. */
function cutPieces(text: string, words: readonly Word[]): Piece[] {
  const pieces: Piece[] = []
  let segment = 0
  let host: number | null = null
  for (const [index, word] of words.entries()) {
    const gap = text.slice(words[index - 1]?.endOffset ?? 0, word.startOffset)
    const isSentence = index === 0 || /[.!?](?:\s|["”’)\]])/u.test(gap)
    const isHard = index > 0 && /[;:!?.](?:\s|["”’)\]])|[—–]/u.test(gap)
    const isJoined =
      (coordinators.has(word.lower) && !isComparison(words, index) && !isBetweenVerbs(words, index)) ||
      (subordinators.has(word.lower) && word.partOfSpeech !== 'noun')
    if (index === 0 || isHard || isJoined || /[,()]/u.test(gap)) {
      const isResumed = /\)[^,;:]*$/u.test(gap) && !isHard && !isJoined
      if (/\)/u.test(gap)) host = null
      if (/\(/u.test(gap)) host = segment
      if (index > 0) segment += 1
      const connector = isJoined ? word.lower : null
      pieces.push({
        words: [],
        connector,
        isHard,
        isSentence,
        isInserted: host !== null || isResumed,
        hasComma: gap.includes(','),
      })
    }
    word.segment = segment
    word.hostSegment = host
    pieces.at(-1)?.words.push(word)
  }
  return pieces
}

/** "5 or less", "1.4 and older", not "and older versions are …". */
function isComparison(words: readonly Word[], index: number): boolean {
  const [next, after] = words.slice(index + 1)
  const isNumber = words.slice(Math.max(0, index - 2), index).some((word) => word.partOfSpeech === 'number')
  return ofComparison.has(next?.lower ?? '') && (isNumber || after?.lower === 'than')
}

/** "Guarantee or improve", "suspended or resumed": one predicate of two verbs. */
function isBetweenVerbs(words: readonly Word[], index: number): boolean {
  const isPlainVerb = (word: Word | undefined): boolean => word?.partOfSpeech === 'verb'
  return isPlainVerb(words[index - 1]) && isPlainVerb(words[index + 1])
}

/** A piece without a verb of its own belongs to the clause beside it. */
function joinPieces(pieces: readonly Piece[]): Piece[] {
  const joined: Piece[] = []
  for (const piece of withInsertions(pieces)) {
    const current = joined.at(-1)
    const isLink = piece.connector !== null && subordinators.has(piece.connector)
    const isClause = isLink ? hasVerb(piece.words) : hasFiniteVerb(piece.words)
    const isNew =
      current === undefined ||
      piece.isHard ||
      (hasPredicate(current) && isClause) ||
      isGapped(current.words, piece.words)
    if (isNew) {
      joined.push({ ...piece, words: [...piece.words] })
      continue
    }
    // "Before the release, the file is read": a phrase, no clause of its own.
    if (!hasPredicate(current)) current.connector = isLink ? piece.connector : null
    current.words.push(...piece.words)
  }
  return joined
}

/** What stands in brackets belongs to the piece around it. */
function withInsertions(pieces: readonly Piece[]): Piece[] {
  const whole: Piece[] = []
  for (const piece of pieces) {
    const around = whole.at(-1)
    if (piece.isInserted && around !== undefined) around.words.push(...piece.words)
    else whole.push({ ...piece, words: [...piece.words] })
  }
  return whole
}

/** A subordinate clause may do with any verb ("before writing it"); "at the start of filtering" is a phrase. */
function hasPredicate({ words, connector }: Piece): boolean {
  return subordinators.has(connector ?? '') ? hasVerb(words) : hasFiniteVerb(words)
}

/** "Alpha takes 5 minutes and Beta 10", "Alice works in Paris and Bob in Berlin": a new subject, the verb left out. */
function isGapped(current: readonly Word[], piece: readonly Word[]): boolean {
  if (!hasVerb(current) || hasVerb(piece)) return false
  const hasNumber = (words: readonly Word[]): boolean => words.some((word) => word.partOfSpeech === 'number')
  const isGovernor = (word: Word): boolean => word.partOfSpeech === 'preposition'
  const first = piece.find((word) => word.isContent || word.partOfSpeech === 'number')
  if (first === undefined || first.partOfSpeech === 'number') return false
  if (piece.slice(0, piece.indexOf(first)).some(isGovernor)) return false
  if (hasNumber(current) && hasNumber(piece)) return true
  const isNamed = (word: Word | undefined): boolean =>
    word !== undefined && word.partOfSpeech === 'name' && /^\p{Lu}/u.test(word.surface)
  return isNamed(first) && piece.some(isGovernor) && isNamed(current.find((word) => word.isContent))
}

function linkClauses(pieces: readonly Piece[], text: string): Clause[] {
  const clauses: Clause[] = []
  let group = -1
  let shared: string[] = []
  for (const [index, piece] of pieces.entries()) {
    const previous = clauses.at(-1)
    const own = subjectOf(piece.words)
    const hasOwnSubject = own.size > 0
    const isFronted = !piece.isHard && isFrontedIn(clauses, group)
    const isSubordinate = isSubordinateTo(piece, previous, hasOwnSubject, isFronted)
    const isContinued = previous !== undefined && !hasOwnSubject && coordinators.has(piece.connector ?? '')
    // "If …, …": a subordinate clause that comes first belongs to the next one.
    if (previous === undefined || piece.isHard || !(isSubordinate || isFronted || isContinued)) group += 1
    const inherited = relatives.has(piece.connector ?? '') ? antecedentOf(previous) : previous?.subject
    const subject = hasOwnSubject ? own : (inherited ?? new Set<string>())
    const carried = previous !== undefined && !hasVerb(piece.words) ? verbTerms(previous.words) : []
    if (piece.isSentence) shared = []
    const terms = new Set([...contentOf(piece.words), ...subject, ...carried])
    for (const word of piece.words) word.clause = index
    clauses.push({
      index,
      words: piece.words,
      connector: piece.connector,
      isSubordinate,
      subject,
      hasOwnSubject,
      terms,
      reach: new Set([...terms, ...meantBy(piece, previous), ...shared]),
      group,
    })
    shared.push(...contentOf(leadingIn(piece, text)))
  }
  return clauses
}

function isSubordinateTo(
  piece: Piece,
  previous: Clause | undefined,
  hasOwnSubject: boolean,
  isFronted: boolean,
): boolean {
  const { connector } = piece
  if (connector === null) return false
  if (subordinators.has(connector)) return true
  if (previous?.isSubordinate !== true || !/^(?:and|or|but)$/u.test(connector)) return false
  // "…, which is fast, but only …", "if A happens and B follows, …": it goes on with the subordinate clause.
  return !hasOwnSubject || (isFronted && !piece.hasComma)
}

/** All clauses of the group so far are subordinate, so its main clause is still to come. */
function isFrontedIn(clauses: readonly Clause[], group: number): boolean {
  const members = clauses.filter((clause) => clause.group === group)
  return members.length > 0 && members.every((clause) => clause.isSubordinate)
}

/** What a pronoun in the clause may stand for: the nouns of the clause before it. */
function meantBy({ words }: Piece, previous: Clause | undefined): string[] {
  const hasPronoun = words.some((word) => /^(?:it|its|they|them|their)$/u.test(word.lower))
  return hasPronoun && previous !== undefined ? contentOf(previous.words.filter(isNominal)) : []
}

/** "For most packages, the name is short and …", "The names are: …": what holds for all that follows in the sentence. */
function leadingIn({ words }: Piece, text: string): readonly Word[] {
  const first = words[0]
  const last = words.at(-1)
  if (first === undefined || last === undefined) return []
  if (/^\s*:/u.test(text.slice(last.endOffset))) return words
  const end = words.findIndex((word) => word.segment !== first.segment)
  if (first.partOfSpeech !== 'preposition' || end === -1 || hasVerb(words.slice(0, end))) return []
  return words.slice(0, end)
}

/** Terms of the words before the verb that no preposition governs; empty when a pronoun or nothing stands there. */
function subjectOf(words: readonly Word[]): Set<string> {
  const verb = predicateStart(words)
  const before = verb === -1 ? words : words.slice(0, verb)
  const subject = new Set<string>()
  let isGoverned = false
  for (const [index, word] of before.entries()) {
    if (word.segment !== before[index - 1]?.segment && subject.size === 0) isGoverned = false
    if (word.partOfSpeech === 'preposition') isGoverned = true
    if (pronounSubjects.has(word.lower) && subject.size === 0 && word.partOfSpeech !== 'determiner') return new Set()
    // "Every day the servers …": no subject.
    const isTime =
      unitOf(word.lower, false)?.dimension === 'time' || unitOf(word.lower, false)?.dimension === 'calendar'
    const isThing =
      someone.test(word.lower) ||
      (isNominal(word) && word.partOfSpeech !== 'number' && !ofComparison.has(word.lower) && !isTime)
    if (!isGoverned && word.isContent && isThing) for (const term of word.terms) subject.add(term)
  }
  return subject
}

/** The last noun phrase of the clause that a relative clause follows. */
function antecedentOf(previous: Clause | undefined): Set<string> | undefined {
  const words = previous?.words ?? []
  const end = words.findLastIndex((word) => isNominal(word))
  let start = end
  while (start > 0 && isNominal(words[start - 1])) start -= 1
  return end === -1 ? undefined : new Set(contentOf(words.slice(start, end + 1)))
}

export function contentOf(words: readonly Word[]): string[] {
  return words.filter((word) => word.isContent).flatMap((word) => word.terms)
}

function verbTerms(words: readonly Word[]): string[] {
  return words.filter((word) => word.partOfSpeech === 'verb' && word.isContent).map((word) => word.term)
}
