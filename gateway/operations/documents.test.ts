// Documents by hash and by id, and the limits of operations, over HTTP and WebSocket alike.
import { createHash } from 'node:crypto'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { pino } from 'pino'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { DEFAULT_ENDPOINT_POLICY, type EndpointPolicy } from '../endpoint-policy.ts'
import { startTwoSubgraphs } from '../two-subgraphs.fixture.ts'
import type { OperationCost } from './operation-limits.ts'
import { DEFAULT_LIMITS } from './operation-policy.ts'

const PING = 'query Ping { ping }'
const ENGINES = 'query Engines { engines { id } }'
const STREAM = 'subscription Stream { tokens(count: 1) { sequence } }'
const hashOf = (text: string) => createHash('sha256').update(text).digest('hex')
const persisted = (text: string, version: unknown = 1) => ({ persistedQuery: { version, sha256Hash: hashOf(text) } })

interface Sent {
  query?: string
  documentId?: unknown
  extensions?: Record<string, unknown>
  variables?: Record<string, unknown>
}

type Running = Awaited<ReturnType<typeof startTwoSubgraphs>>

/** The answer and the first code in it. */
async function post({ url }: Running, body: Sent, key = 'viewer', headers: Record<string, string> = {}) {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/graphql-response+json',
      authorization: `Bearer ${key}`,
      ...headers,
    },
    body: JSON.stringify(body),
  })
  const answer = await response.json()
  return { status: response.status, answer, code: answer.errors?.[0].extensions.code as string | undefined }
}

async function get({ url }: Running, sent: Sent) {
  const parameters = Object.entries(sent).map(([name, value]) => [
    name,
    typeof value === 'string' ? value : JSON.stringify(value),
  ])
  const response = await fetch(`${url}?${new URLSearchParams(Object.fromEntries(parameters))}`, {
    headers: { 'apollo-require-preflight': '1', authorization: 'Bearer viewer' },
  })
  const answer = await response.json()
  return { status: response.status, answer, code: answer.errors?.[0].extensions.code as string | undefined }
}

async function overSocket({ connect }: Running, sent: Sent, key = 'viewer') {
  const client = connect(key)
  try {
    const results: any[] = []
    for await (const result of client.iterate({ query: '', ...sent })) results.push(result)
    return { answer: results[0], code: results[0]?.errors?.[0].extensions.code as string | undefined }
  } catch (errors) {
    return { answer: null, code: (errors as { extensions: { code: string } }[])[0]?.extensions.code }
  } finally {
    await client.dispose()
  }
}

