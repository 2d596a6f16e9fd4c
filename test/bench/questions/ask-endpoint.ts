/**
 * Asks a question set through the real endpoint, as a client does: `answerStream` over graphql-ws, EXTRACTIVE, and
 * prints the figures by kind. The documents must have been ingested before, each under a title or source URI that ends
 * in its id (`tributary ingest DIR` with files named `<document id>.<format>` does that).
 *
 *   TRIBUTARY_URL=http://127.0.0.1:4000/graphql TRIBUTARY_API_KEY=… \
 *     node test/bench/questions/ask-endpoint.ts QUESTIONS.jsonl "KNOWLEDGE BASE NAME" [--mode EXTRACTIVE|GENERATIVE] [--verbose]
 */
import { readFileSync } from 'node:fs'
import { createClient } from 'graphql-ws'
import WebSocket from 'ws'
import { formatFigures, judge, scoreAnswers } from './score-answers.ts'
import type { GivenAnswer, TestQuestion } from './score-answers.ts'

type Cited = {
  quote: string
  isVerified: boolean
  span: { startOffset: number; endOffset: number }
  document: { id: string; title: string; sourceUri: string | null } | null
}
type AnswerView = {
  text: string
  verdict: string | null
  citations: Cited[]
  sources: { chunk: { text: string } | null }[]
  timings: { retrievalMs: number; firstTokenMs: number | null } | null
}
type Event =
  | { __typename: 'AnswerDelta'; text: string }
  | { __typename: 'AnswerCompleted'; answer: AnswerView }
  | { __typename: 'AnswerFailed'; code: string; message: string }
  | { __typename: 'AnswerStarted' | 'AnswerCited' }

const answerStream = /* GraphQL */ `
  subscription AskQuestion($input: AnswerInput!) {
    answerStream(input: $input) {
      __typename
      ... on AnswerDelta {
        text
      }
      ... on AnswerCompleted {
        answer {
          text
          verdict
          citations {
            quote
            isVerified
            span {
              startOffset
              endOffset
            }
            document {
              id
              title
              sourceUri
            }
          }
          sources {
            chunk {
              text
            }
          }
          timings {
            retrievalMs
            firstTokenMs
          }
        }
      }
      ... on AnswerFailed {
        code
        message
      }
    }
  }
`
const knowledgeBaseByName = /* GraphQL */ `
  query KnowledgeBaseByName($name: String!) {
    knowledgeBases(filter: { name: $name }) {
      nodes {
        id
        name
      }
    }
  }
`
const documentText = /* GraphQL */ `
  query DocumentText($id: ID!) {
    document(id: $id) {
      text
    }
  }
`

const [questionFile, knowledgeBaseName, ...flags] = process.argv.slice(2)
const url = process.env['TRIBUTARY_URL'] ?? 'http://127.0.0.1:4000/graphql'
const apiKey = process.env['TRIBUTARY_API_KEY']
if (questionFile === undefined || knowledgeBaseName === undefined || apiKey === undefined) {
  throw new Error(
    'usage: TRIBUTARY_URL=… TRIBUTARY_API_KEY=… node ask-endpoint.ts QUESTIONS.jsonl "KNOWLEDGE BASE NAME"',
  )
}
const mode = flags[flags.indexOf('--mode') + 1] === 'GENERATIVE' ? 'GENERATIVE' : 'EXTRACTIVE'
const authorization = `Bearer ${apiKey}`
const questions = readFileSync(questionFile, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as TestQuestion)

async function query<Data>(document: string, variables: Record<string, unknown>): Promise<Data> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization },
    body: JSON.stringify({ query: document, variables }),
    signal: AbortSignal.timeout(60_000),
  })
  const body = (await response.json()) as { data?: Data; errors?: { message: string }[] }
  if (body.data === undefined || body.errors !== undefined)
    throw new Error(body.errors?.map((error) => error.message).join('; ') ?? `HTTP ${String(response.status)}`)
  return body.data
}

