/**
 * Asks a question set in process: chunks, searches, gathers evidence and composes with the real domain functions, over
 * document contents extracted before (a folder of `<document id>.json`, the shape of contracts/document-content.ts).
 *
 *   TRIBUTARY_BENCH_MODELS=DIR node test/bench/questions/in-process.ts QUESTIONS.jsonl CONTENT_DIR [--no-rerank | --lexical] [--verbose]
 */
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { DocumentContent } from '../../../subgraphs/knowledge/domain/chunk-document.ts'
import { composeExtractiveAnswer } from '../../../subgraphs/knowledge/domain/compose-extractive-answer.ts'
import { gatherEvidence } from '../../../subgraphs/knowledge/domain/gather-evidence.ts'
import { createInMemorySearch } from './in-memory-search.ts'
import { openLocalModels } from './local-models.ts'
import { formatFigures, judge, scoreAnswers } from './score-answers.ts'
import type { GivenAnswer, TestQuestion } from './score-answers.ts'

const [questionFile, contentFolder, ...flags] = process.argv.slice(2)
const modelFolder = process.env['TRIBUTARY_BENCH_MODELS']
if (questionFile === undefined || contentFolder === undefined || modelFolder === undefined) {
  throw new Error(
    'usage: TRIBUTARY_BENCH_MODELS=DIR node in-process.ts QUESTIONS.jsonl CONTENT_DIR [--no-rerank | --lexical] [--verbose]',
  )
}
const questions = readFileSync(questionFile, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as TestQuestion)
const documents = readdirSync(contentFolder)
  .filter((name) => name.endsWith('.json'))
  .sort()
  .map((name) => ({
    id: name.slice(0, -5),
    content: JSON.parse(readFileSync(join(contentFolder, name), 'utf8')) as DocumentContent,
  }))
const contents = new Map(documents.map(({ id, content }) => [id, content]))
const models = await openLocalModels(modelFolder)
const index = await createInMemorySearch(documents, models.embedCached)
console.log(
  `${String(documents.length)} documents, ${String(index.chunkCount)} chunks, ${String(questions.length)} questions`,
)

const answers: GivenAnswer[] = []
for (const question of questions) {
  const started = performance.now()
  const chunks = await index.search(question.question)
  const evidence = await gatherEvidence({
    question: question.question,
    chunks,
    embed: flags.includes('--lexical') ? undefined : models.embed,
    rerank: flags.includes('--no-rerank') || flags.includes('--lexical') ? undefined : models.rerank,
    signal: AbortSignal.timeout(30_000),
  })
  const composed = composeExtractiveAnswer(evidence)
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
  if (flags.includes('--verbose')) {
    const outcome = judge(question, answer)
    console.log(
      `\n${outcome.right ? 'RIGHT' : 'WRONG'} ${question.id} ${question.kind} p=${evidence.probability.toFixed(2)} ${composed.verdict}${question.answerable && !outcome.inSources ? ' (not in sources)' : ''}\n  Q ${question.question}\n  E ${question.expected.join(' | ')}  «${question.quote.slice(0, 140)}»`,
    )
    console.log(`  A ${answer.text}`)
    for (const passage of evidence.passages.slice(0, 3)) {
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
