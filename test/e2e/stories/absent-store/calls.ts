// What clients ask of the platform while one of its stores is away, and how each call ends: answered, refused by a code that says that it may be
// tried again, or still waiting. Any other end is thrown.
import { HANDBOOK_QUESTIONS } from '../../../fixtures/handbook/handbook.ts'
import { ledgerDocument } from '../../../fixtures/ledger.ts'
import type { GraphResult, TestClient } from '../../../harness/client.ts'

export interface CallContext {
  client: TestClient
  bases: { handbook: string; ledgers: string }
  /** The ledger that this call brings in, if it brings one in; the same whenever the call is repeated. */
  ledger: number
}

/** A call that was answered; the job that follows from it, if one does. */
export interface Answered {
  job?: string
  uploadId?: string
}

/** The platform said that the call may be tried again. */
export class Refused extends Error {}

const [{ question, expected }] = HANDBOOK_QUESTIONS
/** How a server closes a socket whose caller it cannot identify for a while. */
const TRY_AGAIN_LATER = 1013
const RETRYABLE = new Set(['UPSTREAM_UNAVAILABLE', 'UPSTREAM_TIMED_OUT'])

const UPLOAD_CREATE = `mutation ($input: UploadCreateInput!) {
  uploadCreate(input: $input) { upload { id url } userErrors { code } } }`
const SEARCH = `query ($id: ID!, $query: String!) { knowledgeBase(id: $id) { search(query: $query) { hits { chunk { text } } } } }`
const ENTITIES = `query ($id: ID!) { knowledgeBase(id: $id) { entities { nodes { name } } } }`
export const JOB_CREATE = `mutation ($input: IngestionJobCreateInput!) {
  ingestionJobCreate(input: $input) { ingestionJob { id } userErrors { code } } }`

export const CALLS = {
  async upload({ client, ledger }) {
    const { title, text } = ledgerDocument(ledger)
    const bytes = Buffer.from(text)
    const { uploadCreate } = dataOf(
      await client.request(UPLOAD_CREATE, { input: { fileName: `${title}.md`, sizeBytes: bytes.byteLength } }),
    )
    const response = await fetch(uploadCreate.upload.url, { method: 'PUT', body: bytes as never })
    if (response.status !== 201) refuse([((await response.json()) as { error: Refusal }).error])
    return { uploadId: uploadCreate.upload.id }
  },

  async job({ client, bases, ledger }) {
    const texts = [ledgerDocument(ledger)]
    const input = { knowledgeBaseId: bases.ledgers, texts, idempotencyKey: `ledger ${ledger}` }
    const { ingestionJobCreate } = dataOf(await client.request(JOB_CREATE, { input }))
    return { job: ingestionJobCreate.ingestionJob.id }
  },

  async ask({ client, bases }) {
    let text = ''
    let last: any
    const stream = client.subscribe(
      `subscription ($input: AnswerInput!) { answerStream(input: $input) { __typename
        ... on AnswerDelta { text } ... on AnswerFailed { code isRetryable } } }`,
      { input: { question, knowledgeBaseIds: [bases.handbook], mode: 'EXTRACTIVE' } },
    )
    try {
      for await (const result of stream) {
        last = dataOf(result).answerStream
        text += last.text ?? ''
      }
    } catch (error) {
      if ((error as { code?: number }).code === TRY_AGAIN_LATER)
        throw new Refused('The socket was closed: try again later.')
      throw error
    }
    if (last.__typename === 'AnswerFailed') refuse([last])
    if (!text.includes(expected)) throw new Error(`The answer is wrong: ${text}`)
    return {}
  },

  async search({ client, bases }) {
    const { knowledgeBase } = dataOf(await client.request(SEARCH, { id: bases.handbook, query: question }))
    if (knowledgeBase.search.hits.length === 0) throw new Error('The search found nothing.')
    return {}
  },

  async entities({ client, bases }) {
    const { knowledgeBase } = dataOf(await client.request(ENTITIES, { id: bases.handbook }))
    if (knowledgeBase.entities.nodes.length === 0) throw new Error('The graph is empty.')
    return {}
  },
} as const satisfies Record<string, (context: CallContext) => Promise<Answered>>

export type CallName = keyof typeof CALLS

interface Refusal {
  code: string
  isRetryable?: boolean
}

/** @throws Refused, or Error unless all of them may be tried again. */
function refuse(refusals: readonly Refusal[]): never {
  const text = JSON.stringify(refusals)
  const isRefused = refusals.every(({ code, isRetryable }) => isRetryable === true && RETRYABLE.has(code))
  throw isRefused ? new Refused(text) : new Error(text)
}

function dataOf({ data, errors }: GraphResult): any {
  if (errors) refuse(errors.map(({ extensions }) => extensions))
  return data
}
