// The main job, once, visibly, as any client would do it: a knowledge base from the project's own documents, a question, a cited answer.
// Later starts bring in only what changed; one that was interrupted is finished by the next.
import { setTimeout as sleep } from 'node:timers/promises'
import { ask } from '../../../cli/client/ask.ts'
import { throwUserErrors, type UserErrorPayload } from '../../../cli/client/client-error.ts'
import type { Endpoint } from '../../../cli/client/endpoint.ts'
import { ingestFiles, type FileOutcome } from '../../../cli/client/ingest-files.ts'
import { ensureKnowledgeBase, listKnowledgeBases } from '../../../cli/client/knowledge-bases.ts'
import type { Model } from '../../../cli/client/shapes.ts'
import { createIngestProgress } from '../../../cli/terminal/ingest-progress.ts'
import type { Output } from '../../../cli/terminal/output.ts'
import { printAnswer } from '../../../cli/terminal/print-answer.ts'
import { findGuideFiles, type GuideFile } from './guide-files.ts'
import { readGuideState, writeGuideState, type GuideState } from './guide-state.ts'

export interface RunGuideOptions {
  endpoint: Endpoint
  /** The checkout. */
  root: string
  dataDirectory: string
  output: Output
  signal: AbortSignal
}

const GUIDE_NAME = 'Tributary guide'
const MODEL_WAIT_MS = 5000
const MODEL_POLL_MS = 250
/** One that the README answers in a sentence. */
const QUESTION = 'What does Tributary do when the documents do not hold the answer?'

export async function runGuide(options: RunGuideOptions): Promise<void> {
  const { endpoint, dataDirectory, output, signal } = options
  const [files, remembered] = await Promise.all([findGuideFiles(options.root), readGuideState(dataDirectory)])
  if (remembered && isUpToDate(remembered, files)) return
  if (remembered) {
    const existing = await listKnowledgeBases(endpoint, null, signal)
    // Who deleted the guide does not want it back.
    if (!existing.some(({ id }) => id === remembered.knowledgeBaseId)) return
  }
  if (!remembered) await waitForEmbeddingModel(endpoint, signal)
  const knowledgeBaseId = remembered?.knowledgeBaseId ?? (await ensureKnowledgeBase(endpoint, GUIDE_NAME, signal)).id
  const state: GuideState = remembered ?? { knowledgeBaseId, files: {}, isAsked: false }
  await writeGuideState(dataDirectory, state)

  const changed = files.filter(({ key, sha256 }) => state.files[key]?.sha256 !== sha256)
  if (changed.length > 0) {
    output.line(`Making the knowledge base "${GUIDE_NAME}" from ${changed.length} of the project's own documents:`)
    output.record({ event: 'guide-ingestion-started', knowledgeBaseId, fileCount: changed.length })
    await ingestChanged(options, state, changed)
  }
  for (const key of Object.keys(state.files).filter((known) => !files.some((file) => file.key === known))) {
    await deleteDocument(endpoint, state.files[key]?.documentId ?? null, signal)
    delete state.files[key]
    await writeGuideState(dataDirectory, state)
  }
  const hasDocuments = Object.keys(state.files).length > 0
  if (!state.isAsked && hasDocuments) {
    output.line()
    output.line(`Asking it: ${QUESTION}`)
    output.line()
    output.record({ event: 'guide-question', question: QUESTION })
    const question = { question: QUESTION, knowledgeBaseIds: [knowledgeBaseId], mode: null, modelName: null }
    await printAnswer(ask(endpoint, question, signal), output)
    output.line()
    state.isAsked = true
    await writeGuideState(dataDirectory, state)
  }
  output.record({ event: 'guide-ready', knowledgeBaseId, documentCount: Object.keys(state.files).length })
}

/**
 * A knowledge base keeps the model that it was made with, so one that was fetched a moment ago is worth a moment's wait; without any, search is by
 * words only.
 */
async function waitForEmbeddingModel(endpoint: Endpoint, signal: AbortSignal): Promise<void> {
  const until = Date.now() + MODEL_WAIT_MS
  while (Date.now() < until) {
    const { models } = await endpoint.request<{ models: { nodes: Model[] } }>('Models', {}, signal)
    if (models.nodes.some(({ capabilities }) => capabilities.includes('EMBEDDING'))) return
    await sleep(MODEL_POLL_MS, undefined, { signal })
  }
}

async function ingestChanged(options: RunGuideOptions, state: GuideState, changed: readonly GuideFile[]) {
  const { endpoint, dataDirectory, output, signal } = options
  const progress = createIngestProgress(output, changed.length)
  let outcomes: FileOutcome[]
  try {
    outcomes = await ingestFiles({
      endpoint,
      knowledgeBaseId: state.knowledgeBaseId,
      files: changed,
      isWaiting: true,
      onProgress(event) {
        progress.show(event)
        if (event.kind === 'succeeded' || event.kind === 'failed') output.record(fileRecord(event))
      },
      signal,
    })
  } finally {
    progress.stop()
  }
  for (const outcome of outcomes) {
    if (outcome.kind !== 'succeeded') continue
    const { key } = changed.find((file) => file.path === outcome.file.path)!
    const before = state.files[key]?.documentId ?? null
    state.files[key] = { sha256: outcome.sha256, documentId: outcome.documentId }
    await writeGuideState(dataDirectory, state)
    if (before !== outcome.documentId) await deleteDocument(endpoint, before, signal)
  }
}

const fileRecord = (outcome: FileOutcome & { kind: 'succeeded' | 'failed' }) => ({
  event: 'guide-file',
  file: outcome.file.label,
  ...(outcome.kind === 'succeeded'
    ? { status: 'SUCCEEDED', documentId: outcome.documentId }
    : { status: 'FAILED', code: outcome.code, message: outcome.message }),
})

const isUpToDate = (state: GuideState, files: readonly GuideFile[]) =>
  state.isAsked &&
  files.length === Object.keys(state.files).length &&
  files.every(({ key, sha256 }) => state.files[key]?.sha256 === sha256)

async function deleteDocument(endpoint: Endpoint, documentId: string | null, signal: AbortSignal): Promise<void> {
  if (documentId === null) return
  const { documentDelete } = await endpoint.request<{ documentDelete: UserErrorPayload }>(
    'DocumentDelete',
    { documentId },
    signal,
  )
  // Gone already is as good.
  if (documentDelete.userErrors[0]?.code !== 'NOT_FOUND') throwUserErrors(documentDelete)
}
