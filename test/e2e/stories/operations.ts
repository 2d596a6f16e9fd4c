// Every example operation of schema/operations/ is executed against the handbook's workspace and gives no error of any kind. An operation
// without a case here fails, and so does a case without an operation.
import { OperationTypeNode } from 'graphql'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createId } from '#shared/ids.ts'
import { readExampleOperations, type ExampleOperation } from '../../../schema/operations.ts'
import type { GraphResult, TestClient } from '../../harness/client.ts'
import { needModel } from '../../harness/models.ts'
import { STORY_TIMEOUTS, type PlatformUnderTest } from '../../harness/platform-under-test.ts'
import { fillWorkspace, type HandbookWorkspace } from './handbook-workspace.ts'

interface Case {
  /** Replace those of the operation's own variables that name things. */
  variables?: (
    workspace: HandbookWorkspace,
    client: TestClient,
  ) => Record<string, unknown> | Promise<Record<string, unknown>>
  needs?: 'CHAT'
}

const inKnowledgeBase: Case = { variables: ({ knowledgeBaseId }) => ({ knowledgeBaseId }) }
const asIs: Case = {}
const ofAnswer: Case = { variables: ({ answerId }) => ({ answerId }) }
const ofGeneration: Case = { variables: ({ generationId }) => ({ generationId }), needs: 'CHAT' }
const ofJob: Case = { variables: ({ jobId }) => ({ ingestionJobId: jobId }) }
const asking: Case = { variables: ({ knowledgeBaseId }) => ({ knowledgeBaseIds: [knowledgeBaseId] }) }

const CASES: Record<string, Case> = {
  Answer: ofAnswer,
  AnswerCancel: ofAnswer,
  AnswerEvents: ofAnswer,
  AnswerStart: asking,
  AnswerStream: asking,
  Answers: asIs,
  ApiKeyCreate: asIs,
  ApiKeyRevoke: {
    variables: async (_workspace, client) => {
      const created = await client.query(
        'mutation { apiKeyCreate(input: { name: "short-lived", roles: [VIEWER] }) { apiKey { id } } }',
      )
      return { apiKeyId: created.apiKeyCreate.apiKey.id }
    },
  },
  ApiKeys: asIs,
  Document: { variables: ({ documentId }) => ({ documentId }) },
  DocumentDelete: {
    variables: async ({ knowledgeBaseId }, client) => {
      const job = await client.ingest({ knowledgeBaseId, texts: [{ title: 'Soon gone', text: 'This is deleted.' }] })
      return { documentId: job.items.nodes[0].document.id }
    },
  },
  Entity: { variables: ({ entityId }) => ({ entityId }) },
  Generation: ofGeneration,
  GenerationCancel: ofGeneration,
  GenerationEvents: ofGeneration,
  GenerationStart: { needs: 'CHAT' },
  GenerationStream: { needs: 'CHAT' },
  IngestionJob: ofJob,
  IngestionJobCancel: {
    variables: async ({ knowledgeBaseId }, client) => {
      // So much that it cannot be finished before it is cancelled.
      const texts = Array.from({ length: 100 }, (_, index) => ({ title: `Text ${index}`, text: `Number ${index}.` }))
      return { ingestionJobId: await client.startJob({ knowledgeBaseId, texts }) }
    },
  },
  IngestionJobCreate: inKnowledgeBase,
  IngestionJobEvents: ofJob,
  IngestionJobRetry: ofJob,
  IngestionJobs: asIs,
  KnowledgeBase: inKnowledgeBase,
  KnowledgeBaseCreate: { variables: () => ({ name: 'Made by an example', embeddingModelName: null }) },
  KnowledgeBaseDelete: {
    variables: async (_workspace, client) => ({ knowledgeBaseId: await client.createKnowledgeBase(createId('kb')) }),
  },
  KnowledgeBaseEntities: inKnowledgeBase,
  KnowledgeBaseMetrics: inKnowledgeBase,
  KnowledgeBaseUpdate: inKnowledgeBase,
  KnowledgeBases: asIs,
  Model: { variables: ({ models }) => ({ name: models.get('CHAT') }), needs: 'CHAT' },
  ModelHosts: asIs,
  Models: asIs,
  Node: { variables: ({ documentId }) => ({ id: documentId }) },
  Search: inKnowledgeBase,
  SixSubgraphs: inKnowledgeBase,
  UploadCreate: asIs,
  Usage: asIs,
  Viewer: asIs,
}

/** Variables with which an operation concerns the handbook's workspace; made by `client`, which may do everything there. */
export async function variablesOf(operation: ExampleOperation, workspace: HandbookWorkspace, client: TestClient) {
  return { ...operation.variables, ...(await CASES[operation.name]?.variables?.(workspace, client)) }
}

export const neededModel = (operation: ExampleOperation): 'CHAT' | undefined => CASES[operation.name]?.needs

export function operationsStory(profile: string, start: () => Promise<PlatformUnderTest>): void {
  vi.setConfig(STORY_TIMEOUTS)
  describe(`example operations, ${profile}`, () => {
    const operations = readExampleOperations()
    let platform: PlatformUnderTest
    let client: TestClient
    let workspace: HandbookWorkspace

    beforeAll(async () => {
      platform = await start()
      client = platform.client()
      workspace = await fillWorkspace(client)
    })
    afterAll(() => platform?.close())

    test('every operation has a case, and every case an operation', () => {
      expect(Object.keys(CASES).toSorted()).toEqual(operations.map(({ name }) => name))
    })

    test.for(operations)('the operation $name is executed without errors', async (operation, { skip }) => {
      const needed = neededModel(operation)
      if (needed) needModel(workspace.models, needed, skip)
      const given = await variablesOf(operation, workspace, client)
      const unknown = Object.keys(given).filter((name) => !(name in operation.variables))
      expect(unknown, 'variables that the operation does not declare').toEqual([])
      const results = await execute(client, operation, given)
      expect(results.length).toBeGreaterThan(0)
      for (const { data, errors } of results) {
        expect(errors).toBeUndefined()
        for (const [field, value] of Object.entries<any>(data)) {
          expect(value, field).not.toBeNull()
          expect(value.userErrors ?? []).toEqual([])
        }
      }
    })
  })
}

export async function execute(
  client: TestClient,
  { type, text }: ExampleOperation,
  variables: Record<string, unknown>,
): Promise<GraphResult[]> {
  if (type !== OperationTypeNode.SUBSCRIPTION) return [await client.request(text, variables)]
  const results: GraphResult[] = []
  for await (const result of client.subscribe(text, variables)) results.push(result)
  return results
}
