// Uploads on a real S3 server: sent straight to the bucket under presigned addresses, taken in when a job asks for them, and ingested.
import { ListObjectsV2Command } from '@aws-sdk/client-s3'
import Fastify, { type FastifyInstance } from 'fastify'
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { z } from 'zod'
import { readConfiguration } from '#shared/configuration.ts'
import { createId } from '#shared/ids.ts'
import { documentContentSchema } from '../../contracts/document-content.ts'
import { KNOWLEDGE_BASE_PATH } from '../../contracts/knowledge-client.ts'
import { documentProcess, documentRegister } from '../../contracts/messages.ts'
import { blobSchema, openBlobs } from '../../contracts/open-blobs.ts'
import type { RunningRole } from '../../contracts/run-process.ts'
import { createTestPlatform, requestSubgraph, testIdentity, type TestPlatform } from '../../test/harness/platform.ts'
import { ensureS3, startS3, type RunningS3 } from '../../test/services/s3.ts'
import { describeWithService } from '../../test/services/service.ts'
import { startIngestion, type RunningIngestion } from './main.ts'
import { createStoredBlobs } from './stored-blobs.ts'
import { expireUploads } from './uploads.ts'
import { startIngestionWorker } from './worker.ts'

const WORKSPACE = createId('ws')
const KNOWLEDGE_BASE = createId('kb')
const UPLOAD =
  'mutation ($input: UploadCreateInput!) { uploadCreate(input: $input) { upload { id url isReceived } userErrors { code message path } } }'
const CREATE =
  'mutation ($input: IngestionJobCreateInput!) { ingestionJobCreate(input: $input) { ingestionJob { id } userErrors { code message path } } }'
const IS_RECEIVED = 'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Upload { isReceived url } } }'

