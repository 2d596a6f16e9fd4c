/**
 * Asks a question set through the endpoint of a running platform, as a client does: `answerStream` over graphql-ws, one
 * question after the other. The documents were ingested before, from files named `<document id>.<extension>`.
 */
import { createClient } from 'graphql-ws'
import WebSocket from 'ws'
import type { GivenAnswer, TestQuestion } from './score-answers.ts'

type Cited = {
  quote: string
  isVerified: boolean
  span: { startOffset: number; endOffset: number }
  document: { id: string; ingestionItem: { name: string } | null } | null
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
              ingestionItem {
                name
              }
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

export interface AskEndpointOptions {
  /** Of the GraphQL endpoint. */
  url: string
  apiKey: string
  knowledgeBaseName: string
  questions: readonly TestQuestion[]
  mode: 'EXTRACTIVE' | 'GENERATIVE'
  onAnswer?: (question: TestQuestion, answer: GivenAnswer) => void
}

export async function askEndpoint(options: AskEndpointOptions): Promise<GivenAnswer[]> {
  const { url, apiKey, knowledgeBaseName, questions, mode, onAnswer } = options
  const authorization = `Bearer ${apiKey}`

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
      query<{ document: { text: string | null } | null }>(documentText, { id }).then(
        (data) => data.document?.text ?? '',
      )
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
            documentId: documentIdOf(document),
            quote,
            isVerified,
            storedText:
              document === null ? '' : (await storedText(document.id)).slice(span.startOffset, span.endOffset),
          })),
        ),
        sourceTexts: sources.flatMap((source) => (source.chunk === null ? [] : [source.chunk.text])),
        firstDeltaMs,
      }
    }
    throw new Error('the stream ended without an answer')
  }

  const answers: GivenAnswer[] = []
  for (const question of questions) {
    const answer = await ask(question)
    answers.push(answer)
    onAnswer?.(question, answer)
  }
  await client.dispose()
  return answers
}

/** A file `<document id>.<extension>` is known by the name under which it was ingested. */
function documentIdOf(document: Cited['document']): string {
  return (document?.ingestionItem?.name ?? '').replace(/\.[a-z]+$/iu, '')
}
