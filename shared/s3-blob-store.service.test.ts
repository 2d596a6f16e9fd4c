import {
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mountSmallDisk, smallDiskMissing } from '../test/harness/small-disk.ts'
import { ensureS3, startS3, type RunningS3 } from '../test/services/s3.ts'
import { describeWithService } from '../test/services/service.ts'
import { describeBlobStore } from './blob-store.contract.ts'
import { chunks, sha256Of } from './blob-store.fixture.ts'
import type { BlobStore } from './blob-store.ts'
import { createId } from './ids.ts'
import { createS3BlobStore, type S3BlobStoreOptions } from './s3-blob-store.ts'

describeWithService('the blob store on S3', await ensureS3(), (installation) => {
  describeBlobStore(
    'S3',
    async () => {
      const server = await startS3(installation)
      const open = (options: Partial<S3BlobStoreOptions> = {}) =>
        createS3BlobStore({ ...locationOf(server), ...options })
      const { bucket, client } = server
      const { credentials } = locationOf(server)
      return {
        open,
        environment: server.environment,
        async leftovers() {
          const objects = await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: 'incoming/' }))
          const uploads = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }))
          return [...(objects.Contents ?? []), ...(uploads.Uploads ?? [])].map(({ Key }) => Key!)
        },
        async openSmall() {
          const disk = await mountSmallDisk(4)
          const small = await startS3(installation, { objects: disk.directory })
          const store = createS3BlobStore(locationOf(small))
          return {
            store,
            async setReadOnly(isReadOnly) {
              await small.stop()
              small.setReadOnly(isReadOnly)
              await small.start()
            },
            async close() {
              await store.close()
              await small.close()
              await disk.close()
            },
          }
        },
        service: {
          ...server,
          misconfigured: () => [
            {
              store: open({ credentials: { ...credentials!, secretAccessKey: 'wrong' } }),
              variable: 'AWS_SECRET_ACCESS_KEY',
            },
            { store: open({ credentials: { ...credentials!, accessKeyId: 'nobody' } }), variable: 'AWS_ACCESS_KEY_ID' },
            { store: open({ bucket: 'missing-bucket' }), variable: 'S3_BUCKET' },
            { store: open({ region: 'eu-west-1' }), variable: 'AWS_REGION' },
          ],
        },
        close: () => server.close(),
      }
    },
    smallDiskMissing === null
      ? {}
      : {
          'a full store says so, and takes what fits again': smallDiskMissing,
          'a read-only store is read, and refuses writes for good': smallDiskMissing,
        },
  )

  describe('what only S3 does', () => {
    let server: RunningS3
    const opened: BlobStore[] = []
    beforeAll(async () => {
      server = await startS3(installation)
    })
    afterAll(async () => {
      for (const store of opened) await store.close()
      await server.close()
    })

    const open = (options: Partial<S3BlobStoreOptions> = {}): BlobStore => {
      const store = createS3BlobStore({ ...locationOf(server), ...options })
      opened.push(store)
      return store
    }
    const object = (Key: string) => ({ Bucket: server.bucket, Key })
    async function keys(prefix = ''): Promise<string[]> {
      const { Contents = [] } = await server.client.send(
        new ListObjectsV2Command({ Bucket: server.bucket, Prefix: prefix }),
      )
      return Contents.map(({ Key }) => Key!)
    }
    async function multipartUploads(): Promise<string[]> {
      const { Uploads = [] } = await server.client.send(new ListMultipartUploadsCommand({ Bucket: server.bucket }))
      return Uploads.map(({ Key }) => Key!)
    }
    const inDays = (days: number) => () => new Date(Date.now() + days * 24 * 3_600_000)

    test('what is too large to be copied in one request is copied in parts, and is the same', async () => {
      const store = open({ prefix: 'parts/', largestCopyBytes: 6 * 1024 ** 2 })
      const { key, sha256 } = await store.putStream('ws_1', chunks(20_000_000))
      expect(sha256).toBe(await sha256Of(20_000_000))
      // Four parts make an ETag of this form; its bytes are verified as they are read.
      const { ETag } = await server.client.send(new HeadObjectCommand(object(`parts/${key}`)))
      expect(ETag).toMatch(/-4"$/)
      expect((await store.read(key)).byteLength).toBe(20_000_000)
      expect(await keys('parts/incoming/')).toEqual([])
      expect(await multipartUploads()).toEqual([])
    })

    test('an object carries a checksum of all its bytes, sent with it or made by the copy', async () => {
      const store = open()
      for (const { key, sha256 } of [
        await store.put('ws_1', Buffer.from('checked')),
        await store.putStream('ws_1', chunks(15_000_000)),
      ]) {
        const head = await server.client.send(new HeadObjectCommand({ ...object(key), ChecksumMode: 'ENABLED' }))
        expect(Buffer.from(head.ChecksumSHA256!, 'base64').toString('hex')).toBe(sha256)
      }
    })

    test('bytes that are not those of the key are an error, not an answer', async () => {
      const store = open()
      const { key } = await store.put('ws_1', Buffer.from('the truth'))
      await server.client.send(new PutObjectCommand({ ...object(key), Body: Buffer.from('the truta') }))
      await expect(store.read(key)).rejects.toMatchObject({ code: 'INTERNAL_SERVER_ERROR', message: /damaged/ })
    })

    test('below a prefix nothing is seen of others, and of what is old only what is ours is swept', async () => {
      const [one, two] = [open({ prefix: 'one/' }), open({ prefix: 'two/' })]
      const { key } = await one.put('ws_1', Buffer.from('of one'))
      expect(await keys('one/')).toEqual([`one/${key}`])
      expect(await one.has(key)).toBe(true)
      expect(await two.has(key)).toBe(false)
      const strange = ['one/notes/incoming.txt', 'one/incoming.txt', 'incoming/other', 'two/incoming/other']
      const upload = `one/uploads/${createId('ws')}/${createId('up')}`
      const own = [`one/incoming/${randomUUID()}`, `one/incoming/doctor-${randomUUID()}`, upload]
      for (const name of [...strange, ...own])
        await server.client.send(new PutObjectCommand({ ...object(name), Body: name }))
      const multiparts = [`one/incoming/${randomUUID()}`, `one/${key}`, 'one/backup.tar', 'two/incoming/parts']
      for (const name of multiparts) await server.client.send(new CreateMultipartUploadCommand(object(name)))

      const store = open({ prefix: 'one/', now: inDays(3) })
      await store.put('ws_1', Buffer.from('the first write of another process'))
      await expect.poll(multipartUploads, { timeout: 15_000 }).toEqual(['one/backup.tar', 'two/incoming/parts'])
      // What clients sent may be waiting for its job.
      expect(await keys('one/incoming/')).toEqual([])
      expect(await keys('one/uploads/')).toEqual([upload])
      await open({ prefix: 'one/', now: inDays(9) }).put('ws_1', Buffer.from('and of a third one'))
      await expect.poll(() => keys('one/uploads/'), { timeout: 15_000 }).toEqual([])
      expect(await keys()).toEqual(expect.arrayContaining([...strange, `one/${key}`]))
    })

    test('in a bucket shared without a prefix, what others keep in folders of the same names is left alone', async () => {
      const shared = await startS3(installation)
      try {
        const { bucket: Bucket, client } = shared
        const foreign = [
          'incoming/invoice.pdf',
          `incoming/2025/${randomUUID()}`,
          'uploads/2025/report',
          'uploads/2025/report.pdf',
          'uploads/ws_1/photos/up_1',
        ]
        const own = [
          `incoming/${randomUUID()}`,
          `incoming/doctor-${randomUUID()}`,
          `uploads/${createId('ws')}/${createId('up')}`,
        ]
        for (const Key of [...foreign, ...own]) await client.send(new PutObjectCommand({ Bucket, Key, Body: Key }))
        const parts = ['incoming/backup.tar', `incoming/${randomUUID()}`]
        for (const Key of parts) await client.send(new CreateMultipartUploadCommand({ Bucket, Key }))

        const store = createS3BlobStore({ ...locationOf(shared), now: inDays(9) })
        opened.push(store)
        const { key } = await store.put('ws_1', Buffer.from('the first write'))
        // They are the last that are swept.
        await expect
          .poll(
            async () => (await client.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads?.map(({ Key }) => Key),
            { timeout: 15_000 },
          )
          .toEqual(['incoming/backup.tar'])
        const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }))
        expect(Contents.map(({ Key }) => Key)).toEqual([...foreign, key].toSorted())
      } finally {
        await shared.close()
      }
    })

    test('an upload that is sent again while it is taken in is kept as it was read, or not at all', async () => {
      const direct = open({ prefix: 'direct/', hasDirectUploads: true }).directUploads!
      const upload = { workspaceId: 'ws_1', id: 'up_1', sizeBytes: 20_000_000 }
      const address = await direct.address(upload, new Date(Date.now() + 60_000))
      expect(await direct.hasArrived(upload)).toBe(false)
      expect(await direct.take(upload)).toBeNull()
      const put = async (first: string) => {
        const body = Buffer.alloc(upload.sizeBytes, first)
        expect((await fetch(address, { method: 'PUT', body })).status).toBe(200)
      }
      await put('a')
      const outcomes = await Promise.allSettled([direct.take(upload), put('b'), direct.take(upload), put('c')])
      for (const outcome of outcomes)
        if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'UPLOAD_INCOMPLETE' })
      const taken = await direct.take(upload)
      const store = open({ prefix: 'direct/' })
      // Reading verifies that the bytes are those of the key.
      for (const key of new Set([taken!.key, ...(await keys('direct/ws_1/')).map((name) => name.slice(7))]))
        expect((await store.read(key)).byteLength).toBe(upload.sizeBytes)
      await expect(direct.take({ ...upload, sizeBytes: 5 })).rejects.toMatchObject({ code: 'UPLOAD_INCOMPLETE' })
      await direct.discard(upload)
      await direct.discard(upload)
      expect(await direct.hasArrived(upload)).toBe(false)
      for (const [workspaceId, id] of [
        ['..', 'up_1'],
        ['ws_1', '../ws_2/up_1'],
        ['ws_1', ''],
      ] as const)
        await expect(direct.take({ workspaceId, id, sizeBytes: 1 })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    })

    test('an address is good until it expires', async () => {
      const direct = open({ hasDirectUploads: true }).directUploads!
      const upload = { workspaceId: 'ws_1', id: 'up_2', sizeBytes: 5 }
      const address = new URL(await direct.address(upload, new Date(Date.now() + 3_600_000)))
      expect(Number(address.searchParams.get('X-Amz-Expires'))).toBeGreaterThan(3_595)
      const stretched = address.href.replace(/X-Amz-Expires=\d+/, 'X-Amz-Expires=7200')
      expect((await fetch(stretched, { method: 'PUT', body: 'hello' })).status).toBe(403)
      const elsewhere = address.href.replace('/up_2?', '/up_3?')
      expect((await fetch(elsewhere, { method: 'PUT', body: 'hello' })).status).toBe(403)
      expect((await fetch(address, { method: 'PUT', body: 'hello' })).status).toBe(200)
    })
  })
})

function locationOf(server: RunningS3): S3BlobStoreOptions {
  const { environment } = server
  return {
    bucket: environment['S3_BUCKET']!,
    prefix: '',
    endpoint: environment['S3_ENDPOINT']!,
    region: environment['AWS_REGION']!,
    forcePathStyle: true,
    credentials: {
      accessKeyId: environment['AWS_ACCESS_KEY_ID']!,
      secretAccessKey: environment['AWS_SECRET_ACCESS_KEY']!,
    },
  }
}
