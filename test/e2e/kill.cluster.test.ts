// kill -9 of the stores themselves, and of roles beside them, while documents are ingested and questions answered on a cluster: each store is
// away for a moment and comes back. A kill counts when the database shows, with the victim dead, that a document was under way. Afterwards
// everything is finished, nothing is lost or doubled, and clients see exactly what a second installation shows that nobody disturbed.
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { expect, test, vi } from 'vitest'
import { HANDBOOK_QUESTIONS, readHandbook } from '../fixtures/handbook/handbook.ts'
import { ledgerDocument } from '../fixtures/ledger.ts'
import type { TestClient } from '../harness/client.ts'
import { startRolesOnCluster } from '../harness/cluster.ts'
import { contentDump } from '../harness/content-dump.ts'
import { expectEqualDumps } from '../harness/expect-equal-dumps.ts'
import { waitForModels } from '../harness/models.ts'
import { patiently } from '../harness/patience.ts'
import { STORY_TIMEOUTS } from '../harness/platform-under-test.ts'
import type { RoleName, RunningRoles } from '../harness/roles.ts'
import { createSeededChance, type SeededChance } from '../harness/seeded.ts'
import { ensureCluster, type RunningCluster } from '../services/cluster.ts'
import { describeWithService } from '../services/service.ts'

/** Each of these dies this many times with a document half done. */
const VICTIMS = [
  'postgresql',
  'redis',
  'neo4j',
  'qdrant',
  's3',
  'knowledge-worker',
  'graph-worker',
  'ingestion-worker',
] as const
type Victim = (typeof VICTIMS)[number]
const KILLS_PER_VICTIM = 2
/** The work may be over before the kill arrives. */
const TRIES_PER_KILL = 30
/** A document takes about this long. */
const MOMENT_MS = 900
const AWAY_MS = 1_500
const UNFINISHED_ITEM = `select 1 from ingestion.item where job_id = $1 and status in ('QUEUED', 'RUNNING')`

describeWithService('a cluster whose stores are killed', await ensureCluster('qdrant'), (installation) => {
  vi.setConfig({ ...STORY_TIMEOUTS, testTimeout: 1_200_000 })

  test('killed stores and roles leave nothing half done, doubled or lost', async () => {
    const chance = createSeededChance()
    console.log(`Seed of the kills: ${chance.seed}`)
    const cluster = await installation.start()
    try {
      const disturbed = await onPlatform(cluster, (roles, bases) => disturb({ cluster, roles, chance, bases }))
      const undisturbed = await onPlatform(cluster, async (roles, { ledgers }) => {
        const client = roles.client()
        const texts = Array.from({ length: disturbed.result }, (_, index) => ledgerDocument(index))
        expect(await client.ingest({ knowledgeBaseId: ledgers, texts })).toMatchObject({ status: 'SUCCEEDED' })
        return texts.length
      })
      expectEqualDumps(disturbed.dump, undisturbed.dump)
    } finally {
      await cluster.close()
    }
  })
})

interface Bases {
  handbook: string
  ledgers: string
}

/** The work on an installation of its own, and what clients see of it in the end. */
async function onPlatform(cluster: RunningCluster, work: (roles: RunningRoles, bases: Bases) => Promise<number>) {
  const roles = await startRolesOnCluster(cluster)
  try {
    const client = roles.client()
    await waitForModels(client)
    const handbook = await client.createKnowledgeBase('Handbook')
    const ledgers = await client.createKnowledgeBase('Ledgers')
    expect(await client.ingest({ knowledgeBaseId: handbook, files: readHandbook() })).toMatchObject({
      status: 'SUCCEEDED',
    })
    const result = await work(roles, { handbook, ledgers })
    return { result, dump: await contentDump(client, ledgers) }
  } catch (error) {
    const said = roles.roles.map((role) => `${role}:\n${roles.output(role).slice(-1500)}`).join('\n\n')
    throw new Error(`${String(error)}\n${said}`, { cause: error })
  } finally {
    await roles.close()
  }
}

interface Disturbance {
  cluster: RunningCluster
  roles: RunningRoles
  chance: SeededChance
  bases: Bases
}

/** Answers how many ledgers were brought in. */
async function disturb(disturbance: Disturbance): Promise<number> {
  const { roles, chance, bases } = disturbance
  const client = roles.client()
  const jobs: string[] = []
  const answers: Promise<void>[] = []
  const victims = chance.shuffled(VICTIMS.flatMap((victim) => Array.from({ length: KILLS_PER_VICTIM }, () => victim)))
  for (const victim of victims) {
    let wasHit = false
    for (let tries = 0; tries < TRIES_PER_KILL && !wasHit; tries += 1) {
      const { question, expected } = HANDBOOK_QUESTIONS[jobs.length % HANDBOOK_QUESTIONS.length]!
      answers.push(expectAnswer(client, bases.handbook, question, expected))
      const index = jobs.length
      const texts = [ledgerDocument(index)]
      const job = await patiently(() =>
        client.startJob({ knowledgeBaseId: bases.ledgers, texts, idempotencyKey: `ledger ${index}` }),
      )
      jobs.push(job)
      await wait(chance.below(MOMENT_MS))
      wasHit = await killAndRestart(disturbance, victim, job)
    }
    expect(wasHit, `${victim} never died with a document half done`).toBe(true)
  }
  console.log(`${victims.length} kills in ${jobs.length} tries: ${victims.join(', ')}`)
  const ended = []
  for (const job of jobs) ended.push(await client.waitForJob(job))
  const failed = ended.filter(({ status, completedItemCount }) => status !== 'SUCCEEDED' || completedItemCount !== 1)
  expect(failed, JSON.stringify(failed, null, 2)).toEqual([])
  await Promise.all(answers)
  return jobs.length
}

/** Whether the victim died with the job's only document half done. */
async function killAndRestart({ cluster, roles }: Disturbance, victim: Victim, job: string): Promise<boolean> {
  const isUnderWay = () => hasUnfinishedItem(roles.databaseUrl, job)
  const service = cluster.services.get(victim)
  if (!service) {
    await roles.kill(victim as RoleName)
    const wasUnderWay = await isUnderWay()
    await roles.start(victim as RoleName)
    return wasUnderWay
  }
  await service.stop('SIGKILL')
  // Nothing ends while the database is dead, so that it can be asked afterwards.
  const asked = victim === 'postgresql' ? null : await isUnderWay()
  await wait(AWAY_MS)
  await service.start()
  return asked ?? isUnderWay()
}

async function hasUnfinishedItem(connectionString: string, job: string): Promise<boolean> {
  const database = new pg.Client({ connectionString })
  await database.connect()
  try {
    const { rowCount } = await database.query(UNFINISHED_ITEM, [job])
    return rowCount! > 0
  } finally {
    await database.end()
  }
}

/** Asked until it is answered: an answer whose store went away ends as one that may be asked again. */
async function expectAnswer(client: TestClient, knowledgeBaseId: string, question: string, expected: string) {
  const text = await patiently(async () => {
    const outcome = await client.ask({ question, knowledgeBaseIds: [knowledgeBaseId], mode: 'EXTRACTIVE' })
    const last = outcome.events.at(-1)
    if (last.__typename !== 'AnswerCompleted') throw new Error(`${last.code}: ${last.message}`)
    return outcome.text
  })
  expect(text).toContain(expected)
}
