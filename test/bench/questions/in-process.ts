/**
 * Asks a question set in process: chunks, searches, gathers evidence and composes with the real domain functions and
 * models, with an exact search in memory instead of the store. For trying things; `ask-questions.ts` asks the platform.
 *
 *   node test/bench/questions/in-process.ts [--set questions-calibration] [--no-rerank | --lexical] [--always] [--verbose]
 *
 * `--always` refuses nothing: what the order of passages and the choice of sentences are worth by themselves.
 */
import { parseArgs } from 'node:util'
import { composeExtractiveAnswer } from '../../../subgraphs/knowledge/domain/compose-extractive-answer.ts'
import { gatherEvidence } from '../../../subgraphs/knowledge/domain/gather-evidence.ts'
import { questionContents, readQuestions } from './documents.ts'
import { createInMemorySearch } from './in-memory-search.ts'
import { openQuestionModels } from './models.ts'
import { formatFigures, judge, scoreAnswers } from './score-answers.ts'
import type { GivenAnswer } from './score-answers.ts'

const { values: flags } = parseArgs({
  options: {
    set: { type: 'string', default: 'questions-calibration' },
    'no-rerank': { type: 'boolean', default: false },
    lexical: { type: 'boolean', default: false },
    always: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
  },
})
const questions = await readQuestions(flags.set)
const documents = await questionContents(flags.set)
const contents = new Map(documents.map(({ id, content }) => [id, content]))
await using models = await openQuestionModels()
const index = await createInMemorySearch(documents, models.embed)
console.log(
  `${String(documents.length)} documents, ${String(index.chunkCount)} chunks, ${String(questions.length)} questions`,
)

const answers: GivenAnswer[] = []
for (const question of questions) {
  const started = performance.now()
  const found = await index.search(question.question)
  const chunks = flags.lexical ? found.map((chunk) => ({ ...chunk, denseRank: null, denseSimilarity: null })) : found
  const evidence = await gatherEvidence({
    question: question.question,
    chunks,
    rerank: flags['no-rerank'] || flags.lexical ? undefined : models.rerank,
    signal: AbortSignal.timeout(30_000),
  })
  const composed = composeExtractiveAnswer(flags.always ? { ...evidence, isInDocuments: true } : evidence)
  const answer: GivenAnswer = {
    questionId: question.id,
    verdict: composed.verdict,
    text: composed.sentences.map((sentence) => sentence.text).join(' '),
    citations: composed.sentences.map((sentence) => ({
      documentId: sentence.documentId,
      quote: sentence.quote,
      storedText: contents.get(sentence.documentId)?.text.slice(sentence.startOffset, sentence.endOffset) ?? '',
      isVerified: true,
    })),
    sourceTexts: evidence.sources.map((source) => source.chunk.text),
    firstDeltaMs: performance.now() - started,
  }
  answers.push(answer)
  if (flags.verbose) {
    const outcome = judge(question, answer)
    console.log(
      `\n${outcome.right ? 'RIGHT' : 'WRONG'} ${question.id} ${question.kind} p=${evidence.probability.toFixed(2)} ${composed.verdict}${question.answerable && !outcome.inSources ? ' (not in sources)' : ''}\n  Q ${question.question}\n  E ${question.expected.join(' | ')}  «${question.quote.slice(0, 140)}»`,
    )
    console.log(`  A ${answer.text}`)
    for (const passage of evidence.parts.flatMap(({ passages }) => passages.slice(0, 3))) {
      const features = Object.entries(passage.features).map(([name, value]) => `${name}=${value.toFixed(2)}`)
      console.log(
        `  P ${passage.share.toFixed(2)} [${passage.chunk.documentId}] ${passage.text.slice(0, 240)}\n      ${features.join(' ')}`,
      )
    }
  }
}
const { kinds, falseQuotes } = scoreAnswers(questions, answers)
const times = answers.map((answer) => answer.firstDeltaMs ?? 0).sort((left, right) => left - right)
const longest = Math.max(...answers.map((answer) => answer.text.length))
console.log(
  `\n${formatFigures(kinds)}\n\nverified quotes that differ from the stored text: ${String(falseQuotes)}; longest answer: ${String(longest)} characters; search, evidence and answer: p50 ${times[Math.floor(times.length / 2)]?.toFixed(0) ?? ''} ms, p95 ${times[Math.floor(times.length * 0.95)]?.toFixed(0) ?? ''} ms`,
)