describe('automatic persisted queries', async () => {
  const running = await startTwoSubgraphs()
  afterAll(running.close)

  test('a hash is known once its text came with it, to every transport', async () => {
    expect((await post(running, { extensions: persisted(PING) })).code).toBe('PERSISTED_QUERY_NOT_FOUND')
    expect(await get(running, { extensions: persisted(PING) })).toMatchObject({
      status: 200,
      code: 'PERSISTED_QUERY_NOT_FOUND',
    })
    expect((await overSocket(running, { extensions: persisted(PING) })).code).toBe('PERSISTED_QUERY_NOT_FOUND')
    expect((await post(running, { query: PING, extensions: persisted(PING) })).answer.data.ping).toEqual(
      expect.any(String),
    )
    expect((await post(running, { extensions: persisted(PING) })).answer.data.ping).toEqual(expect.any(String))
    expect((await get(running, { extensions: persisted(PING) })).answer.data.ping).toEqual(expect.any(String))
    expect((await overSocket(running, { extensions: persisted(PING) })).answer.data.ping).toEqual(expect.any(String))
  })

  test('what a socket registered HTTP knows too; subscriptions can be persisted as well', async () => {
    expect((await overSocket(running, { query: ENGINES, extensions: persisted(ENGINES) })).code).toBeUndefined()
    expect((await get(running, { extensions: persisted(ENGINES) })).answer.data.engines).toHaveLength(1)
    expect((await overSocket(running, { extensions: persisted(STREAM) })).code).toBe('PERSISTED_QUERY_NOT_FOUND')
    await overSocket(running, { query: STREAM, extensions: persisted(STREAM) })
    expect((await overSocket(running, { extensions: persisted(STREAM) })).answer.data.tokens).toEqual({ sequence: 1 })
  })

  test("a hash of another text, another version and nonsense are the request's mistake, and nothing is kept", async () => {
    const other = '{ engines { name } }'
    for (const extensions of [
      persisted(PING),
      persisted(other, 2),
      { persistedQuery: { version: 1, sha256Hash: { toString: 1 } } },
      { persistedQuery: 'x' },
      { persistedQuery: { version: 1 } },
    ]) {
      expect((await post(running, { query: other, extensions })).code).toBe('BAD_REQUEST')
      expect((await overSocket(running, { query: other, extensions })).code).toBe('BAD_REQUEST')
    }
    expect((await post(running, { extensions: persisted(other) })).code).toBe('PERSISTED_QUERY_NOT_FOUND')
  })

  test('an invalid document is not kept', async () => {
    const invalid = '{ nothing }'
    expect((await post(running, { query: invalid, extensions: persisted(invalid) })).code).toBe(
      'GRAPHQL_VALIDATION_FAILED',
    )
    expect((await overSocket(running, { query: invalid, extensions: persisted(invalid) })).code).toBe(
      'GRAPHQL_VALIDATION_FAILED',
    )
    expect((await post(running, { extensions: persisted(invalid) })).code).toBe('PERSISTED_QUERY_NOT_FOUND')
  })

  test('an operation without text or id is refused', async () => {
    expect((await post(running, { variables: { a: 1 } })).code).toBe('BAD_REQUEST')
    expect((await overSocket(running, {})).code).toBe('BAD_REQUEST')
    expect((await post(running, { documentId: hashOf(PING) })).code).toBe('DOCUMENT_NOT_TRUSTED')
  })
})

