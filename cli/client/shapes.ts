// What the operations of schema/operations/ select, as far as the command line reads it.

export interface PageInfo {
  hasNextPage: boolean
  endCursor: string | null
}

export interface KnowledgeBase {
  id: string
  name: string
  documentCount: number
  chunkCount: number
  embeddingModel?: { name: string } | null
}

export type JobStatus = 'QUEUED' | 'RUNNING' | 'SUCCEEDED' | 'PARTIALLY_SUCCEEDED' | 'FAILED' | 'CANCELLED'

export interface IngestionError {
  code: string
  message: string
}

export interface IngestionItem {
  id: string
  name: string
  status: JobStatus
  document: { id: string } | null
  error: IngestionError | null
  warnings: IngestionWarning[]
  /** What came into the knowledge base under the same name and is still there. */
  sameNameItems: { document: NamedDocument | null }[]
}

export interface IngestionWarning {
  code: string
  message: string
  pages: number[]
}

export interface NamedDocument {
  id: string
  title: string
  createdAt: string
}

export interface IngestionJob {
  id: string
  status: JobStatus
  itemCount: number
  completedItemCount: number
  failedItemCount: number
  createdAt?: string
  knowledgeBase?: { id: string; name: string } | null
  items?: { nodes: IngestionItem[] }
}

export type IngestionJobEvent = { cursor: string } & (
  | {
      __typename: 'IngestionStepProgressed'
      item: { name: string }
      step: { name: string }
      completedUnits: number
      totalUnits: number | null
    }
  | {
      __typename: 'IngestionStepFinished'
      item: { name: string; status: JobStatus }
      step: { name: string; status: JobStatus; error: { message: string } | null }
    }
  | { __typename: 'IngestionJobFinished'; ingestionJob: Omit<IngestionJob, 'id'> }
)

export interface TextSpan {
  startOffset: number
  endOffset: number
  page?: number | null
}

export interface Citation {
  marker: number
  quote: string
  isVerified: boolean
  answerSpan: TextSpan
  span: TextSpan
  document: { id: string; title: string } | null
}

export type Verdict = 'ANSWERED' | 'PARTIAL' | 'CONFLICTING' | 'NOT_IN_DOCUMENTS'

export type AnswerEvent = { cursor: string } & (
  | { __typename: 'AnswerStarted'; answer: { id: string } }
  | { __typename: 'AnswerDelta'; sequence: number; text: string; model?: { name: string } | null }
  | { __typename: 'AnswerCited'; citation: Citation }
  | {
      __typename: 'AnswerCompleted'
      answer: {
        text: string
        status?: 'COMPLETED' | 'CANCELLED'
        verdict: Verdict | null
        timings?: { retrievalMs: number; firstTokenMs: number | null; totalMs: number | null } | null
      }
    }
  | { __typename: 'AnswerFailed'; code: string; message: string; isRetryable: boolean }
)

export type SearchMode = 'HYBRID' | 'DENSE' | 'LEXICAL'

export interface SearchResult {
  mode: SearchMode
  durationMs: number
  hits: {
    score: number
    chunk: { id: string; text: string; headings: string[]; span: TextSpan; document: { id: string; title: string } }
  }[]
}

export interface Model {
  name: string
  provider: string
  capabilities: string[]
  isLoaded: boolean | null
}

export interface ModelHost {
  name: string
  provider: string
  isReachable: boolean
  models: { name: string }[]
  loadedModels: { name: string }[]
}

export interface ApiKey {
  id: string
  name: string
  prefix: string
  roles: string[]
  createdAt: string
  expiresAt: string | null
  revokedAt: string | null
  lastUsedAt: string | null
}
