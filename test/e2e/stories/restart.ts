// What the platform has been told outlives its processes and servers: everything can be read again, replayed and gone on with after a restart,
// and what was revoked stays revoked.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { HANDBOOK_QUESTIONS } from '../../fixtures/handbook/handbook.ts'
import type { TestClient } from '../../harness/client.ts'
import { STORY_TIMEOUTS, type PlatformUnderTest } from '../../harness/platform-under-test.ts'
import { fillWorkspace, idsByPrefix, type HandbookWorkspace } from './handbook-workspace.ts'

export interface RestartablePlatform extends PlatformUnderTest {
  /** Ends everything cleanly, its servers too. */
  stop(): Promise<void>
  /** Starts it again where it was. */
  start(): Promise<void>
}

const EVERYTHING = `query ($kb: ID!, $answer: ID!, $job: ID!) {
  viewer { subject workspace { id name } } apiKeys { id name revokedAt }
  knowledgeBases { nodes { id name documentCount chunkCount
    documents { nodes { id title text status chunks { nodes { id text headings span { startOffset endOffset } } } } } } }
  knowledgeBase(id: $kb) { entities { nodes { id name type mentionCount } } metrics { answerCount } }
  answer(id: $answer) { text verdict citations { quote isVerified } }
  ingestionJob(id: $job) { status items { nodes { name status steps { name status attemptCount } } } }
}`

export function restartStory(profile: string, start: () => Promise<RestartablePlatform>): void {
  vi.setConfig(STORY_TIMEOUTS)
  describe(`a restart, ${profile}`, () => {
    let platform: RestartablePlatform
    let client: TestClient
    let workspace: HandbookWorkspace
    let revoked: { apiKey: { id: string }; secret: string }
    let before: { everything: any; nodes: any[]; events: any[] }

    const variables = () => ({ kb: workspace.knowledgeBaseId, answer: workspace.answerId, job: workspace.jobId })

    async function readAll(reader: TestClient) {
      const nodes: any[] = []
      for (const id of Object.values(idsByPrefix(workspace)))
        if (id !== null)
          nodes.push((await reader.query('query ($id: ID!) { node(id: $id) { __typename id } }', { id })).node)
      const events: any[] = []
      const replay = reader.subscribe(
        'subscription ($id: ID!) { answerEvents(id: $id) { __typename cursor occurredAt ... on AnswerDelta { text sequence } } }',
        { id: workspace.answerId },
      )
      for await (const result of replay) events.push(result)
      return { everything: await reader.query(EVERYTHING, variables()), nodes, events }
    }

    beforeAll(async () => {
      platform = await start()
      client = platform.client()
      workspace = await fillWorkspace(client)
      revoked = (
        await client.query(
          'mutation { apiKeyCreate(input: { name: "revoked", roles: [VIEWER] }) { apiKey { id } secret } }',
        )
      ).apiKeyCreate
      await client.query('mutation ($id: ID!) { apiKeyRevoke(id: $id) { apiKey { id } } }', revoked.apiKey)
      // The figures are counted by a durable message, which may still be on its way.
      await vi.waitFor(
        async () => expect((await client.query(EVERYTHING, variables())).knowledgeBase.metrics.answerCount).toBe(1),
        { timeout: 30_000, interval: 200 },
      )
      before = await readAll(client)
      await client.close()
      await platform.stop()
      await platform.start()
      client = platform.client()
    })
    afterAll(() => platform?.close())

    test('everything that was stored is read again as it was, every type of node included', async () => {
      expect(before.nodes.every(({ id }) => id)).toBe(true)
      expect(await readAll(client)).toEqual(before)
    })

    test('a key that was revoked before the restart stays revoked', async () => {
      expect((await platform.client(revoked.secret).request('{ viewer { subject } }')).status).toBe(401)
    })

    test('an upload announced before the restart takes its bytes and is ingested after it', async () => {
      const { node } = await client.query('query ($id: ID!) { node(id: $id) { ... on Upload { url sizeBytes } } }', {
        id: workspace.uploadId,
      })
      expect((await fetch(node.url, { method: 'PUT', body: 'Ten bytes.' })).status).toBe(201)
      const { ingestionJobCreate } = await client.query(
        'mutation ($input: IngestionJobCreateInput!) { ingestionJobCreate(input: $input) { ingestionJob { id } userErrors { message } } }',
        { input: { knowledgeBaseId: workspace.knowledgeBaseId, uploadIds: [workspace.uploadId] } },
      )
      expect(ingestionJobCreate.userErrors).toEqual([])
      expect(await client.waitForJob(ingestionJobCreate.ingestionJob.id)).toMatchObject({ status: 'SUCCEEDED' })
    })

    test('questions are answered after the restart as before', async () => {
      const [{ question, expected }] = HANDBOOK_QUESTIONS
      const outcome = await client.ask({ question, knowledgeBaseIds: [workspace.knowledgeBaseId], mode: 'EXTRACTIVE' })
      expect(outcome.text).toContain(expected)
    })
  })
}
