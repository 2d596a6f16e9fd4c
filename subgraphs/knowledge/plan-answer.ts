// The first half of an answer's life: find sources, decide from them whether the documents hold an answer, and settle how it is written.
// Nothing of it is visible to anyone until it is stored in one go with the event AnswerStarted.
//
// Models that are away are waited for, and an answer that waited in vain fails: decided by less it would be another answer, perhaps a wrong
// NOT_IN_DOCUMENTS, and nobody could tell. Only models that this platform does not have are done without.
import { createHash } from 'node:crypto'
import type { Logger } from 'pino'
import { TributaryError } from '#shared/errors.ts'
import { serviceIdentity, type Identity } from '../../contracts/identity.ts'
import type { ModelDescription } from '../../contracts/models-client.ts'
import type { AnswerPlan } from './answer-plan.ts'
import { resolveAnswerMode } from './domain/answer-mode.ts'
import { composeExtractiveAnswer } from './domain/compose-extractive-answer.ts'
import { gatherEvidence } from './domain/gather-evidence.ts'
import type { Rerank, SourceChunk } from './domain/source-chunk.ts'
import type { KnowledgeBases } from './knowledge-bases.ts'
import { isModelMissing } from './model-trouble.ts'
import type { PatientModels } from './patient-models.ts'
import type { Retrieval, RetrievedChunk, Retrieved } from './retrieval.ts'
import type { AnswerRow, AnswerSourceRow, KnowledgeBaseRow } from './tables.ts'

export interface PlannedAnswer {
  mode: 'GENERATIVE' | 'EXTRACTIVE'
  plan: AnswerPlan
  sources: AnswerSourceRow[]
  retrievalMs: number
  /** The model that writes; in EXTRACTIVE mode the embedding model that chose the sentences. Null when none took part. */
  modelId: string | null
  writerName: string | null
}

export interface KnownAtStart {
  /** Null: this platform has none. */
  chatModel: ModelDescription | null
  knowledgeBases: KnowledgeBaseRow[]
}

export type PlanAnswer = (answer: AnswerRow, known: KnownAtStart | null, signal: AbortSignal) => Promise<PlannedAnswer>

/**
 * How far down the two lists a chunk still counts, and how many chunks are asked for; what the decision was calibrated with.
 * More than are read: the same manual in two formats repeats itself, and what repeats is left out first.
 */
const LIST_DEPTH = 40

export function createPlanAnswer(options: {
  models: PatientModels
  /** Patient as well. */
  retrieval: Retrieval
  knowledgeBases: KnowledgeBases
  logger: Logger
}): PlanAnswer {
  const { models, retrieval, knowledgeBases, logger } = options

  return async (answer, known, signal) => {
    const identity = serviceIdentity(answer.workspaceId, 'knowledge')
    const startedAt = performance.now()
    const found = known?.knowledgeBases ?? (await knowledgeBases.findMany(answer.workspaceId, answer.knowledgeBaseIds))
    const [retrieved, chatModel] = await Promise.all([
      retrieval.retrieve({
        identity,
        knowledgeBases: found,
        question: answer.question,
        mode: 'HYBRID',
        limit: LIST_DEPTH,
        depth: LIST_DEPTH,
        idempotencyKey: `answer:${answer.id}:question`,
        signal,
      }),
      known === null ? findChatModel(answer, identity, signal) : known.chatModel,
    ])
    const retrievalMs = Math.round(performance.now() - startedAt)
    const evidence = await decide(answer, retrieved, identity, signal)
    const mode = resolveAnswerMode(answer.mode, chatModel)
    const pagesOf = new Map(retrieved.hits.map(({ chunk }) => [chunk.id, chunk.pages]))
    const sources = evidence.sources.map(({ chunk, score }, index) => ({
      answerId: answer.id,
      workspaceId: answer.workspaceId,
      marker: index + 1,
      chunkId: chunk.id,
      score,
      content: { ...chunk, pages: pagesOf.get(chunk.id) ?? [] },
    }))
    const allowed = new Set(evidence.sources.map(({ chunk }) => chunk.id))
    const embeddedBy = found.find(({ embeddingModelName }) => embeddingModelName === retrieved.embedding?.modelName)
    const planned = (plan: AnswerPlan, model: { id: string | null; name: string | null }): PlannedAnswer => ({
      mode,
      plan,
      sources,
      retrievalMs,
      modelId: model.id,
      writerName: model.name,
    })
    const finder = {
      id: retrieved.embedding ? (embeddedBy?.embeddingModelId ?? null) : null,
      name: retrieved.embedding?.modelName ?? null,
    }
    if (!evidence.isInDocuments) return planned({ kind: 'decline' }, finder)
    if (mode === 'GENERATIVE') {
      if (chatModel === null)
        throw new TributaryError('MODEL_NOT_AVAILABLE', 'There is no chat model to write the answer.')
      const { id, name, contextLength } = chatModel
      return planned({ kind: 'generate', modelName: name, contextLength }, { id, name })
    }
    // An answer rests on its sources only, however few the caller allows.
    const sentences = evidence.sentences.filter(({ passage }) => allowed.has(passage.chunk.id))
    const { verdict, sentences: chosen } = composeExtractiveAnswer({ ...evidence, sentences })
    return planned(chosen.length === 0 ? { kind: 'decline' } : { kind: 'extract', verdict, sentences: chosen }, finder)
  }

  async function findChatModel(answer: AnswerRow, identity: Identity, signal: AbortSignal) {
    const { mode, modelName } = answer
    if (mode === 'EXTRACTIVE' && modelName === null) return null
    const model = await models.findModel(identity, 'CHAT', modelName, signal)
    if (model === null && modelName !== null)
      throw new TributaryError('MODEL_NOT_AVAILABLE', `No host has a chat model "${modelName}".`)
    return model
  }

  /** Whether the documents hold an answer: judged by the reranker; where there is none, by what the searches found. */
  async function decide(answer: AnswerRow, retrieved: Retrieved, identity: Identity, signal: AbortSignal) {
    const chunks = retrieved.hits.map(toSourceChunk)
    const request = { question: answer.question, chunks, signal, sourceLimit: answer.maxSources }
    try {
      return await gatherEvidence({ ...request, rerank: rerankPassages(identity, answer.id) })
    } catch (error) {
      signal.throwIfAborted()
      if (!isModelMissing(error)) throw error
      logger.debug({ err: error }, 'an answer is decided without a model that this platform does not have')
      return gatherEvidence(request)
    }
  }

  function rerankPassages(identity: Identity, answerId: string): Rerank {
    return async (question, passages, signal) => {
      const request = {
        question,
        passages: passages.map(({ context, sentences }) => ({ context, sentences: [...sentences] })),
        // A question of several parts is read once for each.
        idempotencyKey: `answer:${answerId}:rerank:${createHash('sha256').update(question).digest('hex').slice(0, 16)}`,
      }
      const readings = await models.rerank(identity, request, signal)
      if (readings === null) throw new TributaryError('MODEL_NOT_AVAILABLE', 'There is no reranking model.')
      return readings
    }
  }
}

const toSourceChunk = ({ chunk, documentTitle, ...found }: RetrievedChunk): SourceChunk => ({
  id: chunk.id,
  documentId: chunk.documentId,
  documentTitle,
  headings: chunk.headings,
  page: chunk.pages[0]?.page,
  text: chunk.text,
  startOffset: chunk.startOffset,
  endOffset: chunk.endOffset,
  denseRank: found.denseRank,
  lexicalRank: found.lexicalRank,
  denseSimilarity: found.denseSimilarity,
})