describeWithService('uploads on S3', await ensureS3(), (installation) => {
  let server: RunningS3
  beforeAll(async () => {
    server = await startS3(installation)
  })
  afterAll(() => server.close())

  describe.each([
    { name: 'straight to the bucket', isDirect: true },
    { name: 'through the platform', isDirect: false },
  ])('$name', ({ isDirect }) => {
    const folder = isDirect ? 'direct' : 'platform'
    let platform: TestPlatform
    let ingestion: RunningIngestion
    let worker: RunningRole
    let knowledge: FastifyInstance
    const processed = new Map<string, PromiseWithResolvers<z.output<(typeof documentProcess)['schema']>>>()
    /** By the title of the document: what ingestion hands to knowledge in the end. */
    const processedAs = (title: string) => {
      if (!processed.has(title)) processed.set(title, Promise.withResolvers())
      return processed.get(title)!
    }

    beforeAll(async () => {
      const environment = {
        ...server.environment,
        S3_PREFIX: folder,
        TRIBUTARY_S3_PRESIGNED_UPLOADS: String(isDirect),
      }
      const blobs = await openBlobs({
        configuration: readConfiguration(blobSchema, environment),
        dataDirectory: '/nonexistent',
        onWarning: (error) => {
          throw error
        },
      })
      platform = { ...(await createTestPlatform()), blobs }
      knowledge = Fastify()
      knowledge.post(KNOWLEDGE_BASE_PATH, async () => ({ knowledgeBase: { id: KNOWLEDGE_BASE, name: 'Base' } }))
      platform.origins.set('knowledge', await knowledge.listen({ host: '127.0.0.1', port: 0 }))
      ingestion = await startIngestion(platform, {}, { publicUrl: () => new URL(ingestion.url).origin })
      worker = await startIngestionWorker(platform, {})
      const titles = new Map<string, string>()
      await platform.queue.work(documentRegister, {}, async ({ data }) => void titles.set(data.documentId, data.title))
      await platform.queue.work(documentProcess, {}, async ({ data }) => {
        await expect.poll(() => titles.has(data.documentId), { timeout: 15_000 }).toBe(true)
        processedAs(titles.get(data.documentId)!).resolve(data)
      })
    })

    afterAll(async () => {
      await worker.close()
      await ingestion.close()
      await knowledge.close()
      await platform.close()
      await platform.blobs.close()
    })

    const ask = (query: string, variables: object, workspaceId: string = WORKSPACE) =>
      requestSubgraph(platform, ingestion.url, testIdentity(workspaceId, 'EDITOR'), query, { ...variables })

    async function announce(fileName: string, text: string): Promise<{ id: string; url: string; isReceived: boolean }> {
      const { data } = await ask(UPLOAD, { input: { fileName, sizeBytes: Buffer.byteLength(text) } })
      return data.uploadCreate.upload
    }
    const put = async (url: string, body: string) => (await fetch(url, { method: 'PUT', body })).status
    const createJob = (uploadId: string, workspaceId?: string) =>
      ask(CREATE, { input: { knowledgeBaseId: KNOWLEDGE_BASE, uploadIds: [uploadId] } }, workspaceId)
    const isReceived = async (id: string) =>
      (await ask(IS_RECEIVED, { r: [{ __typename: 'Upload', id }] })).data._entities[0].isReceived as boolean
    /** Keys that begin so, below the prefix of this platform. */
    async function objects(start: string): Promise<string[]> {
      const { Contents = [] } = await server.client.send(
        new ListObjectsV2Command({ Bucket: server.bucket, Prefix: `${folder}/${start}` }),
      )
      return Contents.map(({ Key }) => Key!.slice(folder.length + 1))
    }

    test('a file that is PUT to its address is ingested', async () => {
      const text = `# Rivers\n\nThey flow down, ${isDirect ? 'by themselves' : 'led by somebody'}.\n`
      const { id, url, isReceived: wasReceived } = await announce('rivers.md', text)
      expect(new URL(url).origin).toBe(isDirect ? server.environment['S3_ENDPOINT'] : new URL(ingestion.url).origin)
      expect(wasReceived).toBe(false)
      expect(await put(url, text)).toBe(isDirect ? 200 : 201)
      expect(await isReceived(id)).toBe(true)
      expect(await objects('uploads/')).toHaveLength(isDirect ? 1 : 0)

      const { data } = await createJob(id)
      expect(data.ingestionJobCreate.userErrors).toEqual([])
      const { contentKey, mediaType } = await processedAs('rivers.md').promise
      expect(mediaType).toBe('text/markdown')
      const content = documentContentSchema.parse(JSON.parse((await platform.blobs.read(contentKey)).toString()))
      expect(content.title).toBe('Rivers')
      expect(content.text).toContain(isDirect ? 'by themselves' : 'led by somebody')
      const sha256 = createHash('sha256').update(text).digest('hex')
      expect(await objects(`${WORKSPACE}/`)).toContain(`${WORKSPACE}/${sha256}`)
      expect(await objects('uploads/')).toEqual([])
      expect(await objects('incoming/')).toEqual([])
    })

    test('bytes of another number than announced are refused', async () => {
      const { id, url } = await announce('short.txt', 'twelve bytes')
      expect(await put(url, 'short')).toBe(isDirect ? 403 : 422)
      expect(await put(url, 'much longer than announced')).toBe(isDirect ? 403 : 413)
      expect(await isReceived(id)).toBe(false)
      const { data } = await createJob(id)
      expect(data.ingestionJobCreate.userErrors).toMatchObject([
        { code: 'INVALID', path: ['input', 'uploadIds', '0'], message: expect.stringContaining('not arrived') },
      ])
      expect(await put(url, 'twelve bytes')).toBe(isDirect ? 200 : 201)
      expect((await createJob(id)).data.ingestionJobCreate.userErrors).toEqual([])
    })

    test('an upload is used once, by its own workspace, and is what it was when it was taken in', async () => {
      const { id, url } = await announce('once.txt', 'the first text')
      await put(url, 'the first text')
      const foreign = await createJob(id, createId('ws'))
      expect(foreign.data.ingestionJobCreate.userErrors).toMatchObject([{ code: 'NOT_FOUND' }])
      const created = await Promise.all([createJob(id), createJob(id), createJob(id)])
      expect(created.filter(({ data }) => data.ingestionJobCreate.ingestionJob !== null)).toHaveLength(1)
      // The address may still be good; what comes now is nobody's.
      expect([200, 409]).toContain(await put(url, 'the other text'.slice(0, 14)))
      expect((await createJob(id)).data.ingestionJobCreate.userErrors).toMatchObject([{ code: 'INVALID' }])
      const { contentKey } = await processedAs('once.txt').promise
      expect((await platform.blobs.read(contentKey)).toString()).toContain('the first text')
    })

    test('while the bucket is away a job is refused as retryable, and taken on later', async () => {
      const { id, url } = await announce('patient.txt', 'patience')
      await put(url, 'patience')
      await server.stop()
      const { data, errors } = await ask(CREATE, {
        input: {
          knowledgeBaseId: KNOWLEDGE_BASE,
          uploadIds: [id],
          texts: [{ title: 'Note', text: 'Kept in the bucket, too.' }],
        },
      })
      await server.start()
      expect(data?.ingestionJobCreate ?? null).toBeNull()
      expect(errors).toMatchObject([{ extensions: { code: 'UPSTREAM_UNAVAILABLE' } }])
      expect((await createJob(id)).data.ingestionJobCreate.userErrors).toEqual([])
      await processedAs('patient.txt').promise
    })

    test('what no job took goes with its upload', async () => {
      const { id, url } = await announce('unused.txt', 'never used')
      await put(url, 'never used')
      const sha256 = createHash('sha256').update('never used').digest('hex')
      const kept = async () => [
        ...(await objects(`uploads/${WORKSPACE}/${id}`)),
        ...(await objects(`${WORKSPACE}/${sha256}`)),
      ]
      expect(await kept()).toHaveLength(1)
      const { database, blobs } = platform
      const expire = (hours: number) =>
        expireUploads({
          database: database.sql,
          storedBlobs: createStoredBlobs({ database, blobs }),
          directUploads: blobs.directUploads,
          now: new Date(Date.now() + hours * 3_600_000),
        })
      await expire(20)
      expect(await kept()).toHaveLength(1)
      await expire(26)
      expect(await kept()).toEqual([])
    })
  })
})