describe('trusted documents', () => {
  let directory: string
  let manifest: string
  let lines: { msg: string; err?: { message: string }; sha256Hash?: string; operationName?: string }[]
  let running: Running

  beforeEach(async () => {
    directory = await mkdtemp(path.join(os.tmpdir(), 'tributary-manifest-'))
    manifest = path.join(directory, 'manifest.json')
    lines = []
  })
  afterEach(async () => {
    await running.close()
    await rm(directory, { recursive: true })
  })

  const apolloManifest = (documents: Record<string, string>) =>
    JSON.stringify({
      format: 'apollo-persisted-query-manifest',
      version: 1,
      operations: Object.entries(documents).map(([id, body]) => ({ id, name: 'N', type: 'query', body })),
    })

  async function start(mode: 'log' | 'require', content: string) {
    await writeFile(manifest, content)
    const policy: EndpointPolicy = {
      ...DEFAULT_ENDPOINT_POLICY,
      trustedDocuments: { mode, manifest, watchIntervalMs: 20 },
    }
    const logger = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line)) })
    running = await startTwoSubgraphs({ policy, logger })
  }

  /** As deployments change a file: another one takes its place. */
  async function replaceManifest(content: string) {
    await writeFile(`${manifest}.new`, content)
    await rename(`${manifest}.new`, manifest)
  }

  test('require runs what the manifest has, by either name of its id or by its text, and nothing else', async () => {
    await start('require', apolloManifest({ [hashOf(PING)]: PING, streaming: STREAM }))
    const ping = { ping: expect.any(String) }
    expect((await post(running, { documentId: hashOf(PING) })).answer.data).toEqual(ping)
    expect((await post(running, { documentId: `sha256:${hashOf(PING)}` })).answer.data).toEqual(ping)
    expect((await post(running, { extensions: persisted(PING) })).answer.data).toEqual(ping)
    expect((await post(running, { query: PING })).answer.data).toEqual(ping)
    expect((await get(running, { documentId: hashOf(PING) })).answer.data).toEqual(ping)
    expect((await get(running, { extensions: persisted(PING) })).answer.data).toEqual(ping)
    expect((await overSocket(running, { documentId: hashOf(PING) })).answer.data).toEqual(ping)
    expect((await overSocket(running, { extensions: { documentId: 'streaming' } })).answer.data.tokens).toEqual({
      sequence: 1,
    })

    for (const sent of [
      { query: ENGINES },
      { query: `${PING} ` },
      { query: '{ __schema { queryType { name } } }' },
      // Not even whether it is valid is told.
      { query: '{ nothing' },
      { query: ENGINES, extensions: persisted(ENGINES) },
      { extensions: persisted(ENGINES) },
      { documentId: hashOf(ENGINES) },
      { documentId: '__proto__' },
    ]) {
      expect(await post(running, sent)).toMatchObject({ status: 403, code: 'DOCUMENT_NOT_TRUSTED' })
      expect((await overSocket(running, sent)).code).toBe('DOCUMENT_NOT_TRUSTED')
    }
    expect(await post(running, { query: ENGINES }, 'wrong')).toMatchObject({ status: 401, code: 'UNAUTHENTICATED' })
  })

  test('log runs the others, and says so once for each', async () => {
    await start('log', JSON.stringify({ [hashOf(PING)]: PING }))
    expect((await post(running, { query: ENGINES })).answer.data.engines).toHaveLength(1)
    expect((await post(running, { query: ENGINES })).answer.data.engines).toHaveLength(1)
    expect((await overSocket(running, { query: ENGINES })).answer.data.engines).toHaveLength(1)
    expect((await post(running, { documentId: hashOf(PING) })).code).toBeUndefined()
    expect((await post(running, { query: PING })).code).toBeUndefined()
    const unknown = lines.filter(({ msg }) => msg.includes('not among the trusted documents'))
    expect(unknown).toHaveLength(1)
    expect(unknown[0]!.sha256Hash).toBe(hashOf(ENGINES))
    // Persisted queries still work.
    expect((await post(running, { extensions: persisted(STREAM) })).code).toBe('PERSISTED_QUERY_NOT_FOUND')
  })

  test('a changed manifest counts without a restart; one that cannot be used is refused with its reason', async () => {
    await start('require', JSON.stringify({ ping: PING }))
    await replaceManifest(JSON.stringify({ ping: PING, engines: ENGINES }))
    await expect
      .poll(async () => (await post(running, { documentId: 'engines' })).code, { timeout: 10_000 })
      .toBeUndefined()
    let refused = 0
    for (const [content, reason] of [
      ['{', 'cannot be read as JSON'],
      ['{"format":"apollo-persisted-query-manifest","version":2,"operations":[]}', 'expected {"format"'],
      ['{"ping":"{ ping"}', 'its document "ping" is not GraphQL'],
    ] as const) {
      await replaceManifest(content)
      await expect
        .poll(() => lines.filter(({ msg }) => msg.includes('is refused')).length, { timeout: 10_000 })
        .toBe(++refused)
      expect(lines.at(-1)!.err!.message).toContain(reason)
      expect((await post(running, { documentId: 'engines' })).code).toBeUndefined()
    }
    await replaceManifest(JSON.stringify({ ping: PING }))
    await expect
      .poll(async () => (await post(running, { documentId: 'engines' })).code, { timeout: 10_000 })
      .toBe('DOCUMENT_NOT_TRUSTED')
  })

  test('without a usable manifest the gateway does not start', async () => {
    await start('log', '{}')
    for (const trustedDocuments of [
      { mode: 'require', manifest: null },
      { mode: 'log', manifest: path.join(directory, 'absent.json') },
    ] as const)
      await expect(
        startTwoSubgraphs({ policy: { ...DEFAULT_ENDPOINT_POLICY, trustedDocuments } }),
      ).rejects.toMatchObject({
        code: 'CONFIGURATION_INVALID',
        message: expect.stringContaining('TRIBUTARY_TRUSTED_DOCUMENTS_MANIFEST'),
      })
  })
})

