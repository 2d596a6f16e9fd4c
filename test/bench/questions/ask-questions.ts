/**
 * The whole of it, as a user does it: starts the platform on an empty data directory, ingests the documents of a question
 * set with `tributary ingest`, asks its questions through the subscription, and prints the figures by kind.
 *
 *   node test/bench/questions/ask-questions.ts [--set questions-debian] [--mode EXTRACTIVE] [--verbose]
 */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { ADMIN_API_KEY, repositoryRoot, testEnvironment } from '../../harness/environment.ts'
import { printFigures, warnWhenBusy } from '../figures.ts'
import { startPlatform } from '../standalone.ts'
import { askEndpoint } from './ask-endpoint.ts'
import { questionDocuments, readQuestions } from './documents.ts'
import { formatFigures, judge, scoreAnswers } from './score-answers.ts'

const KNOWLEDGE_BASE = 'Questions'

const { values: flags } = parseArgs({
  options: {
    set: { type: 'string', default: 'questions-debian' },
    mode: { type: 'string', default: 'EXTRACTIVE' },
    verbose: { type: 'boolean', default: false },
  },
})
const questions = await readQuestions(flags.set)
const documents = await questionDocuments(flags.set)
await warnWhenBusy()
const root = await mkdtemp(path.join(os.tmpdir(), 'tributary-questions-'))
const platform = await startPlatform({ dataDirectory: path.join(root, 'data') })
try {
  const startedAt = performance.now()
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['bin/tributary.js', 'ingest', documents, '--knowledge-base', KNOWLEDGE_BASE, '--wait'],
    {
      cwd: repositoryRoot,
      env: testEnvironment({ TRIBUTARY_URL: platform.url, TRIBUTARY_API_KEY: ADMIN_API_KEY }),
      maxBuffer: 16 * 1024 * 1024,
    },
  )
  console.log(stdout.trimEnd())
  console.log(`ingested in ${((performance.now() - startedAt) / 1000).toFixed(0)} s\n`)
  const answers = await askEndpoint({
    url: platform.url,
    apiKey: ADMIN_API_KEY,
    knowledgeBaseName: KNOWLEDGE_BASE,
    questions,
    mode: flags.mode === 'GENERATIVE' ? 'GENERATIVE' : 'EXTRACTIVE',
    onAnswer(question, answer) {
      if (!flags.verbose) return
      const { right } = judge(question, answer)
      console.log(`${right ? 'RIGHT' : 'WRONG'} ${question.id} ${question.kind} ${answer.verdict}`)
      console.log(`  Q ${question.question}\n  E ${question.expected.join(' | ')}\n  A ${answer.text}`)
    },
  })
  const { kinds, falseQuotes } = scoreAnswers(questions, answers)
  console.log(`${formatFigures(kinds)}\n`)
  console.log(`verified quotes that differ from the stored text: ${String(falseQuotes)}`)
  const firstDeltas = answers.flatMap(({ firstDeltaMs }) => firstDeltaMs ?? [])
  printFigures(`${flags.set}, asked one after the other`, [
    { name: 'first AnswerDelta, at the endpoint', unit: 'ms', values: firstDeltas },
  ])
} finally {
  await platform.close()
  await rm(root, { recursive: true, force: true })
}
