// Files and texts that cannot be ingested.
import { describe, expect, test } from 'vitest'
import { createId } from '#shared/ids.ts'
import { badFiles } from '../../../fixtures/bad-files/bad-files.ts'
import { openHalfUpload } from '../../../harness/patience.ts'
import type { BadInputWorld } from './world.ts'

const UPLOAD_CREATE = `mutation ($input: UploadCreateInput!) {
  uploadCreate(input: $input) { upload { id url isReceived } userErrors { code message path } } }`
const JOB_CREATE = `mutation ($input: IngestionJobCreateInput!) {
  ingestionJobCreate(input: $input) { ingestionJob { id } userErrors { code message path } } }`

export function badFilesStory(world: BadInputWorld): void {
  describe('files', () => {
    test('each file that cannot be read fails alone, with its reason and remedy; the good one beside them is ready', async () => {
      const bad = badFiles()
      const good = { name: 'good.txt', mediaType: null, bytes: Buffer.from('Zebras of the fjord graze at dawn.') }
      const { knowledgeBaseId } = world.workspace
      const job = await world.client.ingest({ knowledgeBaseId, files: [...bad, good] })
      expect(job).toMatchObject({
        status: 'PARTIALLY_SUCCEEDED',
        itemCount: bad.length + 1,
        completedItemCount: 1,
        failedItemCount: bad.length,
      })
      for (const { name, code, remedy } of bad) {
        const item = job.items.nodes.find((node: any) => node.name === name)
        expect(item, name).toMatchObject({ status: 'FAILED', error: { code, isRetryable: false } })
        expect(item.error.message).toMatch(remedy)
        expect(item.steps.map(({ status }: any) => status)).toEqual(
          ['SUCCEEDED', 'FAILED'].concat(Array.from({ length: 6 }, () => 'QUEUED')),
        )
        await expect.poll(() => documentStatus(item.document.id), { timeout: 10_000 }).toBe('FAILED')
      }
      const item = job.items.nodes.find((node: any) => node.name === 'good.txt')
      expect(item).toMatchObject({ status: 'SUCCEEDED', document: { status: 'READY' } })
      const { knowledgeBase } = await world.client.query(
        'query ($id: ID!) { knowledgeBase(id: $id) { search(query: "zebras of the fjord", mode: LEXICAL) { hits { chunk { document { id } } } } } }',
        { id: knowledgeBaseId },
      )
      expect(knowledgeBase.search.hits[0].chunk.document.id).toBe(item.document.id)
    })

    const documentStatus = async (id: string) =>
      (await world.client.query('query ($id: ID!) { document(id: $id) { status } }', { id })).document.status

    test.each([
      { wrong: 'an empty file', input: { sizeBytes: 0 }, code: 'INVALID', field: 'sizeBytes', remedy: /empty/ },
      {
        wrong: 'a file over the limit',
        input: { sizeBytes: 100_000_001 },
        code: 'TOO_LARGE',
        field: 'sizeBytes',
        remedy: /Split it/,
      },
      {
        wrong: 'an unsupported type',
        input: { mediaType: 'image/png' },
        code: 'UNSUPPORTED_MEDIA_TYPE',
        field: 'mediaType',
        remedy: /Supported are/,
      },
      {
        wrong: 'a name with folders',
        input: { fileName: '../a.txt' },
        code: 'INVALID',
        field: 'fileName',
        remedy: /name/,
      },
    ])('$wrong is refused when it is announced', async ({ input, code, field, remedy }) => {
      const { uploadCreate } = await world.client.query(UPLOAD_CREATE, {
        input: { fileName: 'a.txt', sizeBytes: 5, ...input },
      })
      expect(uploadCreate).toMatchObject({ upload: null, userErrors: [{ code, path: ['input', field] }] })
      expect(uploadCreate.userErrors[0].message).toMatch(remedy)
    })

    test('an upload cut half way leaves nothing behind and can be sent again; then it is taken once', async () => {
      const bytes = Buffer.from('All twenty-four bytes...')
      const { upload } = (
        await world.client.query(UPLOAD_CREATE, { input: { fileName: 'cut.txt', sizeBytes: bytes.byteLength } })
      ).uploadCreate
      await (await openHalfUpload(upload.url, bytes)).drop()
      expect(
        (await world.client.query('query ($id: ID!) { node(id: $id) { ... on Upload { isReceived } } }', upload)).node,
      ).toEqual({
        isReceived: false,
      })
      const put = async (url: string, body: Uint8Array) => {
        const response = await fetch(url, { method: 'PUT', body: body as never })
        const answer = (await response.json()) as { error?: { code: string; message: string } }
        return { status: response.status, code: answer.error?.code, message: answer.error?.message }
      }
      expect(await put(upload.url, bytes.subarray(0, 12))).toMatchObject({
        status: 422,
        code: 'UPLOAD_INCOMPLETE',
        message: expect.stringMatching(/Send the whole file again/),
      })
      expect(await put(upload.url, Buffer.concat([bytes, bytes]))).toMatchObject({
        status: 413,
        code: 'UPLOAD_TOO_LARGE',
        message: expect.stringMatching(/real size/),
      })
      expect(await put(upload.url.replace(/token=[^&]*/, 'token=wrong'), bytes)).toMatchObject({
        status: 401,
        code: 'UNAUTHENTICATED',
        message: expect.stringMatching(/Use the whole of Upload.url/),
      })
      expect(await put(upload.url.replace(upload.id, createId('up')), bytes)).toMatchObject({
        status: 404,
        code: 'NOT_FOUND',
        message: expect.stringMatching(/uploadCreate/),
      })
      expect(await put(upload.url, bytes)).toMatchObject({ status: 201 })
      expect(await put(upload.url, bytes)).toMatchObject({
        status: 409,
        code: 'UPLOAD_ALREADY_RECEIVED',
        message: expect.stringMatching(/uploadCreate/),
      })
    })

    test.each([
      { wrong: 'nothing to ingest', input: {}, code: 'INVALID', path: ['uploadIds'] },
      {
        wrong: 'an empty text',
        input: { texts: [{ title: 'a', text: '  ' }] },
        code: 'INVALID',
        path: ['texts', '0', 'text'],
      },
      {
        wrong: 'a text with NUL',
        input: { texts: [{ title: 'a', text: 'b\0' }] },
        code: 'INVALID',
        path: ['texts', '0', 'text'],
      },
      {
        wrong: 'a text of an unsupported type',
        input: { texts: [{ title: 'a', text: 'b', mediaType: 'application/zip' }] },
        code: 'UNSUPPORTED_MEDIA_TYPE',
        path: ['texts', '0', 'mediaType'],
      },
      {
        wrong: 'an upload that never came',
        input: () => ({ uploadIds: [world.workspace.uploadId] }),
        code: 'INVALID',
        path: ['uploadIds', '0'],
      },
    ])('a job with $wrong is refused with the field', async ({ input, code, path }) => {
      const given = typeof input === 'function' ? input() : input
      const { ingestionJobCreate } = await world.client.query(JOB_CREATE, {
        input: { knowledgeBaseId: world.workspace.knowledgeBaseId, ...given },
      })
      expect(ingestionJobCreate).toMatchObject({
        ingestionJob: null,
        userErrors: [{ code, path: ['input', ...path] }],
      })
    })
  })
}
