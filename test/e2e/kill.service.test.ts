// kill -9 while every step of ingestion, uploads and answers are really under way, every role a process of its own on PostgreSQL: a kill counts
// only when the stores show, with the process dead and not yet started again, that it left the work half done. Afterwards everything is finished,
// and what is stored is exactly what a second installation has that nobody disturbed.
import pg from 'pg'
import { expect, test, vi } from 'vitest'
import { openDatabase } from '#shared/database.ts'
import { HANDBOOK_QUESTIONS, readHandbook } from '../fixtures/handbook/handbook.ts'
import { ledgerDocument } from '../fixtures/ledger.ts'
import { canonicalDump, waitForQuiet } from '../harness/canonical-dump.ts'
import type { TestClient } from '../harness/client.ts'
import { startDetachedAnswer, waitForAnswer } from '../harness/detached-answers.ts'
import { expectEqualDumps } from '../harness/expect-equal-dumps.ts'
import { ANSWER_IS_UNDER_WAY, STEP_IS_UNDER_WAY, STEPS, type Step } from '../harness/half-done.ts'
import { waitForModels } from '../harness/models.ts'
import { openHalfUpload, partialUploads, patiently } from '../harness/patience.ts'
import { STORY_TIMEOUTS } from '../harness/platform-under-test.ts'
import { startRoles, type RoleName, type RunningRoles } from '../harness/roles.ts'
import { createSeededChance } from '../harness/seeded.ts'
import { ensurePostgresql, startPostgresql } from '../services/postgresql.ts'
import { describeWithService } from '../services/service.ts'

type Target = Step | 'UPLOAD' | 'ANSWER'
const KILLS_PER_TARGET = 4
/** The work may be over before the kill arrives. */
const TRIES_PER_KILL = 30

/** Who does the work, and dies: where two take part, one after the other. Answers are under way during many of the other kills, too. */
const VICTIMS: Record<Target, RoleName[]> = {
  FETCH: ['ingestion-worker'],
  EXTRACT: ['ingestion-worker'],
  CLEAN: ['ingestion-worker'],
  CHUNK: ['knowledge-worker'],
  EMBED: ['models', 'knowledge-worker'],
  INDEX: ['knowledge-worker'],
  LINK: ['graph-worker'],
  CHECK: ['knowledge-worker'],
  UPLOAD: ['ingestion'],
  ANSWER: ['knowledge', 'models'],
}

/** What was brought in and asked, so that another installation can be given the same. */
interface Given {
  ledgers: number[]
  uploads: number[]
  questions: string[]
}

describeWithService('on postgresql', await ensurePostgresql(), (installation) => {
  vi.setConfig({ ...STORY_TIMEOUTS, testTimeout: 1_800_000 })

  test('forty kills over all steps, uploads and answers leave nothing half done, doubled or lost', async () => {
    const chance = createSeededChance()
    console.log(`Seed of the kills: ${chance.seed}`)
    await using postgresql = await openPostgresql()
    const disturbed = await runDisturbed(await postgresql.createDatabase(), chance)
    console.log(`Kills, by what was under way: ${JSON.stringify(disturbed.kills)}`)
    for (const target of [...STEPS, 'UPLOAD', 'ANSWER'] as const) expect(disturbed.kills[target]).toBe(KILLS_PER_TARGET)
    const undisturbed = await runUndisturbed(await postgresql.createDatabase(), disturbed.given)
    expect(disturbed.dump['documents']!.length).toBe(
      disturbed.given.ledgers.length + disturbed.given.uploads.length + 4,
    )
    expectEqualDumps(disturbed.dump, undisturbed)
  })

  async function openPostgresql() {
    const server = await startPostgresql(installation)
    return { ...server, [Symbol.asyncDispose]: server.close }
  }
})

