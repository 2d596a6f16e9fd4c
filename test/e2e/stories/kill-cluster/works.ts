// What is under way when something is killed, by what the victim has to do with it. For whoever keeps or does durable work, half done is what
// the database shows; for an API process it is a request that its client had sent and not seen answered.
import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3'
import { createHash } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { expect } from 'vitest'
import { HANDBOOK_QUESTIONS } from '../../../fixtures/handbook/handbook.ts'
import { ledgerDocument } from '../../../fixtures/ledger.ts'
import type { GraphResult } from '../../../harness/client.ts'
import { startDetachedAnswer, waitForAnswerOrAskAgain } from '../../../harness/detached-answers.ts'
import {
  ANSWER_IS_UNDER_WAY,
  JOB_IS_FINISHED,
  JOB_IS_UNFINISHED,
  USAGE_IS_TAKEN,
  VECTORS_ARE_WANTED,
} from '../../../harness/half-done.ts'
import { openHalfUpload, patiently } from '../../../harness/patience.ts'
import type { RunningS3 } from '../../../services/s3.ts'
import { hasRow, untilRow, type BeginWork, type KillWorld } from './world.ts'

/** A document takes about this long. */
const DOCUMENT_MS = 900
/** Answers to all questions at once take about this long. */
const ANSWERS_MS = 100
/** So that its half is more than one part of S3's. */
const UPLOAD_BYTES = 24 * 1024 ** 2
/** Requests at once, and about how long they take. */
const REQUESTS = 24
const REQUESTS_MS = 30

/** A document that some step is, or will be, done on. */
export const documentUnderWay: BeginWork = async (world) => {
  const job = await startLedger(world)
  await wait(world.chance.below(DOCUMENT_MS))
  return { isHalfDone: () => hasRow(world, JOB_IS_UNFINISHED, [job]), finish: () => finishJob(world, job) }
}

/** A document that waits for its vectors. */
export const vectorsUnderWay: BeginWork = async (world) => {
  const job = await startLedger(world)
  await untilRow(world, { query: VECTORS_ARE_WANTED, parameters: [job] }, { query: JOB_IS_FINISHED, parameters: [job] })
  return { isHalfDone: () => hasRow(world, VECTORS_ARE_WANTED, [job]), finish: () => finishJob(world, job) }
}

/** Answers that a process holds the lease of; another one, or its successor, goes on with them. */
export const answersUnderWay: BeginWork = async (world) => {
  const { client, bases, chance } = world
  const knowledgeBaseId = bases.handbook
  const asked = await Promise.all(
    HANDBOOK_QUESTIONS.map(async ({ question }) => {
      const id = await startDetachedAnswer(client, knowledgeBaseId, question)
      return { id, question, knowledgeBaseId }
    }),
  )
  await wait(chance.below(ANSWERS_MS))
  return {
    isHalfDone: () => hasRow(world, ANSWER_IS_UNDER_WAY, [asked.map(({ id }) => id)]),
    async finish() {
      for (const each of asked) await waitForAnswerOrAskAgain(client, each)
    },
  }
}

/** A message about what was used, taken and not yet counted. */
export const usageUnderWay: BeginWork = async (world) => {
  // Counting takes milliseconds: it is held up until the kill.
  const holding = new pg.Client({ connectionString: world.roles.databaseUrl })
  holding.on('error', () => undefined)
  await holding.connect()
  await holding.query('begin; lock table metrics.usage_event in share mode')
  const answers = await answersUnderWay(world)
  await untilRow(world, { query: USAGE_IS_TAKEN }, { query: 'select 1 where false' })
  return {
    async isHalfDone() {
      const isTaken = await hasRow(world, USAGE_IS_TAKEN)
      await holding.end()
      return isTaken
    },
    finish: answers.finish,
  }
}

/** A file of which the first half has come: S3 has parts of it and no object. */
export const uploadUnderWay: BeginWork = async (world) => {
  const { client, cluster } = world
  const bytes = Buffer.alloc(UPLOAD_BYTES, `bytes of upload ${world.chance.below(1e9)}. `)
  const { uploadCreate } = await patiently(() =>
    client.query('mutation ($input: UploadCreateInput!) { uploadCreate(input: $input) { upload { id url } } }', {
      input: { fileName: 'large.bin', sizeBytes: bytes.byteLength },
    }),
  )
  const { url } = uploadCreate.upload
  const before = await unfinishedUploads(cluster.s3)
  const half = await openHalfUpload(url, bytes)
  const hasParts = async () => (await unfinishedUploads(cluster.s3)) > before
  await expect.poll(hasParts, { interval: 10, timeout: 20_000 }).toBe(true)
  return {
    isHalfDone: hasParts,
    async finish() {
      await half.drop()
      const answer = await patiently(async () => {
        const response = await fetch(url, { method: 'PUT', body: bytes as never })
        const body = (await response.json()) as { error?: { isRetryable?: boolean } }
        if (body.error?.isRetryable) throw new Error(JSON.stringify(body))
        return body
      })
      expect(answer).toMatchObject({
        sizeBytes: bytes.byteLength,
        sha256: createHash('sha256').update(bytes).digest('hex'),
      })
    },
  }
}

/**
 * Requests of one kind, sent together. The kill counts when it broke one of them off: its client is told by an error that may be tried again.
 * Whatever was answered is answered in full, and so is each when it is sent again.
 */
export const requestsUnderWay =
  (query: string): BeginWork =>
  async ({ client, bases, chance }) => {
    const ask = () => client.request(query, { id: bases.handbook })
    const undisturbed = await patiently(async () => dataOf(await ask()))
    const sent = Array.from({ length: REQUESTS }, ask)
    await wait(chance.below(REQUESTS_MS))
    const isBrokenOff = async (): Promise<boolean> => {
      const results = await Promise.all(sent)
      for (const result of results) {
        if (result.errors) expectRetryable(result)
        else expect(result.data).toEqual(undisturbed)
      }
      return results.some(({ errors }) => errors !== undefined)
    }
    return {
      isHalfDone: isBrokenOff,
      async finish() {
        expect(await patiently(async () => dataOf(await ask()))).toEqual(undisturbed)
      },
    }
  }

function expectRetryable(result: GraphResult): void {
  for (const { extensions } of result.errors!)
    expect(extensions, JSON.stringify(result)).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', isRetryable: true })
}

function dataOf({ data, errors }: GraphResult): unknown {
  if (errors) throw new Error(JSON.stringify(errors))
  return data
}

async function unfinishedUploads({ client, bucket }: RunningS3): Promise<number> {
  const { Uploads } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }))
  return Uploads?.length ?? 0
}

/** The id of its job. */
async function startLedger(world: KillWorld): Promise<string> {
  const index = world.ledgerCount
  world.ledgerCount += 1
  return patiently(() =>
    world.client.startJob({
      knowledgeBaseId: world.bases.ledgers,
      texts: [ledgerDocument(index)],
      idempotencyKey: `ledger ${index}`,
    }),
  )
}

/** Its client follows it, whatever dies meanwhile. */
async function finishJob({ client }: KillWorld, job: string): Promise<void> {
  const ended = await client.waitForJob(job)
  expect(ended, JSON.stringify(ended, null, 2)).toMatchObject({ status: 'SUCCEEDED', completedItemCount: 1 })
}
