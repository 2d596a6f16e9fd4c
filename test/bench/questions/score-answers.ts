/** Scores answers as the question sets' README says, by kind. Pure: it neither asks nor reads files. */

export type TestQuestion = {
  id: string
  question: string
  kind: string
  answerable: boolean
  /** Any of these in the answer, ignoring case, makes it right. */
  expected: readonly string[]
  /** The strict score also asks for one string of every group. */
  expectedAll?: readonly (readonly string[])[]
  documentIds: readonly string[]
  quote: string
  passages?: readonly { documentId: string; quote: string; part: number }[]
}

export type GivenAnswer = {
  questionId: string
  verdict: string
  text: string
  citations: readonly { documentId: string; quote: string; storedText: string; isVerified: boolean }[]
  /** Texts of the chunks returned as sources, best first. */
  sourceTexts: readonly string[]
  /** Milliseconds from the question to the first words; null when not measured. */
  firstDeltaMs: number | null
}

export type KindFigures = {
  kind: string
  count: number
  /** Answerable: an expected string is in the answer and a verified citation is of the right document. Otherwise: NOT_IN_DOCUMENTS. */
  right: number
  /** As `right`, with every group of `expectedAll`. */
  strict: number
  /** The expected string is in the answer, whatever is cited. */
  contained: number
  /** A verified quote overlaps an expected passage. */
  passageCited: number
  /** An expected string is in one of the sources. */
  inSources: number
  /** Answerable questions that were refused. */
  refused: number
}

export function scoreAnswers(
  questions: readonly TestQuestion[],
  answers: readonly GivenAnswer[],
): { kinds: KindFigures[]; falseQuotes: number } {
  const byId = new Map(answers.map((answer) => [answer.questionId, answer]))
  const kinds = new Map<string, KindFigures>()
  let falseQuotes = 0
  for (const question of questions) {
    const answer = byId.get(question.id)
    if (answer === undefined) continue
    falseQuotes += answer.citations.filter(
      (citation) => citation.isVerified && citation.quote !== citation.storedText,
    ).length
    const outcome = judge(question, answer)
    for (const kind of [question.kind, question.answerable ? 'ANSWERABLE' : 'NOT ANSWERABLE']) {
      const figures = kinds.get(kind) ?? {
        kind,
        count: 0,
        right: 0,
        strict: 0,
        contained: 0,
        passageCited: 0,
        inSources: 0,
        refused: 0,
      }
      kinds.set(kind, figures)
      figures.count += 1
      for (const key of ['right', 'strict', 'contained', 'passageCited', 'inSources', 'refused'] as const)
        figures[key] += outcome[key] ? 1 : 0
    }
  }
  return {
    kinds: [...kinds.values()].sort(
      (left, right) =>
        Number(/^[A-Z]/u.test(left.kind)) - Number(/^[A-Z]/u.test(right.kind)) || left.kind.localeCompare(right.kind),
    ),
    falseQuotes,
  }
}

export type Outcome = {
  right: boolean
  strict: boolean
  contained: boolean
  passageCited: boolean
  inSources: boolean
  refused: boolean
}

export function judge(question: TestQuestion, answer: GivenAnswer): Outcome {
  const isRefusal = answer.verdict === 'NOT_IN_DOCUMENTS'
  if (!question.answerable) {
    const isSilent = isRefusal && answer.citations.length === 0
    return {
      right: isSilent,
      strict: isSilent,
      contained: false,
      passageCited: false,
      inSources: false,
      refused: isRefusal,
    }
  }
  const verified = answer.citations.filter((citation) => citation.isVerified)
  const isCited = verified.some((citation) => question.documentIds.includes(citation.documentId))
  const contained = !isRefusal && holdsAny(answer.text, question.expected)
  const passages = passagesOf(question)
  return {
    contained,
    right: contained && isCited,
    strict: contained && isCited && (question.expectedAll ?? []).every((group) => holdsAny(answer.text, group)),
    passageCited: verified.some((citation) =>
      passages.some((passage) => passage.documentId === citation.documentId && overlaps(passage.quote, citation.quote)),
    ),
    inSources: answer.sourceTexts.some((text) => holdsAny(text, question.expected)),
    refused: isRefusal,
  }
}

/** As `holdsAny`; a short expected string also needs words of the expected passage around it, or it could be there by chance. */
export function holdsExpected(question: TestQuestion, text: string): boolean {
  if (!holdsAny(text, question.expected)) return false
  if (question.expected.some((string) => string.length >= 6 && holdsAny(text, [string]))) return true
  return passagesOf(question).some((passage) => overlaps(passage.quote, text))
}

function passagesOf(question: TestQuestion): readonly { documentId: string; quote: string }[] {
  return question.passages ?? question.documentIds.map((documentId) => ({ documentId, quote: question.quote }))
}

/** Ignoring case and white space; a string of digits only must not be part of a longer number. */
export function holdsAny(text: string, expected: readonly string[]): boolean {
  const flat = normalise(text)
  return expected.some((string) => {
    const wanted = normalise(string)
    if (!/^\d+$/u.test(wanted)) return flat.includes(wanted)
    return new RegExp(`(?<![\\d.,])${wanted}(?![\\d])(?!\\.\\d)`, 'u').test(flat)
  })
}

function overlaps(left: string, right: string): boolean {
  const words = (text: string): string[] =>
    normalise(text)
      .replace(/[*_`"“”'’|]/gu, '')
      .split(' ')
  const wanted = words(left)
  const given = ` ${words(right).join(' ')} `
  const size = Math.min(5, wanted.length)
  return wanted.some(
    (_, start) => start + size <= wanted.length && given.includes(` ${wanted.slice(start, start + size).join(' ')} `),
  )
}

function normalise(text: string): string {
  return text.toLowerCase().replace(/\s+/gu, ' ').trim()
}

export function formatFigures(kinds: readonly KindFigures[]): string {
  const share = (part: number, whole: number): string =>
    `${String(part)}/${String(whole)} ${String(Math.round((100 * part) / Math.max(1, whole)))} %`
  const rows = kinds.map((row) => {
    const isAnswerable =
      row.inSources > 0 || row.contained > 0 || row.kind === 'ANSWERABLE' || !/answerable|miss/iu.test(row.kind)
    return `| ${row.kind} | ${share(row.right, row.count)} | ${isAnswerable ? `${share(row.strict, row.count)} | ${share(row.passageCited, row.count)} | ${share(row.inSources, row.count)} | ${share(row.refused, row.count)}` : '– | – | – | –'} |`
  })
  return [
    '| kind | right | strict | passage cited | in sources | refused |',
    '|---|---|---|---|---|---|',
    ...rows,
  ].join('\n')
}
