// kill -9 of the stores themselves, and of each kind of process beside them, while documents are ingested, files uploaded and questions answered
// on a cluster: a store is away for a moment and comes back, a process is started again. A kill counts when it is seen that the victim died
// with its work half done (kill-cluster/works.ts). Afterwards everything is finished, nothing is lost or doubled, and clients see exactly
// what a second installation shows that nobody disturbed.
//
// models-worker is no victim: all it does is to end generations whose process died, which each models process does, too (kill-generative.ts).
import { setTimeout as wait } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import { expect, test, vi } from 'vitest'
import { openDatabase, rowsOf } from '#shared/database.ts'
import { HANDBOOK_QUESTIONS, readHandbook } from '../../fixtures/handbook/handbook.ts'
import { ledgerDocument } from '../../fixtures/ledger.ts'
import { waitForQuiet } from '../../harness/canonical-dump.ts'
import type { TestClient } from '../../harness/client.ts'
import { startRolesOnCluster } from '../../harness/cluster.ts'
import { contentDump } from '../../harness/content-dump.ts'
import { expectEqualDumps } from '../../harness/expect-equal-dumps.ts'
import { waitForModels } from '../../harness/models.ts'
import { patiently } from '../../harness/patience.ts'
import { STORY_TIMEOUTS } from '../../harness/platform-under-test.ts'
import type { RoleName, RunningRoles } from '../../harness/roles.ts'
import { createSeededChance } from '../../harness/seeded.ts'
import type { ClusterInstallation, ClusterServiceName, RunningCluster } from '../../services/cluster.ts'
import {
  answersUnderWay,
  documentUnderWay,
  requestsUnderWay,
  uploadUnderWay,
  usageUnderWay,
  vectorsUnderWay,
} from './kill-cluster/works.ts'
import type { BeginWork, KillWorld } from './kill-cluster/world.ts'

export type Victim = ClusterServiceName | Exclude<RoleName, 'accounts-worker' | 'models-worker'>

/** What has to be half done when each dies. */
const WORK: Record<Victim, BeginWork> = {
  postgresql: documentUnderWay,
  redis: documentUnderWay,
  neo4j: documentUnderWay,
  qdrant: documentUnderWay,
  weaviate: documentUnderWay,
  chroma: documentUnderWay,
  s3: documentUnderWay,
  ollama: vectorsUnderWay,
  'ingestion-worker': documentUnderWay,
  'knowledge-worker': documentUnderWay,
  'graph-worker': documentUnderWay,
  'metrics-worker': usageUnderWay,
  // Its client loses the line on which it follows the document.
  gateway: documentUnderWay,
  ingestion: uploadUnderWay,
  models: vectorsUnderWay,
  knowledge: answersUnderWay,
  accounts: requestsUnderWay('{ viewer { subject workspace { id name } } apiKeys { id name } }'),
  graph: requestsUnderWay(
    'query ($id: ID!) { knowledgeBase(id: $id) { entities { nodes { id name relationships { nodes { id type } } } } } }',
  ),
  metrics: requestsUnderWay('query ($id: ID!) { knowledgeBase(id: $id) { metrics { searchCount } } }'),
}

/** Its work may be over before the kill arrives. */
const TRIES_PER_KILL = 30
const AWAY_MS = 1_500

/** `kills`: how often each victim dies with its work half done. */
export function killClusterStory(installation: ClusterInstallation, kills: Partial<Record<Victim, number>>): void {
  vi.setConfig({ ...STORY_TIMEOUTS, testTimeout: 1_200_000 })

  test(`killed stores and roles leave nothing half done, doubled or lost, on ${installation.title}`, async () => {
    const chance = createSeededChance()
    console.log(`Seed of the kills: ${chance.seed}`)
    const victims = chance.shuffled(
      Object.entries(kills).flatMap(([victim, count]) => Array.from({ length: count }, () => victim as Victim)),
    )
    const cluster = await installation.start()
    try {
      const disturbed = await onPlatform(cluster, (roles, bases) =>
        disturb({ cluster, roles, client: roles.client(), chance, bases, ledgerCount: 0 }, victims),
      )
      const undisturbed = await onPlatform(cluster, async (roles, { ledgers }) => {
        const client = roles.client()
        const texts = Array.from({ length: disturbed.ledgerCount }, (_, index) => ledgerDocument(index))
        expect(await client.ingest({ knowledgeBaseId: ledgers, texts })).toMatchObject({ status: 'SUCCEEDED' })
        return texts.length
      })
      expectEqualDumps(disturbed.dump, undisturbed.dump)
    } finally {
      await cluster.close()
    }
  })
}

