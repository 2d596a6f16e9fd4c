// The composition root of graph's background process: links documents and removes what deleted ones contributed.
import { readConfiguration } from '#shared/configuration.ts'
import { failGivenUpStep, resendDeletion } from '../../contracts/given-up.ts'
import { contributionsDelete, documentLink } from '../../contracts/messages.ts'
import type { Platform } from '../../contracts/platform.ts'
import { runProcess, type RunningRole } from '../../contracts/run-process.ts'
import { createExtractionThread } from './adapters/extraction-thread.ts'
import { openGraphStore } from './adapters/open-graph-store.ts'
import { configSchema, neo4jOptions } from './config.ts'
import { createHandleLink } from './handle-link.ts'
import { createLinkDocument } from './link-document.ts'
import { migrate } from './migrate.ts'

export async function startGraphWorker(platform: Platform, environment: NodeJS.ProcessEnv): Promise<RunningRole> {
  const { database, queue, blobs, logger } = platform
  await migrate(database)
  const neo4j = neo4jOptions(readConfiguration(configSchema, environment))
  const store = await openGraphStore({ database, neo4j })
  const extraction = createExtractionThread()
  const linkDocument = createLinkDocument({ extract: extraction.extract, store })

  // Two at a time: one is stored while the thread reads the next.
  await queue.work(
    documentLink,
    { concurrency: 2, onGivenUp: (givenUp) => failGivenUpStep(queue, 'LINK', givenUp) },
    createHandleLink({ blobs, queue, linkDocument, logger }),
  )
  await queue.work(
    contributionsDelete,
    { onGivenUp: resendDeletion(contributionsDelete, { queue, logger }) },
    ({ data: { workspaceId, knowledgeBaseId, documentId }, signal }) =>
      documentId === null
        ? store.deleteKnowledgeBase(workspaceId, knowledgeBaseId, signal)
        : store.deleteDocument(workspaceId, knowledgeBaseId, documentId, signal),
  )
  return {
    async close() {
      await extraction.close()
      await store.close()
    },
  }
}

if (import.meta.main) await runProcess('graph', 'worker', (platform) => startGraphWorker(platform, process.env))
