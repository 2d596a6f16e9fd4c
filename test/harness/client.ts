// A client of the endpoint as users have it: requests over HTTP, subscriptions over graphql-ws, uploads by PUT.
import { createClient, type Client as SocketClient } from 'graphql-ws'
import { WebSocket } from 'ws'
import { ADMIN_API_KEY } from './environment.ts'
import { patiently } from './patience.ts'

export interface GraphError {
  message: string
  path?: (string | number)[]
  extensions: { code: string; isRetryable?: boolean; argumentPath?: string[] }
}

export interface GraphResult {
  /** HTTP status; 0 over a WebSocket. */
  status: number
  // Tests read what they have just selected; expectations are their type check.
  data: any
  errors?: GraphError[]
}

export interface IngestInput {
  knowledgeBaseId: string
  files?: readonly { name: string; bytes: Uint8Array; mediaType?: string | null }[]
  texts?: readonly { title: string; text: string; mediaType?: string | null }[]
  idempotencyKey?: string
}

export interface AnswerOutcome {
  /** Every event in order, as selected by ANSWER_EVENT. */
  events: any[]
  /** All deltas joined. */
  text: string
  citations: any[]
  /** The answer of the terminal event. */
  answer: any
}

export interface TestClient {
  request(query: string, variables?: Record<string, unknown>): Promise<GraphResult>
  /** The data of a request that must not have errors. */
  query(query: string, variables?: Record<string, unknown>): Promise<any>
  /** Results of a subscription until it ends; errors of the stream are results too. Leaving the loop unsubscribes. */
  subscribe(query: string, variables?: Record<string, unknown>): AsyncGenerator<GraphResult>
  /** Announces a file and sends its bytes. Throws unless both succeed. */
  upload(file: { name: string; bytes: Uint8Array; mediaType?: string | null }): Promise<string>
  createKnowledgeBase(name: string): Promise<string>
  /** Starts a job, without waiting. */
  startJob(input: IngestInput): Promise<string>
  /** Follows a job to its end, through lost connections, and returns it with its items. */
  waitForJob(id: string): Promise<any>
  ingest(input: IngestInput): Promise<any>
  ask(input: Record<string, unknown>): Promise<AnswerOutcome>
  close(): Promise<void>
}

export const JOB_FIELDS = `id status itemCount completedItemCount failedItemCount
  items(first: 100) { nodes { id name status error { code message isRetryable }
    steps { name status attemptCount error { code message } } document { id title status } } }`

export const ANSWER_EVENT = `__typename cursor occurredAt
  ... on AnswerStarted { answer { id mode sources { marker score chunk { id document { id title } } } } }
  ... on AnswerDelta { sequence text model { name } }
  ... on AnswerCited { citation { ...Cited } }
  ... on AnswerCompleted { answer { ...Ended } }
  ... on AnswerFailed { code message isRetryable answer { ...Ended } }`
export const ANSWER_FRAGMENTS = `
  fragment Cited on Citation {
    marker quote isVerified answerSpan { startOffset endOffset } span { startOffset endOffset page }
    document { id title text } chunk { id }
  }
  fragment Ended on Answer {
    id text mode status verdict model { name } usage { promptTokens completionTokens totalTokens }
    citations { ...Cited } timings { retrievalMs firstTokenMs totalMs }
  }`

const RECONNECT_MS = 250
const PATIENCE_MS = 240_000

