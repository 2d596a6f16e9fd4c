// A workspace that real platforms have filled moves from one process over embedded stores to a cluster with a process per role, and back. It is the same
// item by item in each house, and answers the same question the same way.
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { HANDBOOK_QUESTIONS } from '../../fixtures/handbook/handbook.ts'
import { fillWorkspace, type HandbookWorkspace } from './handbook-workspace.ts'
import type { CanonicalDump } from '../../harness/canonical-dump.ts'
import type { TestClient } from '../../harness/client.ts'
import { expectEqualDumps } from '../../harness/expect-equal-dumps.ts'
import { STORY_TIMEOUTS } from '../../harness/platform-under-test.ts'
import { startRoles } from '../../harness/roles.ts'
import { startStandalone, type RunningStandalone } from '../../harness/standalone.ts'
import { killAll, start } from '../../../deploy/standalone/start-process.fixture.ts'
import { dumpWorkspace, withInstallation } from '../../../deploy/transfer/installation.fixture.ts'

const [{ question, expected }] = HANDBOOK_QUESTIONS

export interface ClusterToMoveTo {
  /** What its roles read, DATABASE_URL among it. */
  environment: Record<string, string>
  /** Whether everything but vectors lies in its database and in files. */
  isReadable: boolean
  close(): Promise<void>
}

export function movingStory(profile: string, startCluster: () => Promise<ClusterToMoveTo>): void {
  vi.setConfig(STORY_TIMEOUTS)
  describe(`between one process and ${profile}`, () => {
    let servers: ClusterToMoveTo
    let cluster: Record<string, string>
    let first: RunningStandalone
    let last: RunningStandalone
    let root: string
    let workspace: HandbookWorkspace
    let original: CanonicalDump
    let answered: unknown
    const place = (name: string) => path.join(root, name)

    beforeAll(async () => {
      root = await mkdtemp(path.join(os.tmpdir(), 'tributary-move-profiles-'))
      servers = await startCluster()
      cluster = { ...servers.environment, TRIBUTARY_DATA_DIR: place('cluster') }
      first = await startStandalone()
      workspace = await fillWorkspace(first.client())
      answered = await ask(first.client())
      await first.stop()
    })
    afterAll(async () => {
      killAll()
      await last?.close()
      await first?.close()
      await servers?.close()
      await rm(root, { recursive: true, force: true })
    })

    /** What is said, and what it rests on, by the ids of documents and chunks. */
    async function ask(client: TestClient) {
      const { text, citations, answer } = await client.ask({
        question,
        knowledgeBaseIds: [workspace.knowledgeBaseId],
        mode: 'EXTRACTIVE',
      })
      expect(text).toContain(expected)
      return { text, citations, verdict: answer.verdict, model: answer.model }
    }

    async function run(environment: NodeJS.ProcessEnv, ...words: string[]): Promise<string> {
      const { status, stdout, output } = await start(words, { environment }).ended
      expect(status, output).toBe(0)
      return stdout
    }

    const keyIn = (said: string) => /shown this once: (trb_\S+)/.exec(said)![1]!

    test('there and back it is the same item by item', { timeout: 600_000 }, async () => {
      // Figures are counted by durable messages: one that was on its way when the platform ended is handled when it runs again.
      await vi.waitFor(
        async () => {
          const outcome = await start([
            'export',
            '--data-dir',
            first.dataDirectory,
            '--to',
            place('outward'),
            '--workspace',
            workspace.workspaceId,
          ]).ended
          if (outcome.status === 0) return
          expect(outcome.output).toContain('unhandled message')
          await first.start()
          await first.client().query('{ viewer { subject } }')
          await first.stop()
          throw new Error(outcome.output)
        },
        { timeout: 200_000, interval: 100 },
      )
      await withInstallation({ dataDirectory: first.dataDirectory }, async (stores) => {
        original = await dumpWorkspace(stores, workspace.workspaceId)
      })
      expect(original['search entries']!.length).toBeGreaterThan(4)

      const key = keyIn(await run(cluster, 'import', place('outward')))
      if (servers.isReadable)
        await withInstallation({ environment: cluster }, async (stores) =>
          expectEqualDumps(await dumpWorkspace(stores, workspace.workspaceId), original),
        )
      await run(cluster, 'export', '--to', place('homeward'))

      last = await startStandalone()
      await last.stop()
      const lastKey = keyIn(await run({}, 'import', place('homeward'), '--data-dir', last.dataDirectory))
      await withInstallation({ dataDirectory: last.dataDirectory }, async (stores) =>
        expectEqualDumps(await dumpWorkspace(stores, workspace.workspaceId), original),
      )

      const roles = await startRoles({ databaseUrl: cluster['DATABASE_URL']!, environment: cluster })
      try {
        expect(await ask(roles.client(key))).toEqual(answered)
        const more =
          'query ($job: ID!) { answers { nodes { question } } ingestionJob(id: $job) { status items { nodes { document { id } } } } }'
        const { answers, ingestionJob } = await roles.client(key).query(more, { job: workspace.jobId })
        expect(answers.nodes).toHaveLength(3)
        expect(ingestionJob.status).toBe('SUCCEEDED')
      } finally {
        await roles.close()
      }
      await last.start()
      expect(await ask(last.client(lastKey))).toEqual(answered)
    })
  })
}
