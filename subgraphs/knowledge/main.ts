// The composition root of knowledge: its API process. It searches, answers and looks after answers; it never writes to the vector store.
import { fileURLToPath } from 'node:url'
import type { z } from 'zod'
import { readConfiguration } from '#shared/configuration.ts'
import { readTypeDefinitions, startSubgraphServer } from '#shared/graphql/subgraph-server.ts'
import { IDENTITY_HEADER } from '../../contracts/identity.ts'
import {
  KNOWLEDGE_BASE_PATH,
  knowledgeBaseRequestSchema,
  type knowledgeBaseResponseSchema,
} from '../../contracts/knowledge-client.ts'
import { createModelsClient } from '../../contracts/models-client.ts'
import type { Platform } from '../../contracts/platform.ts'
import { runProcess, type RunningRole } from '../../contracts/run-process.ts'
import { openVectorStore } from './adapters/open-vector-store.ts'
import type { AnswerEventPayload } from './answer-events.ts'
import { createAnswerStore } from './answer-store.ts'
import { createAnswers } from './answers.ts'
import { createCiteSentence } from './cite-sentence.ts'
import { configSchema } from './config.ts'
import type { Context } from './context.ts'
import { createDeleteContent } from './delete-content.ts'
import { createDocuments } from './documents.ts'
import { createEmbedForAnswer, createEmbedForSearch } from './embed-question.ts'
import { createKnowledgeBases } from './knowledge-bases.ts'
import { createLoaders } from './loaders.ts'
import { createPatientModels } from './patient-models.ts'
import { permissions } from './permissions.ts'
import { createPlanAnswer } from './plan-answer.ts'
import { resolvers } from './resolvers/index.ts'
import { createRetrieval } from './retrieval.ts'
import { createRunAnswer } from './run-answer.ts'
import { createSearchKnowledgeBase } from './search-knowledge-base.ts'

export interface RunningKnowledge extends RunningRole {
  url: string
}

export async function startKnowledge(platform: Platform, environment: NodeJS.ProcessEnv): Promise<RunningKnowledge> {
  const configuration = readConfiguration(configSchema, environment, {
    onWarning: (text) => platform.logger.warn(text),
  })
  const { database, queue, signer, logger } = platform
  await database.migrate({ schema: 'knowledge', folder: fileURLToPath(new URL('./migrations', import.meta.url)) })
  const models = createModelsClient({ origin: () => platform.originOf('models'), signer })
  const vectorStore = await openVectorStore({
    settings: configuration,
    dataDirectory: platform.dataDirectory,
    isWriter: false,
    onError: (error) => logger.error({ err: error }, 'vector store'),
  })
  const log = await platform.openStreamLog<AnswerEventPayload>('knowledge')
  const documents = createDocuments({ database: database.sql })
  const knowledgeBases = createKnowledgeBases({ database: database.sql, models })
  const deleteContent = createDeleteContent({ database, queue })
  const searchKnowledgeBase = createSearchKnowledgeBase({
    retrieval: createRetrieval({ database, vectorStore, embedQuestion: createEmbedForSearch({ models, logger }) }),
    queue,
    logger,
  })
  const answerStore = createAnswerStore({ database, log })
  const patientModels = createPatientModels({
    models,
    logger,
    patienceMs: configuration.TRIBUTARY_ANSWER_PATIENCE_MS,
  })
  const embedForAnswer = createEmbedForAnswer({ models: patientModels, logger })
  const planAnswer = createPlanAnswer({
    models: patientModels,
    retrieval: createRetrieval({ database, vectorStore, embedQuestion: embedForAnswer }),
    knowledgeBases,
    logger,
  })
  const citeSentence = createCiteSentence({
    models: patientModels,
    async embeddingModelOf({ workspaceId, knowledgeBaseIds }) {
      const found = await knowledgeBases.findMany(workspaceId, knowledgeBaseIds)
      return found.find(({ embeddingModelName }) => embeddingModelName !== null)?.embeddingModelName ?? null
    },
  })
  const runAnswer = createRunAnswer({ store: answerStore, queue, models, planAnswer, citeSentence, logger })
  // A predecessor that was killed cannot come back, so its answers need not wait for their leases.
  if (platform.isOnlyProcess) await answerStore.abandonAll()
  const answers = createAnswers({
    store: answerStore,
    log,
    models,
    knowledgeBases,
    runAnswer,
    logger,
    graceMs: configuration.TRIBUTARY_ANSWER_GRACE_MS,
  })

  const server = await startSubgraphServer<Context>({
    name: 'knowledge',
    typeDefinitions: readTypeDefinitions('knowledge'),
    resolvers,
    permissions,
    identityHeader: IDENTITY_HEADER,
    verifyProcess: signer.verifyInternal,
    async createContext({ identityToken, signal, requestId, lastEventId }) {
      const identity = await signer.verify(identityToken)
      return {
        identity,
        signal,
        requestId,
        lastEventId,
        knowledgeBases,
        deleteContent,
        searchKnowledgeBase,
        answers,
        answerStore,
        loaders: createLoaders(identity.workspaceId, { knowledgeBases, documents, answerStore }),
      }
    },
    addRoutes(app) {
      app.post(KNOWLEDGE_BASE_PATH, async (request): Promise<z.input<typeof knowledgeBaseResponseSchema>> => {
        const { workspaceId } = await signer.verify(String(request.headers[IDENTITY_HEADER] ?? ''))
        const { id } = knowledgeBaseRequestSchema.parse(request.body)
        const [found] = await knowledgeBases.findMany(workspaceId, [id])
        return { knowledgeBase: found ? { id: found.id, name: found.name } : null }
      })
    },
    ...platform.listen,
    logger,
  })
  return {
    url: server.url,
    async close() {
      await answers.close()
      await server.close()
      await log.close()
      await vectorStore.close()
    },
  }
}

if (import.meta.main) await runProcess('knowledge', 'api', (platform) => startKnowledge(platform, process.env))
