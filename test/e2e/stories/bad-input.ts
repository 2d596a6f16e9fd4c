// Bad input and bad days as a client meets them: each ends as a user error or a catalogued code that names the field and what to do, and
// whatever was right beside it goes on.
import { createSchemaReader, type IdField } from '../../harness/api-schema.ts'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createId } from '#shared/ids.ts'
import { NODE_TYPES, type NodePrefix } from '../../../contracts/node-types.ts'
import { badFiles } from '../../fixtures/bad-files/bad-files.ts'
import type { GraphError, GraphResult, TestClient } from '../../harness/client.ts'
import { openHalfUpload } from '../../harness/patience.ts'
import { STORY_TIMEOUTS, type PlatformUnderTest } from '../../harness/platform-under-test.ts'
import { fillWorkspace, idsByPrefix, SHARED_PREFIXES, type HandbookWorkspace } from './handbook-workspace.ts'

const KEY_CREATE = `mutation ($roles: [Role!]!, $expiresAt: DateTime) {
  apiKeyCreate(input: { name: "for a test", roles: $roles, expiresAt: $expiresAt }) { apiKey { id } secret } }`
const UPLOAD_CREATE = `mutation ($input: UploadCreateInput!) {
  uploadCreate(input: $input) { upload { id url isReceived } userErrors { code message path } } }`
const JOB_CREATE = `mutation ($input: IngestionJobCreateInput!) {
  ingestionJobCreate(input: $input) { ingestionJob { id } userErrors { code message path } } }`
const ANSWER_START = `mutation ($input: AnswerInput!) {
  answerStart(input: $input) { answer { id } userErrors { code message path } } }`
const ANSWER_STREAM = 'subscription ($input: AnswerInput!) { answerStream(input: $input) { __typename } }'
const JOB_EVENTS = 'subscription ($id: ID!) { ingestionJobEvents(id: $id) { __typename } }'