async function runDisturbed(databaseUrl: string, chance: ReturnType<typeof createSeededChance>) {
  const roles = await startRoles({ databaseUrl })
  const probe = new pg.Client({ connectionString: databaseUrl })
  await probe.connect()
  try {
    const client = roles.client()
    const bases = await prepare(client)
    const given: Given = { ledgers: [], uploads: [], questions: [] }
    const kills: Partial<Record<Target, number>> = {}
    let tryCount = 0
    const jobs: string[] = []
    const answers: string[] = []
    const context = { roles, client, probe, chance, bases, given, jobs, answers }
    const order: string[] = []
    const targets = chance.shuffled(
      [...STEPS, 'UPLOAD' as const, 'ANSWER' as const].flatMap((target) =>
        Array.from({ length: KILLS_PER_TARGET }, (): Target => target),
      ),
    )
    for (const target of targets) {
      const victims = VICTIMS[target]
      const victim = victims[(kills[target] ?? 0) % victims.length]!
      let wasHit = false
      for (let tries = 1; tries <= TRIES_PER_KILL && !wasHit; tries += 1) {
        tryCount += 1
        wasHit = await killDuring(context, target, victim)
      }
      if (!wasHit) throw new Error(`${victim} never died with ${target} half done.`)
      kills[target] = (kills[target] ?? 0) + 1
      order.push(`${target} (${victim})`)
    }
    console.log(`${targets.length} kills in ${tryCount} tries`)
    for (const job of jobs)
      expect(await client.waitForJob(job)).toMatchObject({ status: 'SUCCEEDED', failedItemCount: 0 })
    for (const answer of answers) await waitForAnswer(client, answer)
    console.log(`In this order: ${order.join(', ')}`)
    return { given, kills, dump: await dumpOf(roles) }
  } catch (error) {
    throw new Error(`While processes were killed: ${String(error)}\n${logsOf(roles)}`, { cause: error })
  } finally {
    await probe.end()
    await roles.close()
  }
}

type KillContext = {
  roles: RunningRoles
  client: TestClient
  probe: pg.Client
  chance: ReturnType<typeof createSeededChance>
  bases: { handbook: string; ledgers: string }
  given: Given
  jobs: string[]
  answers: string[]
}

/** Whether the victim died with the work half done. */
async function killDuring(context: KillContext, target: Target, victim: RoleName): Promise<boolean> {
  if (target === 'UPLOAD') return killDuringUpload(context, victim)
  if (target === 'ANSWER') return killDuringAnswers(context, victim)
  return killDuringStep(context, target, victim)
}

async function killDuringStep(context: KillContext, step: Step, victim: RoleName): Promise<boolean> {
  const { client, probe, chance, bases, given, jobs } = context
  const index = given.ledgers.length
  given.ledgers.push(index)
  const job = await patiently(() =>
    client.startJob({
      knowledgeBaseId: bases.ledgers,
      texts: [ledgerDocument(index)],
      idempotencyKey: `ledger ${index}`,
    }),
  )
  jobs.push(job)
  const isUnderWay = async () => (await probe.query(STEP_IS_UNDER_WAY[step], [job])).rowCount! > 0
  while (!(await isUnderWay())) {
    const { rows } = await probe.query(`select status from ingestion.item where job_id = $1`, [job])
    if (rows[0]?.status === 'SUCCEEDED' || rows[0]?.status === 'FAILED') return false
  }
  await atSomeMoment(chance, 10)
  return killAndRestart(context, victim, isUnderWay)
}

