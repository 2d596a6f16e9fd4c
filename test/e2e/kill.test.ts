// kill -9 of the one process over embedded stores, each time another step of ingestion has just ended, or while an upload or answers are under
// way. Started again it goes on by itself, and ends with exactly what an undisturbed installation has.
import path from 'node:path'
import { expect, test, vi } from 'vitest'
import { openDatabase } from '#shared/database.ts'
import { HANDBOOK_QUESTIONS, readHandbook } from '../fixtures/handbook/handbook.ts'
import { ledgerDocument } from '../fixtures/ledger.ts'
import { canonicalDump, waitForQuiet } from '../harness/canonical-dump.ts'
import type { TestClient } from '../harness/client.ts'
import { waitForModels } from '../harness/models.ts'
import { openHalfUpload, patiently } from '../harness/patience.ts'
import { STORY_TIMEOUTS } from '../harness/platform-under-test.ts'
import { createSeededChance, type SeededChance } from '../harness/seeded.ts'
import { startStandalone, type RunningStandalone } from '../harness/standalone.ts'

vi.setConfig({ ...STORY_TIMEOUTS, testTimeout: 900_000 })

const STEPS = ['FETCH', 'EXTRACT', 'CLEAN', 'CHUNK', 'EMBED', 'INDEX', 'LINK', 'CHECK'] as const
const LEDGERS = 8
const UPLOAD = ledgerDocument(1000)

test('ten kills of the one process leave nothing half done, doubled or lost', async () => {
  const chance = createSeededChance()
  console.log(`Seed of the kills: ${chance.seed}`)
  const disturbed = await run(async (platform, work) => {
    const targets = chance.shuffled<Target>([...STEPS, 'UPLOAD', 'ANSWER'])
    for (const target of targets) await killDuring(target, platform, work, chance)
    return targets.length
  })
  const undisturbed = await run(async () => 0)
  expect(disturbed.kills).toBe(10)
  expect(disturbed.dump).toEqual(undisturbed.dump)
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
      for (const { question } of HANDBOOK_QUESTIONS) answers.push(await startAnswer(client, handbook, question))
    }
    const work = { client, handbook, ledgers, startNext, upload: uploadCreate.upload, answers, ask }
    const kills = await disturb(platform, work)

    while (jobs.length < LEDGERS) await startNext()
    if (answers.length === 0) await ask()
    const put = await patiently(() => fetch(work.upload.url, { method: 'PUT', body: UPLOAD.text }))
    expect([201, 409]).toContain(put.status)
    const { ingestionJobCreate } = await client.query(
      'mutation ($input: IngestionJobCreateInput!) { ingestionJobCreate(input: $input) { ingestionJob { id } } }',
      { input: { knowledgeBaseId: ledgers, uploadIds: [work.upload.id] } },
    )
    for (const job of [...jobs, ingestionJobCreate.ingestionJob.id])
      expect(await client.waitForJob(job)).toMatchObject({ status: 'SUCCEEDED' })
    for (const answer of answers) await waitForAnswer(client, answer)
    return { kills, dump: await stopAndDump(platform, client) }
  } catch (error) {
    throw new Error(`${String(error)}\n${platform.output()}`, { cause: error })
  } finally {
    await platform.close()
  }
}

async function killDuring(target: Target, platform: RunningStandalone, work: Work, chance: SeededChance) {
  let half: { drop(): Promise<void> } | undefined
  if (target === 'UPLOAD') half = await openHalfUpload(work.upload.url, Buffer.from(UPLOAD.text))
  else if (target === 'ANSWER') await work.ask()
  else await stepBefore(work.client, await work.startNext(), target)
  await new Promise((resolve) => setTimeout(resolve, chance.below(target === 'ANSWER' ? 200 : 60)))
  await platform.kill()
  await half?.drop()
  await platform.start()
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

async function startAnswer(client: TestClient, knowledgeBaseId: string, question: string): Promise<string> {
  const { answerStart } = await client.query(
    'mutation ($input: AnswerInput!) { answerStart(input: $input) { answer { id } } }',
    {
      input: { question, knowledgeBaseIds: [knowledgeBaseId], mode: 'EXTRACTIVE', isDetached: true },
    },
  )
  return answerStart.answer.id
}

async function waitForAnswer(client: TestClient, id: string): Promise<void> {
  let last: any
  const events = client.subscribe(
    'subscription ($id: ID!) { answerEvents(id: $id) { __typename ... on AnswerFailed { code } } }',
    { id },
  )
  for await (const { data } of events) last = data.answerEvents
  expect(last).toEqual({ __typename: 'AnswerCompleted' })
}

/** The embedded database belongs to one process at a time: the platform has to end before its stores can be read. */
async function stopAndDump(platform: RunningStandalone, client: TestClient) {
  // Usage travels by durable messages; the last are counted when the figures stand still at what was asked.
  await expect
    .poll(
      async () =>
        (await client.query(ANSWER_COUNT)).knowledgeBases.nodes.find(({ name }: any) => name === 'Handbook').metrics
          .answerCount,
      { timeout: 60_000 },
    )
    .toBe(HANDBOOK_QUESTIONS.length)
  await client.close()
  await platform.stop()
  const database = await openDatabase({ location: { directory: path.join(platform.dataDirectory, 'database') } })
  try {
    await waitForQuiet(database, 1000)
    return await canonicalDump(database, platform.dataDirectory)
  } finally {
    await database.close()
  }
}

const ANSWER_COUNT = '{ knowledgeBases { nodes { name metrics { answerCount } } } }'
