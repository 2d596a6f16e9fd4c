// Streams over HTTP as their clients see them: what is sent, in which form, and what ends it.
import { request as httpRequest } from 'node:http'
import { once } from 'node:events'
import { afterAll, expect, test } from 'vitest'
import { startTwoSubgraphs, STREAM, UNANSWERED_KEY } from '../two-subgraphs.fixture.ts'
import { DEFAULT_SUBSCRIPTIONS } from './settings.ts'

// Not on loopback, where introspection without credentials would be allowed.
const gateway = await startTwoSubgraphs({
  host: '0.0.0.0',
  corsOrigins: ['https://app.example'],
  subscriptions: { ...DEFAULT_SUBSCRIPTIONS, heartbeatMs: 100 },
})
const { keys, started, untilStarted, nextEnd, pace, url, close } = gateway
afterAll(close)

const EVENT_STREAM = { accept: 'text/event-stream' }
const MULTIPART = { accept: 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0,application/json' }
const AS_VIEWER = { authorization: 'Bearer viewer' }

const post = (payload: object, headers: Record<string, string>, signal?: AbortSignal) =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(payload),
    ...(signal ? { signal } : {}),
  })

const get = (parameters: Record<string, string>, headers: Record<string, string>) =>
  fetch(`${url}?${new URLSearchParams(parameters)}`, { headers })

/** The results of Server-Sent Events, and whether `complete` came behind them. */
function readEvents(text: string) {
  const frames = text.split('\n\n').filter((frame) => frame !== '' && !frame.startsWith(':'))
  const fields = frames.map((frame) => Object.fromEntries(frame.split('\n').map((line) => line.split(/: ?(.*)/s))))
  const isComplete = fields.at(-1)?.['event'] === 'complete'
  return { results: fields.flatMap(({ event, data }) => (event === 'next' ? [JSON.parse(data)] : [])), isComplete }
}

/** The parts of Apollo's protocol without signs of life; null: it has not ended as it is to. */
function readParts(text: string): any[] | null {
  if (!text.endsWith('\r\n--graphql--\r\n')) return null
  return text
    .split('\r\n--graphql')
    .slice(1, -1)
    .map((part) => JSON.parse(part.slice(part.indexOf('\r\n\r\n'))))
    .filter((part) => Object.keys(part).length > 0)
}

const WORDS = ['t1', 't2', 't3']

test('server-sent events: results, with fields of the other subgraph and errors that stay with theirs, then complete', async () => {
  const response = await post({ query: STREAM, variables: { count: 3 } }, { ...EVENT_STREAM, ...AS_VIEWER })
  expect(response.status).toBe(200)
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
  })
  expect(response.headers.has('content-encoding')).toBe(false)
  const { results, isComplete } = readEvents(await response.text())
  expect(isComplete).toBe(true)
  expect(results.map(({ data }) => data.tokens.words)).toEqual([...WORDS, undefined])
  expect(results[0].data.tokens.engine).toEqual({ name: 'Engine one' })
  expect(results.map(({ errors }) => errors?.[0].extensions.code)).toEqual([
    undefined,
    undefined,
    'UPSTREAM_UNAVAILABLE',
    undefined,
  ])
})

test("multipart: the same, as the parts of Apollo's protocol", async () => {
  const response = await post({ query: STREAM, variables: { count: 3 } }, { ...MULTIPART, ...AS_VIEWER })
  expect(response.headers.get('content-type')).toBe('multipart/mixed;boundary="graphql";subscriptionSpec=1.0')
  const parts = readParts(await response.text())!
  expect(parts.map(({ payload }) => payload.data.tokens.words)).toEqual([...WORDS, undefined])
})

test('queries too have their result as a stream of one', async () => {
  const query = { query: '{ engines(first: 1) { id } }' }
  const data = { engines: [{ id: 'e1' }] }
  const events = await post(query, { ...EVENT_STREAM, ...AS_VIEWER })
  expect(readEvents(await events.text())).toEqual({ results: [{ data }], isComplete: true })
  const parts = await post(query, { ...MULTIPART, ...AS_VIEWER })
  expect(readParts(await parts.text())).toEqual([{ payload: { data } }])
})