async function killDuringUpload(context: KillContext, victim: RoleName): Promise<boolean> {
  const { roles, client, chance, bases, given, jobs } = context
  const index = 1000 + given.uploads.length
  given.uploads.push(index)
  const { title, text } = ledgerDocument(index)
  const bytes = Buffer.from(text)
  const { uploadCreate } = await patiently(() =>
    client.query('mutation ($input: UploadCreateInput!) { uploadCreate(input: $input) { upload { id url } } }', {
      input: { fileName: `${title}.md`, sizeBytes: bytes.byteLength },
    }),
  )
  const { id, url } = uploadCreate.upload
  const before = await partialUploads(roles.dataDirectory)
  const isHalfHere = async () =>
    [...(await partialUploads(roles.dataDirectory))].some(
      ([name, sizeBytes]) => !before.has(name) && sizeBytes > 0 && sizeBytes < bytes.byteLength,
    )
  const half = await openHalfUpload(url, bytes)
  await expect.poll(isHalfHere, { interval: 5, timeout: 10_000 }).toBe(true)
  await atSomeMoment(chance, 100)
  const wasHalfHere = await killAndRestart(context, victim, isHalfHere)
  await half.drop()
  const response = await patiently(() => fetch(url, { method: 'PUT', body: bytes as never }))
  expect([201, 409]).toContain(response.status)
  jobs.push(
    await patiently(async () => {
      const { ingestionJobCreate } = await client.query(
        'mutation ($input: IngestionJobCreateInput!) { ingestionJobCreate(input: $input) { ingestionJob { id } userErrors { message } } }',
        { input: { knowledgeBaseId: bases.ledgers, uploadIds: [id], idempotencyKey: title } },
      )
      expect(ingestionJobCreate.userErrors).toEqual([])
      return ingestionJobCreate.ingestionJob.id as string
    }),
  )
  return wasHalfHere
}

async function killDuringAnswers(context: KillContext, victim: RoleName): Promise<boolean> {
  const { client, probe, chance, bases, given, answers } = context
  const asked = await Promise.all(
    HANDBOOK_QUESTIONS.map(({ question }) => startDetachedAnswer(client, bases.handbook, question)),
  )
  given.questions.push(...HANDBOOK_QUESTIONS.map(({ question }) => question))
  answers.push(...asked)
  await atSomeMoment(chance, 100)
  return killAndRestart(context, victim, async () => (await probe.query(ANSWER_IS_UNDER_WAY, [asked])).rowCount! > 0)
}

const atSomeMoment = (chance: KillContext['chance'], withinMs: number) =>
  new Promise((resolve) => setTimeout(resolve, chance.below(withinMs)))

/** What `isUnderWay` says while the victim is dead. */
async function killAndRestart(
  { roles }: KillContext,
  victim: RoleName,
  isUnderWay: () => Promise<boolean>,
): Promise<boolean> {
  await roles.kill(victim)
  const wasUnderWay = await isUnderWay()
  await roles.start(victim)
  return wasUnderWay
}

async function runUndisturbed(databaseUrl: string, given: Given) {
  const roles = await startRoles({ databaseUrl })
  try {
    const client = roles.client()
    const { handbook, ledgers } = await prepare(client)
    const files = given.uploads.map(ledgerDocument).map(({ title, text }) => ({
      name: `${title}.md`,
      bytes: Buffer.from(text),
    }))
    for (let from = 0; from < given.ledgers.length; from += 100) {
      const texts = given.ledgers.slice(from, from + 100).map(ledgerDocument)
      expect(await client.ingest({ knowledgeBaseId: ledgers, texts })).toMatchObject({ status: 'SUCCEEDED' })
    }
    expect(await client.ingest({ knowledgeBaseId: ledgers, files })).toMatchObject({ status: 'SUCCEEDED' })
    for (const question of given.questions)
      await waitForAnswer(client, await startDetachedAnswer(client, handbook, question))
    return await dumpOf(roles)
  } finally {
    await roles.close()
  }
}

async function prepare(client: TestClient) {
  await waitForModels(client)
  const handbook = await client.createKnowledgeBase('Handbook')
  const ledgers = await client.createKnowledgeBase('Ledgers')
  expect(await client.ingest({ knowledgeBaseId: handbook, files: readHandbook() })).toMatchObject({
    status: 'SUCCEEDED',
  })
  return { handbook, ledgers }
}

/** What the roles had to say beside that they are ready. */
function logsOf(roles: RunningRoles): string {
  return roles.roles
    .map((role) => `${role}:\n${roles.output(role).slice(-2000)}`)
    .filter((text) => text.split('\n').length > 2)
    .join('\n\n')
}

async function dumpOf(roles: RunningRoles) {
  const database = await openDatabase({ location: { url: roles.databaseUrl }, poolSize: 2 })
  try {
    await waitForQuiet(database)
    return await canonicalDump(database, roles.dataDirectory)
  } finally {
    await database.close()
  }
}