/** The work on an installation of its own, which answers how many ledgers it brought in, and what clients see of it in the end. */
async function onPlatform(
  cluster: RunningCluster,
  work: (roles: RunningRoles, bases: KillWorld['bases']) => Promise<number>,
) {
  const roles = await startRolesOnCluster(cluster)
  try {
    const client = roles.client()
    await waitForModels(client)
    const handbook = await client.createKnowledgeBase('Handbook')
    const ledgers = await client.createKnowledgeBase('Ledgers')
    expect(await client.ingest({ knowledgeBaseId: handbook, files: readHandbook() })).toMatchObject({
      status: 'SUCCEEDED',
    })
    const ledgerCount = await work(roles, { handbook, ledgers })
    await expectUsageOnce(roles)
    return { ledgerCount, dump: await contentDump(client, ledgers) }
  } catch (error) {
    const said = roles.roles.map((role) => `${role}:\n${roles.output(role).slice(-1500)}`).join('\n\n')
    throw new Error(`${String(error)}\n${said}`, { cause: error })
  } finally {
    await roles.close()
  }
}

/** Kills them one after the other. Answers how many ledgers were brought in. */
async function disturb(world: KillWorld, victims: readonly Victim[]): Promise<number> {
  const { client, bases } = world
  const finishing: Promise<void>[] = []
  let tryCount = 0
  for (const victim of victims) {
    let wasHit = false
    for (let tries = 0; tries < TRIES_PER_KILL && !wasHit; tries += 1) {
      const { question, expected } = HANDBOOK_QUESTIONS[tryCount % HANDBOOK_QUESTIONS.length]!
      tryCount += 1
      finishing.push(expectAnswer(client, bases.handbook, question, expected))
      const work = await WORK[victim](world)
      wasHit = await killAndRestart(world, victim, work.isHalfDone)
      finishing.push(work.finish())
      // Told at the end, whichever comes first.
      for (const each of finishing.slice(-2)) each.catch(() => undefined)
    }
    expect(wasHit, `${victim} never died with its work half done`).toBe(true)
  }
  console.log(`${victims.length} kills in ${tryCount} tries: ${victims.join(', ')}`)
  await Promise.all(finishing)
  return world.ledgerCount
}

/** Whether the victim died with the work half done. */
async function killAndRestart(
  { cluster, roles }: KillWorld,
  victim: Victim,
  isHalfDone: () => Promise<boolean>,
): Promise<boolean> {
  const service = cluster.services.get(victim as ClusterServiceName)
  if (!service) {
    await roles.kill(victim as RoleName)
    const wasHalfDone = await isHalfDone()
    await roles.start(victim as RoleName)
    return wasHalfDone
  }
  await service.stop('SIGKILL')
  // Nothing ends while the database is dead, so that it can be asked afterwards.
  const asked = victim === 'postgresql' ? null : await isHalfDone()
  await wait(AWAY_MS)
  await service.start()
  return asked ?? isHalfDone()
}

/** Every completed answer is counted, and once, whoever died on the way. */
async function expectUsageOnce({ databaseUrl }: RunningRoles): Promise<void> {
  const database = await openDatabase({ location: { url: databaseUrl }, poolSize: 1 })
  try {
    await waitForQuiet(database)
    const ids = async (query: string) =>
      (await rowsOf<{ id: string }>(database.sql, sql.raw(query))).map(({ id }) => id)
    const counted = await ids(`select event_id as id from metrics.usage_event where kind = 'ANSWER' order by 1`)
    expect(counted).toEqual(
      await ids(`select 'answer:' || id as id from knowledge.answer where status = 'COMPLETED' order by 1`),
    )
  } finally {
    await database.close()
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