/** `apiKey` null: no credentials are sent. */
export function createTestClient(options: { url: string; apiKey: string | null }): TestClient {
  const { url, apiKey } = options
  let socket: SocketClient | undefined

  async function request(query: string, variables: Record<string, unknown> = {}): Promise<GraphResult> {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(apiKey ? { authorization: `Bearer ${apiKey}` } : {}) },
      body: JSON.stringify({ query, variables }),
    })
    return { status: response.status, ...((await response.json()) as Omit<GraphResult, 'status'>) }
  }

  async function query(text: string, variables: Record<string, unknown> = {}) {
    const result = await request(text, variables)
    if (result.errors) throw new Error(`${text}\n${JSON.stringify(result.errors, null, 2)}`)
    return result.data
  }

  async function* subscribe(text: string, variables: Record<string, unknown> = {}): AsyncGenerator<GraphResult> {
    socket ??= createClient({
      url: url.replace(/^http/, 'ws'),
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      connectionParams: apiKey ? { Authorization: `Bearer ${apiKey}` } : {},
    })
    try {
      for await (const result of socket.iterate<any>({ query: text, variables }))
        yield { status: 0, ...result } as never
    } catch (error) {
      if (!Array.isArray(error)) throw error
      yield { status: 0, data: null, errors: error as GraphError[] }
    }
  }

  async function upload(file: { name: string; bytes: Uint8Array; mediaType?: string | null }) {
    const { uploadCreate } = await query(
      'mutation ($input: UploadCreateInput!) { uploadCreate(input: $input) { upload { id url } userErrors { code message path } } }',
      { input: { fileName: file.name, sizeBytes: file.bytes.byteLength, mediaType: file.mediaType ?? null } },
    )
    if (!uploadCreate.upload) throw new Error(JSON.stringify(uploadCreate.userErrors))
    const response = await fetch(uploadCreate.upload.url, { method: 'PUT', body: file.bytes as never })
    if (response.status !== 201) throw new Error(`PUT answered ${response.status}: ${await response.text()}`)
    return uploadCreate.upload.id as string
  }

  async function startJob(input: IngestInput) {
    const uploadIds: string[] = []
    for (const file of input.files ?? []) uploadIds.push(await upload(file))
    const { ingestionJobCreate } = await query(
      'mutation ($input: IngestionJobCreateInput!) { ingestionJobCreate(input: $input) { ingestionJob { id } userErrors { code message path } } }',
      {
        input: {
          knowledgeBaseId: input.knowledgeBaseId,
          uploadIds,
          texts: input.texts ?? [],
          idempotencyKey: input.idempotencyKey ?? null,
        },
      },
    )
    if (!ingestionJobCreate.ingestionJob) throw new Error(JSON.stringify(ingestionJobCreate.userErrors))
    return ingestionJobCreate.ingestionJob.id as string
  }

  async function waitForJob(id: string) {
    const deadline = Date.now() + PATIENCE_MS
    let after: string | null = null
    for (let isFinished = false; !isFinished;) {
      try {
        const events = subscribe(
          'subscription ($id: ID!, $after: String) { ingestionJobEvents(id: $id, after: $after) { __typename cursor } }',
          { id, after },
        )
        for await (const { data, errors } of events) {
          if (errors && !errors[0]?.extensions.isRetryable) throw new Error(JSON.stringify(errors))
          const event = data?.ingestionJobEvents
          if (!event) continue
          after = event.cursor
          isFinished = event.__typename === 'IngestionJobFinished'
        }
      } catch (error) {
        if (error instanceof Error && !('code' in error)) throw error
      }
      if (isFinished) break
      if (Date.now() > deadline) throw new Error(`Job ${id} did not finish in time.`)
      // The stream broke, as it does when processes are killed: subscribe again behind the last event.
      await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS))
    }
    // Read by the same clients, on the same bad days.
    return patiently(
      async () => (await query(`query ($id: ID!) { ingestionJob(id: $id) { ${JOB_FIELDS} } }`, { id })).ingestionJob,
    )
  }

  return {
    request,
    query,
    subscribe,
    upload,
    startJob,
    waitForJob,
    async createKnowledgeBase(name) {
      const { knowledgeBaseCreate } = await query(
        'mutation ($input: KnowledgeBaseCreateInput!) { knowledgeBaseCreate(input: $input) { knowledgeBase { id } userErrors { code message } } }',
        { input: { name } },
      )
      if (!knowledgeBaseCreate.knowledgeBase) throw new Error(JSON.stringify(knowledgeBaseCreate.userErrors))
      return knowledgeBaseCreate.knowledgeBase.id
    },
    ingest: async (input) => waitForJob(await startJob(input)),
    async ask(input) {
      const events: any[] = []
      const stream = subscribe(
        `subscription ($input: AnswerInput!) { answerStream(input: $input) { ${ANSWER_EVENT} } } ${ANSWER_FRAGMENTS}`,
        { input },
      )
      for await (const { data, errors } of stream) {
        if (errors) throw new Error(JSON.stringify(errors))
        events.push(data.answerStream)
      }
      return {
        events,
        text: events.flatMap((event) => (event.__typename === 'AnswerDelta' ? [event.text] : [])).join(''),
        citations: events.flatMap((event) => (event.__typename === 'AnswerCited' ? [event.citation] : [])),
        answer: events.at(-1)?.answer,
      }
    },
    close: async () => socket?.dispose(),
  }
}

/** Opens clients of one endpoint and closes them all. */
export function createClients(url: string) {
  const opened: TestClient[] = []
  return {
    open(apiKey: string | null = ADMIN_API_KEY): TestClient {
      const client = createTestClient({ url, apiKey })
      opened.push(client)
      return client
    },
    async close() {
      for (const client of opened) await client.close()
    },
  }
}