test('GET takes the operation from its search parameters, but no mutation', async () => {
  const streamed = await get({ query: STREAM, variables: '{"count":1}' }, { ...EVENT_STREAM, ...AS_VIEWER })
  expect(readEvents(await streamed.text()).results.map(({ data }) => data.tokens.words)).toEqual(['t1', undefined])
  for (const [parameters, message] of [
    [{ query: STREAM, variables: '[1]' }, /variables must be a JSON object/],
    [{ query: STREAM, variables: '{' }, /variables must be a JSON object/],
    [{ query: STREAM, extensions: '7' }, /extensions must be a JSON object/],
  ] as const) {
    const refused = await get(parameters, { ...EVENT_STREAM, ...AS_VIEWER })
    expect(refused.status).toBe(400)
    const { errors } = await refused.json()
    expect(errors).toMatchObject([{ message: expect.stringMatching(message), extensions: { code: 'BAD_REQUEST' } }])
  }
  const mutation = { query: 'mutation { rename(text: "x") }' }
  const refused = await get(mutation, { ...EVENT_STREAM, ...AS_VIEWER })
  expect(refused.status).toBe(405)
  expect(started).not.toContain('rename')
  const sent = await post(mutation, { ...EVENT_STREAM, ...AS_VIEWER })
  expect(readEvents(await sent.text())).toEqual({ results: [{ data: { rename: 'x' } }], isComplete: true })
})

test('what is no single operation is refused as a request, by status', async () => {
  for (const [body, message] of [
    [[], /one operation/],
    ['x', /one operation/],
    [{ query: 7 }, /query must be a string/],
    [{ query: STREAM, operationName: {} }, /operationName must be a string/],
    [{ query: STREAM, variables: [] }, /variables must be a JSON object/],
  ] as const) {
    const response = await post(body as object, { ...EVENT_STREAM, ...AS_VIEWER })
    const { errors } = await response.json()
    expect([response.status, errors[0].extensions.code]).toEqual([400, 'BAD_REQUEST'])
    expect(errors[0].message).toMatch(message)
  }
})

test('who may not ask, and what is no valid operation, is told in the stream', async () => {
  const query = 'subscription { secretTokens { sequence } }'
  for (const [payload, headers, code] of [
    [{ query: STREAM, variables: { count: 1 } }, {}, 'UNAUTHENTICATED'],
    [{ query: '{ __schema { queryType { name } } }' }, {}, 'UNAUTHENTICATED'],
    [{ query: STREAM, variables: { count: 1 } }, { authorization: 'Bearer wrong' }, 'UNAUTHENTICATED'],
    [{ query: '{ nothing }' }, AS_VIEWER, 'GRAPHQL_VALIDATION_FAILED'],
    [{ query: STREAM, variables: { count: 'x' } }, AS_VIEWER, 'BAD_USER_INPUT'],
    [{}, AS_VIEWER, 'BAD_REQUEST'],
    [{ extensions: { persistedQuery: { version: 1, sha256Hash: 'x' } } }, AS_VIEWER, 'PERSISTED_QUERY_NOT_FOUND'],
    [{ query }, AS_VIEWER, 'FORBIDDEN'],
  ] as const) {
    const events = await post(payload, { ...EVENT_STREAM, ...headers })
    expect(events.status).toBe(200)
    const { results, isComplete } = readEvents(await events.text())
    expect(results).toMatchObject([{ errors: [{ extensions: { code } }] }])
    expect(isComplete).toBe(true)
    const parts = readParts(await (await post(payload, { ...MULTIPART, ...headers })).text())
    expect(parts).toMatchObject([{ payload: { errors: [{ extensions: { code } }] } }])
  }
  expect(started).not.toContain('secretTokens')
})

test('what may succeed when it is sent again has a status that says so', async () => {
  for (const accept of [EVENT_STREAM, MULTIPART]) {
    const response = await post({ query: STREAM }, { ...accept, authorization: `Bearer ${UNANSWERED_KEY}` })
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1'])
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'UPSTREAM_UNAVAILABLE' } }] })
  }
})

