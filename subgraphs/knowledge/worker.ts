// The composition root of knowledge's background work: the handlers of durable messages. The only process that writes to the vector store.
import { fileURLToPath } from 'node:url'
import { readConfiguration } from '#shared/configuration.ts'
import type { Delivery } from '#shared/job-queue.ts'
import { failGivenUpStep, resendDeletion } from '../../contracts/given-up.ts'
import {
  documentCheck,
  documentFail,
  documentProcess,
  documentRegister,
  searchEntriesDelete,
} from '../../contracts/messages.ts'
import { createModelsClient } from '../../contracts/models-client.ts'
import type { Platform } from '../../contracts/platform.ts'
import { runProcess, type RunningRole } from '../../contracts/run-process.ts'
import { openVectorStore } from './adapters/open-vector-store.ts'
import { createCheckDocument } from './check-document.ts'
import { workerConfigSchema } from './config.ts'
import { createDeleteSearchEntries } from './delete-content.ts'
import { createKnowledgeBases } from './knowledge-bases.ts'
import { createProcessDocument, unfinishedStep } from './process-document.ts'
import { createFailDocument, createForgetIfFailed, createRegisterDocument } from './register-document.ts'

export async function startKnowledgeWorker(platform: Platform, environment: NodeJS.ProcessEnv): Promise<RunningRole> {
  const configuration = readConfiguration(workerConfigSchema, environment, {
    onWarning: (text) => platform.logger.warn(text),
  })
  const { database, queue, blobs, signer, logger } = platform
  await database.migrate({ schema: 'knowledge', folder: fileURLToPath(new URL('./migrations', import.meta.url)) })
  const models = createModelsClient({ origin: () => platform.originOf('models'), signer })
  const vectorStore = await openVectorStore({
    settings: configuration,
    dataDirectory: platform.dataDirectory,
    isWriter: true,
    onError: (error) => logger.error({ err: error }, 'maintenance of the vector store failed'),
  })
  const knowledgeBases = createKnowledgeBases({ database: database.sql, models })
  const registerDocument = createRegisterDocument({ database })
  const failDocument = createFailDocument({ database, queue })
  const forgetIfFailed = createForgetIfFailed({ database, queue })
  const processDocument = createProcessDocument({ database, blobs, queue, models, vectorStore, knowledgeBases, logger })
  const processThenForget: typeof processDocument = async (delivery) => {
    await processDocument(delivery)
    await forgetIfFailed(delivery.data)
  }
  const checkDocument = createCheckDocument({ database, blobs, queue, vectorStore })
  const deleteSearchEntries = createDeleteSearchEntries({ database, vectorStore, blobs })

  // Ending this role aborts what it is doing; the queue delivers it again, and the work goes on from its checkpoint.
  const ending = new AbortController()
  const unfinished = new Set<Promise<void>>()
  const untilEnd =
    <Data>(handler: (delivery: Delivery<Data>) => Promise<void>) =>
    (delivery: Delivery<Data>): Promise<void> => {
      ending.signal.throwIfAborted()
      const work = handler({ ...delivery, signal: AbortSignal.any([delivery.signal, ending.signal]) })
      const settled = work.then(
        () => undefined,
        () => undefined,
      )
      unfinished.add(settled)
      void settled.then(() => unfinished.delete(settled))
      return work
    }

  const concurrency = configuration.TRIBUTARY_INDEX_CONCURRENCY
  await queue.work(
    documentRegister,
    {},
    untilEnd(({ data }) => registerDocument(data)),
  )
  await queue.work(
    documentProcess,
    {
      concurrency,
      async onGivenUp(givenUp) {
        await failGivenUpStep(queue, await unfinishedStep(database.sql, givenUp.data), givenUp)
      },
    },
    untilEnd(processThenForget),
  )
  await queue.work(
    documentCheck,
    { onGivenUp: (givenUp) => failGivenUpStep(queue, 'CHECK', givenUp) },
    untilEnd(checkDocument),
  )
  await queue.work(
    documentFail,
    {},
    untilEnd(({ data }) => failDocument(data)),
  )
  await queue.work(
    searchEntriesDelete,
    { onGivenUp: resendDeletion(searchEntriesDelete, { queue, logger }) },
    untilEnd(deleteSearchEntries),
  )
  return {
    async close() {
      ending.abort()
      await Promise.all(unfinished)
      await vectorStore.close()
    },
  }
}

if (import.meta.main) await runProcess('knowledge', 'worker', (platform) => startKnowledgeWorker(platform, process.env))
