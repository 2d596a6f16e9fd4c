// A store of a cluster is away, for half a minute or until its work was tried in vain several times: it is stopped, or it accepts and never answers. What needs it fails soon with a code that says
// that trying again helps, and what does not is answered as ever; work that was begun waits, and is finished once, after the store is
// back, without anybody's help.
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { readHandbook } from '../../fixtures/handbook/handbook.ts'
import { ledgerDocument } from '../../fixtures/ledger.ts'
import type { TestClient } from '../../harness/client.ts'
import { startRolesOnCluster } from '../../harness/cluster.ts'
import { contentDump } from '../../harness/content-dump.ts'
import { expectEqualDumps } from '../../harness/expect-equal-dumps.ts'
import { JOB_IS_FINISHED } from '../../harness/half-done.ts'
import { waitForModels } from '../../harness/models.ts'
import { patiently } from '../../harness/patience.ts'
import { STORY_TIMEOUTS } from '../../harness/platform-under-test.ts'
import type { RunningRoles } from '../../harness/roles.ts'
import type { ClusterServiceName, RunningCluster } from '../../services/cluster.ts'
import { CALLS, JOB_CREATE, Refused, type Answered, type CallContext, type CallName } from './absent-store/calls.ts'

type Ending = 'answered' | 'refused' | 'waits'

export interface Absence {
  store: ClusterServiceName
  /** Stopped: nothing listens. Silent: it accepts and never answers. */
  how: 'stopped' | 'silent'
  /** How each call ends meanwhile. */
  calls: Record<CallName, Ending>
  /** Whether a document that was begun before is finished meanwhile; null where only the store that is away could tell. */
  isDocumentFinished: boolean | null
  /** How often that document is tried in vain before the store comes back. Default: it comes back after half a minute. */
  vainTries?: number
}

const CALL_NAMES = Object.keys(CALLS) as CallName[]
/** How often a message about the job's documents is or was to be delivered again; $1 is the job. */
const VAIN_TRIES = `select coalesce(max(j.retry_count + (j.state = 'retry')::int), 0) as tries from ingestion.item i join queue.job j
  on i.document_id = j.data ->> 'documentId' or i.id = j.data ->> 'itemId' where i.job_id = $1`
const AWAY_MS = 30_000
/** What a person waits for: a call meanwhile, and all of them when the store is back. */
const SOON_MS = 20_000
const PATIENCE = { timeout: 90_000, interval: 250 }

