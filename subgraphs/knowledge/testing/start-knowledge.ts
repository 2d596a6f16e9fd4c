// Knowledge as it runs in standalone mode, API and worker in one process, with a scripted models server and a stand-in for ingestion that
// sends the commands and collects the reports.
import { createClient } from 'graphql-ws'
import { WebSocket } from 'ws'
import { createId } from '#shared/ids.ts'
import {
  documentCheck,
  documentProcess,
  documentRegister,
  stepReported,
  usageRecorded,
} from '../../../contracts/messages.ts'
import type { DocumentContent } from '../../../contracts/document-content.ts'
import type { Identity } from '../../../contracts/identity.ts'
import type { z } from 'zod'
import { createTestPlatform, requestSubgraph, testIdentity, type TestPlatform } from '../../../test/harness/platform.ts'
import { startKnowledge, type RunningKnowledge } from '../main.ts'
import { startKnowledgeWorker } from '../worker.ts'
import { openTestDatabase } from './open-database.ts'
import { startScriptedModels, type ScriptedModels } from './scripted-models.ts'

export type StepReport = z.output<typeof stepReported.schema>
export type Usage = z.output<typeof usageRecorded.schema>

export interface TestKnowledge {
  platform: TestPlatform
  /** Every statement sent so far, for counting. */
  statements: string[]
  models: ScriptedModels
  api: RunningKnowledge
  worker: { close(): Promise<void> }
  workspaceId: string
  reports: StepReport[]
  usages: Usage[]
  request(query: string, variables?: Record<string, unknown>, identity?: Identity): ReturnType<typeof requestSubgraph>
  /** Results until the stream ends; leaving the loop unsubscribes. */
  subscribe(query: string, variables?: Record<string, unknown>, identity?: Identity): AsyncGenerator<any>
  createKnowledgeBase(name: string): Promise<string>
  /** Registers a document and commands its processing; `ids` to follow it by. */
  sendDocument(knowledgeBaseId: string, content: DocumentContent): Promise<SentDocument>
  /** The same, through CHECK, until it is READY. */
  ingest(knowledgeBaseId: string, content: DocumentContent): Promise<string>
  /** Waits for a report; one that already came counts. */
  reported(itemId: string, step: StepReport['step'], status: StepReport['status']): Promise<StepReport>
  /** Waits until `condition` holds after some report or usage event. */
  until(condition: () => boolean): Promise<void>
  restartApi(): Promise<void>
  restartWorker(): Promise<void>
  close(): Promise<void>
}

export interface SentDocument {
  documentId: string
  itemId: string
  command: z.input<typeof documentProcess.schema>
}

export async function startTestKnowledge(environment: NodeJS.ProcessEnv = {}): Promise<TestKnowledge> {
  const statements: string[] = []
  const platform = await createTestPlatform({
    database: await openTestDatabase((statement) => statements.push(statement)),
  })
  const models = await startScriptedModels()
  platform.origins.set('models', models.origin)
  let api = await startKnowledge(platform, environment)
  let worker = await startKnowledgeWorker(platform, environment)
  const workspaceId = createId('ws')
  const reports: StepReport[] = []
  const usages: Usage[] = []
  const wakers = new Set<() => void>()
  const wake = () => {
    for (const waker of wakers) waker()
  }
  await platform.queue.work(stepReported, {}, async ({ data }) => {
    reports.push(data)
    wake()
  })
  await platform.queue.workGathered(usageRecorded, async (gathered) => {
    usages.push(...gathered)
    wake()
  })
  const identity = testIdentity(workspaceId, 'ADMIN')

  const until = (condition: () => boolean): Promise<void> => {
    if (condition()) return Promise.resolve()
    return new Promise((resolve) => {
      const waker = () => {
        if (!condition()) return
        wakers.delete(waker)
        resolve()
      }
      wakers.add(waker)
    })
  }
  const request: TestKnowledge['request'] = (query, variables, as) =>
    requestSubgraph(platform, api.url, as ?? identity, query, variables)

  const knowledge: TestKnowledge = {
    platform,
    statements,
    models,
    get api() {
      return api
    },
    get worker() {
      return worker
    },
    workspaceId,
    reports,
    usages,
    request,
    until,

    async *subscribe(query, variables = {}, as = identity) {
      const client = createClient({
        url: api.url.replace('http', 'ws'),
        webSocketImpl: WebSocket,
        retryAttempts: 0,
        connectionParams: { 'tributary-identity': await platform.signer.sign(as) },
      })
      try {
        yield* client.iterate({ query, variables })
      } finally {
        await client.dispose()
      }
    },

    async createKnowledgeBase(name) {
      const { data } = await request(
        'mutation ($input: KnowledgeBaseCreateInput!) { knowledgeBaseCreate(input: $input) { knowledgeBase { id } } }',
        { input: { name } },
      )
      return data.knowledgeBaseCreate.knowledgeBase.id
    },

    async sendDocument(knowledgeBaseId, content) {
      const documentId = createId('doc')
      const itemId = createId('item')
      const about = { workspaceId, knowledgeBaseId, documentId }
      const { key: contentKey } = await platform.blobs.put(workspaceId, Buffer.from(JSON.stringify(content)))
      await platform.queue.send(documentRegister, {
        ...about,
        title: 'file.txt',
        mediaType: 'text/plain',
        sizeBytes: content.text.length,
        sourceUri: null,
        tags: ['b', 'a'],
      })
      const command = {
        ...about,
        itemId,
        attempt: 1,
        contentKey,
        contentTitle: content.title,
        mediaType: 'text/plain',
      }
      await platform.queue.send(documentProcess, command)
      return { documentId, itemId, command }
    },

    async ingest(knowledgeBaseId, content) {
      const { documentId, itemId, command } = await knowledge.sendDocument(knowledgeBaseId, content)
      await knowledge.reported(itemId, 'INDEX', 'SUCCEEDED')
      await platform.queue.send(documentCheck, command)
      await knowledge.reported(itemId, 'CHECK', 'SUCCEEDED')
      return documentId
    },

    async reported(itemId, step, status) {
      const find = () =>
        reports.find((report) => report.itemId === itemId && report.step === step && report.status === status)
      await until(() => find() !== undefined)
      return find()!
    },

    async restartApi() {
      await api.close()
      api = await startKnowledge(platform, environment)
    },

    async restartWorker() {
      await worker.close()
      worker = await startKnowledgeWorker(platform, environment)
    },

    async close() {
      await api.close()
      await worker.close()
      await platform.close()
      await models.close()
    },
  }
  return knowledge
}

/** Paragraphs under a heading each, as ingestion extracts them. */
export function textContent(
  title: string | null,
  sections: readonly { heading: string; text: string }[],
): DocumentContent {
  let text = ''
  const blocks: DocumentContent['blocks'] = []
  const add = (kind: 'heading' | 'paragraph', part: string) => {
    if (text !== '') text += '\n\n'
    blocks.push({
      kind,
      startOffset: text.length,
      endOffset: text.length + part.length,
      ...(kind === 'heading' ? { level: 1 } : {}),
    })
    text += part
  }
  for (const section of sections) {
    add('heading', section.heading)
    add('paragraph', section.text)
  }
  return { version: 1, title, text, blocks }
}