test('a gateway that stops sends the clients of its streams away: to come back, or with a code', async () => {
  const stopping = await startTwoSubgraphs()
  const open = (accept: Record<string, string>) =>
    fetch(stopping.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...accept, ...AS_VIEWER },
      body: JSON.stringify({ query: STREAM, variables: { count: 0 } }),
    })
  const streams = [await open(EVENT_STREAM), await open(MULTIPART)]
  await stopping.untilStarted(2)
  const beganAt = performance.now()
  const closed = stopping.close()
  const [events, parts] = await Promise.all(streams.map((response) => response.text()))
  await closed
  expect(performance.now() - beganAt).toBeLessThan(5000)
  expect(events).toMatch(/^retry: \d{3,4}\n\n(:\n\n)*$/)
  expect(readParts(parts!)).toMatchObject([
    { payload: null, errors: [{ extensions: { code: 'SHUTTING_DOWN', isRetryable: true } }] },
  ])
})

test('a page of another origin can have nothing run with a simple request', async () => {
  const parameters = { query: '{ engines { id } }' }
  for (const headers of [{}, { origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }]) {
    const response = await get(parameters, { ...EVENT_STREAM, ...headers })
    expect(response.status).toBe(400)
    expect((await response.json()).errors[0].message).toMatch(/apollo-require-preflight/)
  }
  for (const headers of [{ origin: 'https://app.example' }, { 'apollo-require-preflight': '1' }, AS_VIEWER])
    expect((await get(parameters, { ...EVENT_STREAM, ...headers })).status).toBe(200)
})

test('a quiet stream gives signs of life, and ends in the subgraph when its client leaves', async () => {
  for (const [accept, sign] of [
    [EVENT_STREAM, '\n\n:\n\n'],
    [MULTIPART, '\r\n\r\n{}\r\n--graphql'],
  ] as const) {
    started.length = 0
    const controller = new AbortController()
    const response = await post(
      { query: STREAM, variables: { count: 0 } },
      { ...accept, ...AS_VIEWER },
      controller.signal,
    )
    await untilStarted(1)
    let text = ''
    const decoder = new TextDecoder()
    for await (const chunk of response.body!) {
      text += decoder.decode(chunk)
      if (text.includes(sign)) break
    }
    const ended = nextEnd()
    controller.abort()
    expect(await ended).toBe(0)
  }
})

test('a revoked key ends its open stream within a second, with a code', async () => {
  for (const [key, accept] of [
    ['leaving', EVENT_STREAM],
    ['leaving-too', MULTIPART],
  ] as const) {
    keys.set(key, ['VIEWER'])
    started.length = 0
    const response = await post(
      { query: STREAM, variables: { count: 0 } },
      { ...accept, authorization: `Bearer ${key}` },
    )
    await untilStarted(1)
    const ended = nextEnd()
    keys.delete(key)
    const revokedAt = performance.now()
    const text = await response.text()
    expect(performance.now() - revokedAt).toBeLessThanOrEqual(1000)
    expect(text).toContain('"code":"UNAUTHENTICATED"')
    if (accept === EVENT_STREAM) expect(readEvents(text).isComplete).toBe(true)
    else expect(readParts(text)).not.toBeNull()
    await ended
  }
})

test('events arrive one by one, each when it has happened', async () => {
  const response = await post(
    { query: 'subscription { paced { ... on Token { sequence engine { name } } } }' },
    { ...EVENT_STREAM, ...AS_VIEWER },
  )
  const reader = response.body!.getReader()
  let text = ''
  for (let sequence = 1; sequence <= 3; sequence += 1) {
    pace()
    while (!text.includes(`"sequence":${sequence},"engine":{"name":"Engine one"}`))
      text += new TextDecoder().decode((await reader.read()).value)
    expect(text).not.toContain(`"sequence":${sequence + 1}`)
  }
  await reader.cancel()
})

test('HEAD and OPTIONS, and bodies of other types, have no stream', async () => {
  const preflight = await fetch(url, {
    method: 'OPTIONS',
    headers: { ...EVENT_STREAM, origin: 'https://app.example', 'access-control-request-method': 'POST' },
  })
  expect(preflight.headers.get('access-control-allow-origin')).toBe('https://app.example')
  const text = await fetch(url, {
    method: 'POST',
    headers: { ...EVENT_STREAM, ...AS_VIEWER, 'content-type': 'text/plain' },
    body: '{ engines { id } }',
  })
  expect(text.status).toBe(400)
  const request = httpRequest(url, { method: 'HEAD', headers: { ...EVENT_STREAM, ...AS_VIEWER } }).end()
  const [response] = await once(request, 'response')
  expect(response.statusCode).toBeGreaterThanOrEqual(400)
})