describe('limits', async () => {
  const costs: [string | null, OperationCost][] = []
  const running = await startTwoSubgraphs({
    policy: {
      ...DEFAULT_ENDPOINT_POLICY,
      operations: {
        limits: { ...DEFAULT_LIMITS, tokens: 40, depth: 4, aliases: 1, rootFields: 2, directives: 1, cost: 8 },
        introspectionRoles: ['EDITOR'],
        costReport: 'admin',
      },
    },
    onCost: (cost, operationName) => costs.push([operationName, cost]),
  })
  afterAll(running.close)

  test.each([
    ['TOKEN_LIMIT_EXCEEDED', `{ ${'ping '.repeat(50)} }`],
    ['DEPTH_LIMIT_EXCEEDED', '{ a { b { c { d { e } } } } }'],
    ['ALIAS_LIMIT_EXCEEDED', '{ a: ping b: ping }'],
    ['ROOT_FIELD_LIMIT_EXCEEDED', '{ ping ping ping }'],
    ['DIRECTIVE_LIMIT_EXCEEDED', '{ ping @skip(if: true) slow @skip(if: true) }'],
    ['COST_LIMIT_EXCEEDED', '{ engines(first: 9) { id } }'],
    ['COST_LIMIT_EXCEEDED', 'query ($n: Int) { engines(first: $n) { id } }'],
  ])('%s', async (code, query) => {
    const sent = { query, variables: { n: 9 } }
    expect(await post(running, sent)).toMatchObject({ status: 400, code })
    expect((await get(running, sent)).code).toBe(code)
    expect((await overSocket(running, sent)).code).toBe(code)
  })

  test('subscriptions are limited too', async () => {
    const ask = (query: string) => overSocket(running, { query })
    expect((await ask('subscription { tokens(count: 1) { a: sequence b: sequence } }')).code).toBe(
      'ALIAS_LIMIT_EXCEEDED',
    )
    expect((await ask('subscription S { tokens(count: 1) { sequence } }')).code).toBeUndefined()
    expect(costs.at(-1)).toEqual(['S', { estimated: 1, actual: null, maximum: 8 }])
  })

  test('a document is well, and the next with other variables is not', async () => {
    const query = 'query ($n: Int) { engines(first: $n) { id } }'
    expect((await post(running, { query, variables: { n: 8 } })).code).toBeUndefined()
    expect((await post(running, { query, variables: { n: 9 } })).code).toBe('COST_LIMIT_EXCEEDED')
  })

  test('the schema is told to the roles of the policy', async () => {
    const query = '{ __schema { queryType { name } } }'
    for (const ask of [post, overSocket]) {
      expect((await ask(running, { query }, 'editor')).answer.data.__schema.queryType.name).toBe('Query')
      expect((await ask(running, { query }, 'viewer')).code).toBe('FORBIDDEN')
    }
    const { status, body } = await running.post(query)
    expect([status, body.errors[0].extensions.code]).toEqual([401, 'UNAUTHENTICATED'])
  })

  test('what it cost is told to metrics, and to those who may ask', async () => {
    const sent = { query: ENGINES, extensions: { cost: true } }
    const cost = { estimated: 5, actual: 1, maximum: 8 }
    expect((await post(running, sent, 'admin')).answer).toEqual({
      data: { engines: [{ id: 'e1' }] },
      extensions: { cost },
    })
    expect(costs.at(-1)).toEqual(['Engines', cost])
    expect((await post(running, { query: ENGINES }, 'admin', { 'tributary-cost': '1' })).answer.extensions).toEqual({
      cost,
    })
    expect((await overSocket(running, sent, 'admin')).answer.extensions).toEqual({ cost })
    expect((await post(running, { query: ENGINES }, 'admin')).answer.extensions).toBeUndefined()
    expect((await post(running, sent, 'viewer')).answer.extensions).toBeUndefined()
  })
})
