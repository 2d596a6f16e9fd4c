/**
 * The questions of a set as they are asked for fitting. Every answerable question is asked three times: over all documents;
 * with the chunks that hold its answer taken out, which makes a near-miss of the most faithful kind; and of the documents of
 * another set, which hold no answer and do not show it by the way it is asked.
 */
import { distinctChunks, passageForModel } from '../../../subgraphs/knowledge/domain/answer-passages.ts'
import { preparePassages, readChunks } from '../../../subgraphs/knowledge/domain/gather-evidence.ts'
import type { PreparedPassage } from '../../../subgraphs/knowledge/domain/gather-evidence.ts'
import { understandQuestion } from '../../../subgraphs/knowledge/domain/understand-question.ts'
import type { HiddenReading } from '../../../subgraphs/models/adapters/onnx-worker.ts'
import { questionContents, readQuestions } from './documents.ts'
import { createInMemorySearch } from './in-memory-search.ts'
import type { QuestionModels } from './models.ts'
import { holdsAny, holdsExpected } from './score-answers.ts'
import type { TestQuestion } from './score-answers.ts'

export interface AskedPassage extends PreparedPassage {
  isRight: boolean
  /** Which of its sentences are. */
  rightSentences: readonly boolean[]
  hidden?: HiddenReading
}

export interface AskedQuestion {
  question: TestQuestion
  kind: 'answerable' | 'removed' | 'outside' | 'near-miss'
  /** A document it is about: what is fitted on some documents is tried on others. */
  subject: string
  passages: AskedPassage[]
}

/** Chunks that are read of the result of a search: the default of gather-evidence.ts. */
const CHUNKS = 24
/** One in so many questions of the other set is asked here. */
const OUTSIDE_STEP = 5

export async function askAll(set: string, otherSet: string, models: QuestionModels): Promise<AskedQuestion[]> {
  const index = await createInMemorySearch(await questionContents(set), models.embed)
  const ask = async (question: TestQuestion, kind: AskedQuestion['kind']): Promise<AskedQuestion> => {
    const isExcluded = kind === 'removed' ? (text: string) => holdsAnswer(question, text) : undefined
    const found = await index.search(question.question, 40, isExcluded)
    const passages = preparePassages(understandQuestion(question.question), readChunks(distinctChunks(found, CHUNKS)))
    return {
      question,
      kind,
      subject: question.documentIds[0] ?? question.id,
      passages: passages.map((prepared) => {
        const { passage } = prepared.input
        const isRight =
          kind === 'answerable' &&
          question.documentIds.includes(passage.chunk.documentId) &&
          holdsExpected(question, passage.text)
        const rightSentences = passage.sentences.map(({ text }) => isRight && holdsAny(text, question.expected))
        return { ...prepared, isRight, rightSentences }
      }),
    }
  }
  const asked: AskedQuestion[] = []
  for (const question of await questionsOfOnePart(set)) {
    if (!question.answerable) {
      asked.push(await ask(question, question.kind === 'unanswerable' ? 'outside' : 'near-miss'))
      continue
    }
    asked.push(await ask(question, 'answerable'), await ask(question, 'removed'))
  }
  const others = (await questionsOfOnePart(otherSet)).filter(({ answerable }) => answerable)
  for (const [place, question] of others.entries()) {
    if (place % OUTSIDE_STEP === 0) asked.push(await ask(question, 'outside'))
  }
  return asked
}

/** Several parts are read each by itself, and which of them an expected string answers is not told. */
async function questionsOfOnePart(set: string): Promise<TestQuestion[]> {
  return (await readQuestions(set)).filter(({ question }) => understandQuestion(question).parts.length === 1)
}

/** Has the cross-encoder read the first so many passages. */
export async function readPassages(asked: AskedQuestion, limit: number, models: QuestionModels): Promise<void> {
  const passages = asked.passages.slice(0, limit)
  const texts = passages.map(({ input }) => passageForModel(input.passage))
  const readings = await models.readHidden(asked.question.question, texts)
  for (const [place, passage] of passages.entries()) {
    const hidden = readings[place]!
    passage.hidden = hidden
  }
}

/** The chunk holds the answer: an expected string that is telling enough, or five words in a row of the quote. */
function holdsAnswer(question: TestQuestion, text: string): boolean {
  if (question.expected.some((string) => string.length >= 5 && holdsAny(text, [string]))) return true
  const words = question.quote.toLowerCase().split(/\s+/u)
  const flat = text.toLowerCase().replace(/\s+/gu, ' ')
  return words.some((_, start) => start + 5 <= words.length && flat.includes(words.slice(start, start + 5).join(' ')))
}