/** One test for each of the absences, one after the other on the same installation. */
export function absentStoreStory(
  profile: string,
  start: () => Promise<RunningCluster>,
  absences: readonly Absence[],
): void {
  vi.setConfig({ ...STORY_TIMEOUTS, testTimeout: 240_000 })
  describe(`a store that is away, ${profile}`, () => {
    let cluster: RunningCluster
    let roles: RunningRoles
    let client: TestClient
    let bases: CallContext['bases']
    /** How many were brought in, and which of them as files; the others are texts. */
    let ledgerCount = 0
    const asFiles = new Set<number>()

    beforeAll(async () => {
      cluster = await start()
      roles = await startRolesOnCluster(cluster)
      client = roles.client()
      await waitForModels(client)
      bases = {
        handbook: await client.createKnowledgeBase('Handbook'),
        ledgers: await client.createKnowledgeBase('Ledgers'),
      }
      expect(await client.ingest({ knowledgeBaseId: bases.handbook, files: readHandbook() })).toMatchObject({
        status: 'SUCCEEDED',
      })
    })
    afterAll(async () => {
      await roles?.close()
      await cluster?.close()
    })

    /** Begins a call of a client; `settled` is what it has in the end, repeated after each refusal. */
    function begin(name: CallName) {
      const isBringingIn = name === 'job' || name === 'upload'
      const ledger = isBringingIn ? ledgerCount++ : 0
      if (name === 'upload') asFiles.add(ledger)
      const call = (): Promise<Answered> => CALLS[name]({ client, bases, ledger })
      const first = call()
      const ending = first.then(
        (): Ending => 'answered',
        (error: unknown): Ending => {
          if (error instanceof Refused) return 'refused'
          throw error
        },
      )
      const settled = () =>
        first.catch((error: unknown) => {
          if (error instanceof Refused) return patiently(call)
          throw error
        })
      return { name, ending, settled }
    }

    async function endingsOf(calls: readonly ReturnType<typeof begin>[]): Promise<Record<string, Ending>> {
      const soon = wait(SOON_MS, 'waits' as const)
      const endings = await Promise.all(
        calls.map(async ({ name, ending }) => [name, await Promise.race([ending, soon])] as const),
      )
      return Object.fromEntries(endings)
    }

    test.each(absences)('$store is $how', async ({ store, how, calls, isDocumentFinished, vainTries }) => {
      const service = cluster.services.get(store)!
      const { job: before } = await begin('job').settled()
      const backAt = performance.now() + AWAY_MS
      if (how === 'silent') service.pause()
      else await service.stop('SIGKILL')
      const open: ReturnType<typeof begin>[] = []
      try {
        open.push(...CALL_NAMES.map(begin))
        expect(await endingsOf(open)).toEqual(calls)
        if (vainTries === undefined) await wait(backAt - performance.now())
        else await expect.poll(() => triesOf(roles, before!), PATIENCE).toBeGreaterThanOrEqual(vainTries)
        if (isDocumentFinished !== null) expect(await isFinished(roles, before!)).toBe(isDocumentFinished)
      } finally {
        if (how === 'silent') service.resume()
        else await service.start()
      }

      // What waits comes to its end by itself.
      const backSince = performance.now()
      const answers = await Promise.all(open.map(({ settled }) => settled()))
      expect(performance.now() - backSince).toBeLessThan(SOON_MS)
      const jobs = [before!]
      for (const { job, uploadId } of answers) {
        if (job !== undefined) jobs.push(job)
        if (uploadId !== undefined) jobs.push(await patiently(() => ingestUpload(uploadId)))
      }
      for (const job of jobs)
        expect(await client.waitForJob(job)).toMatchObject({ status: 'SUCCEEDED', completedItemCount: 1 })
    })

    async function ingestUpload(uploadId: string): Promise<string> {
      const { ingestionJobCreate } = await client.query(JOB_CREATE, {
        input: { knowledgeBaseId: bases.ledgers, uploadIds: [uploadId], idempotencyKey: uploadId },
      })
      return ingestionJobCreate.ingestionJob.id
    }

    test('what came in meanwhile is there once, as if nothing had been away', async () => {
      const control = await client.createKnowledgeBase('Control')
      const ledgers = Array.from({ length: ledgerCount }, (_, index) => index)
      const texts = ledgers.filter((index) => !asFiles.has(index)).map(ledgerDocument)
      const files = ledgers
        .filter((index) => asFiles.has(index))
        .map(ledgerDocument)
        .map(({ title, text }) => ({ name: `${title}.md`, bytes: Buffer.from(text) }))
      expect(await client.ingest({ knowledgeBaseId: control, texts, files })).toMatchObject({ status: 'SUCCEEDED' })
      expectEqualDumps(await contentDump(client, bases.ledgers), await contentDump(client, control))
    })
  })
}

const isFinished = async (roles: RunningRoles, job: string): Promise<boolean> =>
  (await rowsOf(roles, JOB_IS_FINISHED, [job])).length > 0

async function triesOf(roles: RunningRoles, job: string): Promise<number> {
  const [row] = await rowsOf<{ tries: number }>(roles, VAIN_TRIES, [job])
  return row!.tries
}

async function rowsOf<Row extends pg.QueryResultRow>(
  { databaseUrl }: RunningRoles,
  query: string,
  parameters: unknown[],
): Promise<Row[]> {
  const database = new pg.Client({ connectionString: databaseUrl })
  await database.connect()
  try {
    return (await database.query<Row>(query, parameters)).rows
  } finally {
    await database.end()
  }
}
