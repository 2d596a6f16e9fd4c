// kill -9 of the one process over embedded stores, each time another step of ingestion has just ended, or while an upload or answers are under
// way, which counts only when the stores of the dead process show it. Started again it goes on by itself, and ends with exactly what an undisturbed installation has.
import { cp, mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { sql } from 'drizzle-orm'
import { expect, test, vi } from 'vitest'
import { openDatabase, rowsOf } from '#shared/database.ts'
import { HANDBOOK_QUESTIONS, readHandbook } from '../fixtures/handbook/handbook.ts'
import { ledgerDocument } from '../fixtures/ledger.ts'
import { canonicalDump, openMessages } from '../harness/canonical-dump.ts'
import type { TestClient } from '../harness/client.ts'
import { startDetachedAnswer, waitForAnswer } from '../harness/detached-answers.ts'
import { expectEqualDumps } from '../harness/expect-equal-dumps.ts'
import { waitForModels } from '../harness/models.ts'
import { openHalfUpload, partialUploads, patiently } from '../harness/patience.ts'
import { STORY_TIMEOUTS } from '../harness/platform-under-test.ts'
import { createSeededChance, type SeededChance } from '../harness/seeded.ts'
import { startStandalone, type RunningStandalone } from '../harness/standalone.ts'

vi.setConfig({ ...STORY_TIMEOUTS, testTimeout: 900_000 })

const STEPS = ['FETCH', 'EXTRACT', 'CLEAN', 'CHUNK', 'EMBED', 'INDEX', 'LINK', 'CHECK'] as const
const LEDGERS = 8
const UPLOAD = ledgerDocument(1000)
/** An answer may be there before the kill arrives. */
const TRIES_PER_KILL = 10
const STARTS_UNTIL_QUIET = 5

test('ten kills of the one process leave nothing half done, doubled or lost', async () => {
  const chance = createSeededChance()
  console.log(`Seed of the kills: ${chance.seed}`)
  const disturbed = await run(async (platform, work) => {
    const targets = chance.shuffled<Target>([...STEPS, 'UPLOAD', 'ANSWER'])
    let kills = 0
    for (const target of targets) if (await killSome(target, platform, work, chance)) kills += 1
    return kills
  })
  const undisturbed = await run(async (_platform, work) => {
    for (let asked = 0; asked < disturbed.answerCount; asked += HANDBOOK_QUESTIONS.length) await work.ask()
    return 0
  })
  expect(disturbed.kills).toBe(10)
  expectEqualDumps(disturbed.dump, undisturbed.dump)
})

type Target = (typeof STEPS)[number] | 'UPLOAD' | 'ANSWER'

interface Work {
  client: TestClient
  handbook: string
  ledgers: string
  /** One job per ledger, begun one after the other. */
  startNext: () => Promise<string>
  upload: { id: string; url: string }
  answers: string[]
  ask: () => Promise<void>
}

/** The same work in an installation of its own, disturbed or not, and what is stored in the end. */
async function run(disturb: (platform: RunningStandalone, work: Work) => Promise<number>) {
  const platform = await startStandalone()
  try {
    const client = platform.client()
    await waitForModels(client)
    const handbook = await client.createKnowledgeBase('Handbook')
    const ledgers = await client.createKnowledgeBase('Ledgers')
    await client.ingest({ knowledgeBaseId: handbook, files: readHandbook() })
    const { uploadCreate } = await client.query(
      'mutation ($input: UploadCreateInput!) { uploadCreate(input: $input) { upload { id url } } }',
      { input: { fileName: 'Upload.md', sizeBytes: Buffer.byteLength(UPLOAD.text) } },
    )
    const jobs: string[] = []
    const answers: string[] = []
    const startNext = async () => {
      const index = jobs.length
      const job = await client.startJob({
        knowledgeBaseId: ledgers,
        texts: [ledgerDocument(index)],
        idempotencyKey: `ledger ${index}`,
      })
      jobs.push(job)
      return job
    }
    const ask = async () => {
      answers.push(
        ...(await Promise.all(
          HANDBOOK_QUESTIONS.map(({ question }) => startDetachedAnswer(client, handbook, question)),
        )),
      )
    }
    const work = { client, handbook, ledgers, startNext, upload: uploadCreate.upload, answers, ask }
    const kills = await disturb(platform, work)

    while (jobs.length < LEDGERS) await startNext()
    const put = await patiently(() => fetch(work.upload.url, { method: 'PUT', body: UPLOAD.text }))
    expect([201, 409]).toContain(put.status)
    const { ingestionJobCreate } = await client.query(
      'mutation ($input: IngestionJobCreateInput!) { ingestionJobCreate(input: $input) { ingestionJob { id } } }',
      { input: { knowledgeBaseId: ledgers, uploadIds: [work.upload.id] } },
    )
    for (const job of [...jobs, ingestionJobCreate.ingestionJob.id])
      expect(await client.waitForJob(job)).toMatchObject({ status: 'SUCCEEDED' })
    for (const answer of answers) await waitForAnswer(client, answer)
    return { kills, answerCount: answers.length, dump: await stopAndDump(platform, client) }
  } catch (error) {
    throw new Error(`${String(error)}\n${platform.output()}`, { cause: error })
  } finally {
    await platform.close()
  }
}

/** Whether it died, in one of some tries, with the work half done. */
async function killSome(target: Target, platform: RunningStandalone, work: Work, chance: SeededChance) {
  for (let tries = 0; tries < TRIES_PER_KILL; tries += 1)
    if (await killDuring(target, platform, work, chance)) return true
  return false
}

async function killDuring(target: Target, platform: RunningStandalone, work: Work, chance: SeededChance) {
  const atSomeMoment = (withinMs: number) => new Promise((resolve) => setTimeout(resolve, chance.below(withinMs)))
  if (target === 'UPLOAD') {
    const before = await partialUploads(platform.dataDirectory)
    const isHalfHere = async () =>
      [...(await partialUploads(platform.dataDirectory))].some(
        ([name, sizeBytes]) => !before.has(name) && sizeBytes > 0,
      )
    const half = await openHalfUpload(work.upload.url, Buffer.from(UPLOAD.text))
    await expect.poll(isHalfHere, { interval: 5, timeout: 10_000 }).toBe(true)
    await atSomeMoment(60)
    await platform.kill()
    const wasHalfHere = await isHalfHere()
    await half.drop()
    await platform.start()
    return wasHalfHere
  }
  if (target === 'ANSWER') await work.ask()
  else await stepBefore(work.client, await work.startNext(), target)
  await atSomeMoment(target === 'ANSWER' ? 100 : 60)
  await platform.kill()
  const wasHit = target !== 'ANSWER' || (await hasRunningAnswers(platform.dataDirectory))
  await platform.start()
  return wasHit
}

/** As a dead process left them. Looked up in a copy: what it left is to be mended by the platform itself. */
async function hasRunningAnswers(dataDirectory: string): Promise<boolean> {
  const copy = await mkdtemp(path.join(os.tmpdir(), 'tributary-dead-'))
  await cp(path.join(dataDirectory, 'database'), copy, { recursive: true })
  const database = await openDatabase({ location: { directory: copy } })
  try {
    return (await rowsOf(database.sql, sql`select id from knowledge.answer where status = 'RUNNING'`)).length > 0
  } finally {
    await database.close()
    await rm(copy, { recursive: true, force: true })
  }
}

/** Resolves when the step before this one has ended, which is when this one begins. */
async function stepBefore(client: TestClient, job: string, step: (typeof STEPS)[number]): Promise<void> {
  const before = STEPS[STEPS.indexOf(step) - 1]
  if (before === undefined) return
  const events = client.subscribe(
    'subscription ($id: ID!) { ingestionJobEvents(id: $id) { ... on IngestionStepFinished { step { name } } } }',
    { id: job },
  )
  for await (const { data } of events) if (data.ingestionJobEvents.step?.name === before) return
}

/**
 * The embedded database belongs to one process at a time: the platform has to end before its stores can be read. Usage travels by durable
 * messages that nobody waits for; those sent in its last second are counted by the next process, which is started until none is open.
 */
async function stopAndDump(platform: RunningStandalone, client: TestClient) {
  await client.close()
  for (let starts = 0; ; starts += 1) {
    await platform.stop()
    const database = await openDatabase({ location: { directory: path.join(platform.dataDirectory, 'database') } })
    try {
      const open = await openMessages(database)
      if (open.length === 0) return await canonicalDump(database, platform.dataDirectory)
      if (starts === STARTS_UNTIL_QUIET) throw new Error(`Messages are still open: ${JSON.stringify(open)}`)
    } finally {
      await database.close()
    }
    await platform.start()
  }
}