export function badInputStory(profile: string, start: () => Promise<PlatformUnderTest>): void {
  vi.setConfig(STORY_TIMEOUTS)
  describe(`bad input and bad days, ${profile}`, () => {
    const api = createSchemaReader()
    let platform: PlatformUnderTest
    let client: TestClient
    let foreign: TestClient
    let workspace: HandbookWorkspace

    beforeAll(async () => {
      platform = await start()
      client = platform.client()
      foreign = platform.client(platform.foreignApiKey)
      workspace = await fillWorkspace(client)
    })
    afterAll(() => platform?.close())

    const createKey = async (roles: string[], expiresAt: Date | null = null) =>
      (await client.query(KEY_CREATE, { roles, expiresAt })).apiKeyCreate as { apiKey: { id: string }; secret: string }

    describe('files', () => {
      test('each file that cannot be read fails alone, with its reason and remedy; the good one beside them is ready', async () => {
        const bad = badFiles()
        const good = { name: 'good.txt', mediaType: null, bytes: Buffer.from('Zebras of the fjord graze at dawn.') }
        const { knowledgeBaseId } = workspace
        const job = await client.ingest({ knowledgeBaseId, files: [...bad, good] })
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
        const { knowledgeBase } = await client.query(
          'query ($id: ID!) { knowledgeBase(id: $id) { search(query: "zebras of the fjord", mode: LEXICAL) { hits { chunk { document { id } } } } } }',
          { id: knowledgeBaseId },
        )
        expect(knowledgeBase.search.hits[0].chunk.document.id).toBe(item.document.id)
      })

      const documentStatus = async (id: string) =>
        (await client.query('query ($id: ID!) { document(id: $id) { status } }', { id })).document.status

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
        const { uploadCreate } = await client.query(UPLOAD_CREATE, {
          input: { fileName: 'a.txt', sizeBytes: 5, ...input },
        })
        expect(uploadCreate).toMatchObject({ upload: null, userErrors: [{ code, path: ['input', field] }] })
        expect(uploadCreate.userErrors[0].message).toMatch(remedy)
      })

      test('an upload cut half way leaves nothing behind and can be sent again; then it is taken once', async () => {
        const bytes = Buffer.from('All twenty-four bytes...')
        const { upload } = (
          await client.query(UPLOAD_CREATE, { input: { fileName: 'cut.txt', sizeBytes: bytes.byteLength } })
        ).uploadCreate
        await (await openHalfUpload(upload.url, bytes)).drop()
        expect(
          (await client.query('query ($id: ID!) { node(id: $id) { ... on Upload { isReceived } } }', upload)).node,
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
          input: () => ({ uploadIds: [workspace.uploadId] }),
          code: 'INVALID',
          path: ['uploadIds', '0'],
        },
      ])('a job with $wrong is refused with the field', async ({ input, code, path }) => {
        const given = typeof input === 'function' ? input() : input
        const { ingestionJobCreate } = await client.query(JOB_CREATE, {
          input: { knowledgeBaseId: workspace.knowledgeBaseId, ...given },
        })
        expect(ingestionJobCreate).toMatchObject({
          ingestionJob: null,
          userErrors: [{ code, path: ['input', ...path] }],
        })
      })
    })

    describe('ids', () => {
      const SOMEBODY_ELSES = 'of another workspace'
      const kinds = ['malformed', 'unknown', SOMEBODY_ELSES] as const

      /** The id of such a thing, and who asks for it. */
      const idOf = (kind: (typeof kinds)[number], prefix: NodePrefix): [string, TestClient] =>
        kind === 'malformed'
          ? ['no id at all', client]
          : kind === 'unknown'
            ? [createId(prefix), client]
            : [idsByPrefix(workspace)[prefix] ?? createId(prefix), foreign]

      test.each(api.fieldsById('Query').flatMap((field) => kinds.map((kind) => ({ ...field, kind }))))(
        'the query $name with an id $kind answers null',
        async ({ kind, ...field }) => {
          const [id, asker] = idOf(kind, prefixOf(field))
          expect(await asker.request(api.operationById('query', field), { id })).toMatchObject({
            status: 200,
            data: { [field.name]: null },
          })
        },
      )

      test.each(api.fieldsById('Mutation').flatMap((field) => kinds.map((kind) => ({ ...field, kind }))))(
        'the mutation $name with an id $kind changes nothing and says so',
        async ({ kind, ...field }) => {
          const [id, asker] = idOf(kind, prefixOf(field))
          const result = await asker.request(api.operationById('mutation', field), { id, ...field.otherVariables })
          expect(result.errors).toBeUndefined()
          expect(result.data[field.name].userErrors).toMatchObject([{ code: 'NOT_FOUND', path: ['id'] }])
        },
      )

      test.each(api.fieldsById('Subscription').flatMap((field) => kinds.map((kind) => ({ ...field, kind }))))(
        'the subscription $name with an id $kind ends with an error that names it',
        async ({ kind, ...field }) => {
          const [id, asker] = idOf(kind, prefixOf(field))
          expectRefused(await collect(asker, api.operationById('subscription', field), { id }), ['id'])
        },
      )

      test('nothing of this workspace is a node for another one, and every type of it is one for this', async () => {
        for (const [prefix, id] of Object.entries(idsByPrefix(workspace)) as [NodePrefix, string | null][]) {
          if (id === null) continue
          const query = 'query ($id: ID!) { node(id: $id) { __typename id } }'
          expect((await client.query(query, { id })).node, id).toEqual({
            __typename: NODE_TYPES[prefix].typeName,
            id,
          })
          if (!SHARED_PREFIXES.includes(prefix)) expect((await foreign.query(query, { id })).node, id).toBeNull()
        }
      })

      test.each(kinds)('ids %s inside inputs are refused with their path', async (kind) => {
        const [knowledgeBaseId, asker] = idOf(kind, 'kb')
        const [uploadId] = idOf(kind, 'up')
        const texts = [{ title: 'a', text: 'b' }]
        const created = await asker.query(JOB_CREATE, { input: { knowledgeBaseId, texts } })
        expect(created.ingestionJobCreate.userErrors).toMatchObject([
          { code: 'NOT_FOUND', path: ['input', 'knowledgeBaseId'] },
        ])
        const own = await asker.createKnowledgeBase(`For ids ${kind}`)
        const withUpload = await asker.query(JOB_CREATE, { input: { knowledgeBaseId: own, uploadIds: [uploadId] } })
        expect(withUpload.ingestionJobCreate.userErrors).toMatchObject([
          { code: 'NOT_FOUND', path: ['input', 'uploadIds', '0'] },
        ])
        const input = { question: 'What is this?', knowledgeBaseIds: [own, knowledgeBaseId] }
        expect((await asker.query(ANSWER_START, { input })).answerStart.userErrors).toMatchObject([
          { code: 'NOT_FOUND', path: ['input', 'knowledgeBaseIds', '1'] },
        ])
        expectRefused(await collect(asker, ANSWER_STREAM, { input }), ['input', 'knowledgeBaseIds', '1'])
      })
    })

    describe('questions', () => {
      test('an empty question is refused with its field', async () => {
        const input = { question: ' ', knowledgeBaseIds: [workspace.knowledgeBaseId] }
        expect((await client.query(ANSWER_START, { input })).answerStart).toMatchObject({
          answer: null,
          userErrors: [{ code: 'INVALID', path: ['input', 'question'] }],
        })
        expectRefused(await collect(client, ANSWER_STREAM, { input }), ['input', 'question'])
      })

      test("a question longer than the model's context is refused with its field and remedy", async () => {
        const input = {
          question: `What does ${'the very long story of the observatory '.repeat(4000)}say?`,
          knowledgeBaseIds: [workspace.knowledgeBaseId],
        }
        const { answerStart } = await client.query(ANSWER_START, { input })
        expect(answerStart).toMatchObject({
          answer: null,
          userErrors: [{ code: 'CONTEXT_TOO_LONG', path: ['input', 'question'] }],
        })
        expect(answerStart.userErrors[0].message).toMatch(/short/i)
        expectRefused(await collect(client, ANSWER_STREAM, { input }), ['input', 'question'])
      })

      test('a model that nobody has is refused with its field', async () => {
        const input = { question: 'Why?', knowledgeBaseIds: [workspace.knowledgeBaseId], modelName: 'no-such-model:1b' }
        expect((await client.query(ANSWER_START, { input })).answerStart.userErrors).toMatchObject([
          { code: 'MODEL_NOT_AVAILABLE', path: ['input', 'modelName'] },
        ])
        expectRefused(await collect(client, ANSWER_STREAM, { input }), ['input', 'modelName'])
      })
    })

    describe('arguments of lists', () => {
      test.each([0, 101])('a page of %i is refused with the argument', async (first) => {
        for (const field of ['models', 'knowledgeBases', 'answers', 'ingestionJobs'])
          expectRefused(
            [await client.request(`query ($first: Int) { ${field}(first: $first) { nodes { id } } }`, { first })],
            ['first'],
          )
      })

      test('a cursor of nowhere is refused with the argument', async () => {
        for (const field of ['models', 'knowledgeBases', 'answers', 'ingestionJobs']) {
          const result = await client.request(`{ ${field}(after: "nowhere") { nodes { id } } }`)
          expectRefused([result], ['after'], 'CURSOR_INVALID')
        }
        const events = await collect(
          client,
          'subscription ($id: ID!) { ingestionJobEvents(id: $id, after: "nowhere") { cursor } }',
          {
            id: workspace.jobId,
          },
        )
        expectRefused(events, ['after'], 'CURSOR_INVALID')
      })
    })

    describe('credentials', () => {
      const VIEWER = '{ viewer { subject } }'

      test.each([
        { sent: 'no credentials', key: () => null, remedy: /Send an API key/ },
        { sent: 'an unknown key', key: () => 'trb_nobody_knows_this_key', remedy: /Create one/ },
      ])('$sent: 401 over HTTP, and no WebSocket', async ({ key, remedy }) => {
        const stranger = platform.client(key())
        const result = await stranger.request(VIEWER)
        expect(result).toMatchObject({ status: 401, errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] })
        expect(result.errors![0]!.message).toMatch(remedy)
        expect(await refusal(stranger, JOB_EVENTS, { id: workspace.jobId })).toMatch(/UNAUTHENTICATED|4403/)
      })

      test('a key works until it expires', async () => {
        const { secret } = await createKey(['VIEWER'], new Date(Date.now() + 2000))
        const reader = platform.client(secret)
        expect((await reader.request(VIEWER)).status).toBe(200)
        await expect.poll(async () => (await reader.request(VIEWER)).status, { timeout: 5000, interval: 100 }).toBe(401)
      })

      test('a revoked key is refused within a second, and its open stream ends with the reason', async () => {
        const { apiKey, secret } = await createKey(['VIEWER'])
        const reader = platform.client(secret)
        const texts = Array.from({ length: 200 }, (_, index) => ({
          title: `Long job ${index}`,
          text: `Text ${index}.`,
        }))
        const jobId = await client.startJob({ knowledgeBaseId: workspace.knowledgeBaseId, texts })
        const ended = Promise.withResolvers<{ atMs: number; errors: GraphError[] | undefined }>()
        const opened = Promise.withResolvers<void>()
        void (async () => {
          let errors: GraphError[] | undefined
          for await (const result of reader.subscribe(JOB_EVENTS, { id: jobId })) {
            opened.resolve()
            errors = result.errors
          }
          ended.resolve({ atMs: performance.now(), errors })
        })().catch(ended.reject)
        await opened.promise
        await client.query('mutation ($id: ID!) { apiKeyRevoke(id: $id) { apiKey { revokedAt } } }', apiKey)
        const revokedAtMs = performance.now()
        const stream = await ended.promise
        await client.query('mutation ($id: ID!) { ingestionJobCancel(id: $id) { ingestionJob { status } } }', {
          id: jobId,
        })
        expect(stream.errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }])
        expect(stream.atMs - revokedAtMs).toBeLessThan(1000)
        expect((await reader.request(VIEWER)).status).toBe(401)
      })

      test('a role that may not is told which may, and nothing happens', async () => {
        const viewer = platform.client((await createKey(['VIEWER'])).secret)
        const result = await viewer.request(
          'mutation { knowledgeBaseCreate(input: { name: "Not mine" }) { knowledgeBase { id } } }',
        )
        expect(result.errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' }, path: ['knowledgeBaseCreate'] }])
        expect(result.errors![0]!.message).toMatch(/EDITOR.*Ask an administrator/)
        const { knowledgeBases } = await client.query(
          '{ knowledgeBases(filter: { name: "Not mine" }) { nodes { id } } }',
        )
        expect(knowledgeBases.nodes).toEqual([])
      })
    })
  })
}

function prefixOf(field: IdField): NodePrefix {
  const [prefix] = Object.entries(NODE_TYPES).find(([, { typeName }]) => typeName === field.typeName) ?? ['kb']
  return prefix as NodePrefix
}

async function collect(
  client: TestClient,
  operation: string,
  variables: Record<string, unknown>,
): Promise<GraphResult[]> {
  const results: GraphResult[] = []
  for await (const result of client.subscribe(operation, variables)) results.push(result)
  return results
}

/** Why a socket was closed before anything came. */
async function refusal(client: TestClient, operation: string, variables: Record<string, unknown>): Promise<string> {
  try {
    return JSON.stringify(await collect(client, operation, variables))
  } catch (closed) {
    const { code, reason } = closed as { code?: number; reason?: string }
    return `${code} ${reason}`
  }
}

function expectRefused(results: GraphResult[], argumentPath: string[], code?: string): void {
  expect(results).toHaveLength(1)
  const [error] = results[0]!.errors ?? []
  expect(error?.extensions).toMatchObject({ argumentPath })
  if (code) expect(error?.extensions.code).toBe(code)
  else expect(['BAD_USER_INPUT', 'NOT_FOUND']).toContain(error?.extensions.code)
}
