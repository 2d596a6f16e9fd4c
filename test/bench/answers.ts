// Search and extractive answers over 20,000 chunks, as a client of the endpoint sees them: one request after the other, search over HTTP with
// a kept connection, answers over one WebSocket. The platform has nothing else to do.
//
//   node test/bench/answers.ts [--requests 200] [--chunks 20000] [--cpu-profile DIRECTORY]
import { rm } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import type { TestClient } from '../harness/client.ts'
import { CORPUS_CHUNKS } from './corpus/cache.ts'
import { LARGE_KNOWLEDGE_BASE, largeKnowledgeBase } from './corpus/large-knowledge-base.ts'
import { corpusQuestions } from './corpus/questions.ts'
import { printFigures, warnWhenBusy } from './figures.ts'
import { startPlatform } from './standalone.ts'

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '200' },
    chunks: { type: 'string', default: String(CORPUS_CHUNKS) },
    'cpu-profile': { type: 'string' },
  },
})
const requests = Number(values.requests)
const WARM_UP = 10

const SEARCH = `query ($id: ID!, $query: String!) {
  knowledgeBase(id: $id) { search(query: $query, first: 10, mode: HYBRID) {
    mode durationMs hits { score chunk { id text document { id title } } } } } }`
const ANSWER = `subscription ($input: AnswerInput!) { answerStream(input: $input) {
    __typename
    ... on AnswerDelta { text }
    ... on AnswerCompleted { answer { verdict citations { isVerified } timings { retrievalMs firstTokenMs totalMs } } }
    ... on AnswerFailed { code message } } }`

const dataDirectory = await largeKnowledgeBase(Number(values.chunks))
const questions = await corpusQuestions(requests + WARM_UP)
const profile = values['cpu-profile']
const nodeArguments = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`]
await warnWhenBusy()
const platform = await startPlatform({ dataDirectory, nodeArguments })
try {
  const { client } = platform
  const { knowledgeBases } = await client.query(
    'query ($name: String!) { knowledgeBases(filter: { name: $name }) { nodes { id chunkCount documentCount } } }',
    { name: LARGE_KNOWLEDGE_BASE },
  )
  const [{ id, chunkCount, documentCount }] = knowledgeBases.nodes
  console.log(`${chunkCount} chunks of ${documentCount} documents, ${requests} requests of each kind`)
  const warmUp = questions.slice(0, WARM_UP)
  const measured = questions.slice(WARM_UP)
  await search(client, id, warmUp)
  const found = await search(client, id, measured)
  await ask(client, id, warmUp)
  const answered = await ask(client, id, measured)
  const of = <Row>(rows: readonly Row[], name: keyof Row) => rows.map((row) => row[name] as number)
  printFigures('search and answers', [
    {
      name: 'hybrid search, at the endpoint',
      unit: 'ms',
      values: of(found, 'clientMs'),
      target: { of: 'p95', atMost: 100 },
    },
    { name: '  of it, as the server reports', unit: 'ms', values: of(found, 'durationMs') },
    {
      name: 'first AnswerDelta, at the endpoint',
      unit: 'ms',
      values: of(answered, 'firstDeltaMs'),
      target: { of: 'p95', atMost: 300 },
    },
    { name: '  of it retrieval, as the server reports', unit: 'ms', values: of(answered, 'retrievalMs') },
    { name: '  until its delta was stored', unit: 'ms', values: of(answered, 'serverFirstDeltaMs') },
    { name: 'whole answer, at the endpoint', unit: 'ms', values: of(answered, 'totalMs') },
    { name: 'resident memory afterwards', unit: 'MiB', values: [await platform.residentMib()] },
  ])
  const verdicts = Object.entries(Object.groupBy(answered, ({ verdict }) => verdict))
  console.log(`\nVerdicts: ${verdicts.map(([verdict, rows]) => `${verdict} ${rows!.length}`).join(', ')}`)
} finally {
  await platform.close()
  await rm(dataDirectory, { recursive: true, force: true })
}

async function search(client: TestClient, id: string, asked: readonly string[]) {
  const rows: { clientMs: number; durationMs: number }[] = []
  for (const query of asked) {
    const startedAt = performance.now()
    const { knowledgeBase } = await client.query(SEARCH, { id, query })
    const clientMs = performance.now() - startedAt
    const { mode, durationMs, hits } = knowledgeBase.search
    if (mode !== 'HYBRID' || hits.length === 0) throw new Error(`${mode} search with ${hits.length} hits: ${query}`)
    rows.push({ clientMs, durationMs })
  }
  return rows
}

async function ask(client: TestClient, id: string, asked: readonly string[]) {
  const rows = []
  for (const question of asked) {
    const startedAt = performance.now()
    let firstDeltaMs: number | undefined
    for await (const { data, errors } of client.subscribe(ANSWER, {
      input: { question, knowledgeBaseIds: [id], mode: 'EXTRACTIVE' },
    })) {
      const event = data?.answerStream
      if (errors || event.__typename === 'AnswerFailed') throw new Error(JSON.stringify(errors ?? event))
      if (event.__typename === 'AnswerDelta') firstDeltaMs ??= performance.now() - startedAt
      if (event.__typename !== 'AnswerCompleted') continue
      const { verdict, timings } = event.answer
      rows.push({
        firstDeltaMs: firstDeltaMs!,
        totalMs: performance.now() - startedAt,
        retrievalMs: timings.retrievalMs as number,
        serverFirstDeltaMs: timings.firstTokenMs as number,
        verdict: verdict as string,
      })
    }
  }
  return rows
}