const { knowledgeBases } = await query<{ knowledgeBases: { nodes: { id: string; name: string }[] } }>(
  knowledgeBaseByName,
  { name: knowledgeBaseName },
)
const knowledgeBase = knowledgeBases.nodes.find((node) => node.name === knowledgeBaseName)
if (knowledgeBase === undefined) throw new Error(`no knowledge base named ${knowledgeBaseName}`)

const client = createClient({
  url: url.replace(/^http/u, 'ws'),
  webSocketImpl: WebSocket,
  connectionParams: { Authorization: authorization },
  retryAttempts: 0,
})
const texts = new Map<string, Promise<string>>()
const storedText = (id: string): Promise<string> => {
  const text =
    texts.get(id) ??
    query<{ document: { text: string | null } | null }>(documentText, { id }).then((data) => data.document?.text ?? '')
  texts.set(id, text)
  return text
}

async function ask(question: TestQuestion): Promise<GivenAnswer> {
  const started = performance.now()
  let firstDeltaMs: number | null = null
  const events = client.iterate<{ answerStream: Event }>({
    query: answerStream,
    variables: { input: { question: question.question, knowledgeBaseIds: [knowledgeBase?.id], mode } },
  })
  for await (const result of events) {
    if (result.errors !== undefined) throw new Error(result.errors.map((error) => error.message).join('; '))
    const event = result.data?.answerStream
    if (event?.__typename === 'AnswerDelta') firstDeltaMs ??= performance.now() - started
    if (event?.__typename === 'AnswerFailed') throw new Error(`${event.code}: ${event.message}`)
    if (event?.__typename !== 'AnswerCompleted') continue
    const { text, verdict, citations, sources } = event.answer
    return {
      questionId: question.id,
      verdict: verdict ?? '',
      text,
      citations: await Promise.all(
        citations.map(async ({ quote, isVerified, span, document }) => ({
          documentId: documentIdOf(document, question.documentIds),
          quote,
          isVerified,
          storedText: document === null ? '' : (await storedText(document.id)).slice(span.startOffset, span.endOffset),
        })),
      ),
      sourceTexts: sources.flatMap((source) => (source.chunk === null ? [] : [source.chunk.text])),
      firstDeltaMs,
    }
  }
  throw new Error('the stream ended without an answer')
}

/** A file `<document id>.<format>` is known by its source URI or title. */
function documentIdOf(document: Cited['document'], wanted: readonly string[]): string {
  const names = [document?.sourceUri, document?.title].flatMap((name) =>
    name == null ? [] : [name.split('/').at(-1) ?? ''],
  )
  const stems = names.map((name) => name.replace(/\.[a-z]+$/iu, ''))
  return wanted.find((id) => stems.includes(id)) ?? stems[0] ?? ''
}

const answers: GivenAnswer[] = []
for (const question of questions) {
  const answer = await ask(question)
  answers.push(answer)
  if (flags.includes('--verbose')) {
    const outcome = judge(question, answer)
    console.log(
      `${outcome.right ? 'RIGHT' : 'WRONG'} ${question.id} ${question.kind} ${answer.verdict}\n  Q ${question.question}\n  E ${question.expected.join(' | ')}\n  A ${answer.text}`,
    )
  }
}
await client.dispose()
const { kinds, falseQuotes } = scoreAnswers(questions, answers)
const times = answers
  .flatMap((answer) => (answer.firstDeltaMs === null ? [] : [answer.firstDeltaMs]))
  .sort((left, right) => left - right)
const percentile = (share: number): string =>
  times[Math.min(times.length - 1, Math.floor(times.length * share))]?.toFixed(0) ?? '–'
console.log(`${formatFigures(kinds)}\n`)
console.log(
  `verified quotes that differ from the stored text: ${String(falseQuotes)}; first delta: p50 ${percentile(0.5)} ms, p95 ${percentile(0.95)} ms`,
)
