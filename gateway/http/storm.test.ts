// What no client should send, and some do: whatever comes, each request is answered or its connection closed in time, the gateway lives, and it keeps
// nothing. The seed is printed; STORM_SEED repeats a storm.
import { once } from 'node:events'
import net from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import seedrandom from 'seedrandom'
import { afterAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { DEFAULT_ENDPOINT_POLICY } from '../endpoint-policy.ts'
import { startTwoSubgraphs } from '../two-subgraphs.fixture.ts'

const STORM_MS = 12_000
const ANSWER_WITHIN_MS = 5000
const AT_ONCE = 16
/** What caches may hold. */
const MAX_GROWTH_BYTES = 100 * 1_048_576

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

function memoryInUse(): number {
  collectGarbage()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

const seed = process.env['STORM_SEED'] ?? (process.env['CI'] ? '1' : String(Date.now()))
const random = seedrandom(seed)
const below = (limit: number) => Math.floor(random() * limit)
const oneOf = <Value>(values: readonly Value[]): Value => values[below(values.length)]!

const unhandled: unknown[] = []
process.on('unhandledRejection', (error) => unhandled.push(error))
process.on('uncaughtException', (error) => unhandled.push(error))

const { gateway, url, post, close } = await startTwoSubgraphs({
  policy: { ...DEFAULT_ENDPOINT_POLICY, http: { ...DEFAULT_ENDPOINT_POLICY.http, bodyTimeoutMs: 1000 } },
})
afterAll(close)
const port = Number(new URL(gateway.origin).port)

const bytes = (length: number) => Buffer.from(Array.from({ length }, () => below(256)))
const nested = (open: string, inner: string, shut: string, depth: number) =>
  open.repeat(depth) + inner + shut.repeat(depth)
const PROTOTYPE_NAMES = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf', 'then']
const HUGE = ['1e999', '-1e999', '9'.repeat(400), '1e-400', '0.' + '1'.repeat(500), '2147483648', '-0']
const name = () => oneOf(PROTOTYPE_NAMES)

/** Bodies as text or bytes, each wrong in a way of its own. */
const BODIES: Record<string, () => string | Buffer> = {
  'random bytes': () => bytes(below(2000)),
  'truncated JSON': () => {
    const whole = JSON.stringify({ query: '{ engines { id name } }', variables: { a: [1, { b: null }] } })
    return whole.slice(0, below(whole.length))
  },
  'JSON with a flipped byte': () => {
    const whole = Buffer.from(JSON.stringify({ query: '{ engines { id } }', extensions: { a: 1 } }))
    whole[below(whole.length)] = below(256)
    return whole
  },
  'deep arrays': () => `{"query":"{ ping }","variables":{"a":${nested('[', '1', ']', 1 + below(20_000))}}}`,
  'deep objects': () => `{"query":"{ ping }","extensions":${nested('{"a":', '1', '}', 1 + below(20_000))}}`,
  'nothing but brackets': () => '['.repeat(1 + below(100_000)),
  'deep selections': () => JSON.stringify({ query: nested('{ a ', '', '}', 1 + below(20_000)) }),
  'deep values': () =>
    JSON.stringify({ query: `{ engines(first: ${nested('[', '1', ']', 1 + below(20_000))}) { id } }` }),
  'deep types': () => JSON.stringify({ query: `query ($a: ${nested('[', 'Int', ']', 1 + below(5000))}) { ping }` }),
  'doubling fragments': () => {
    const levels = 1 + below(200)
    return JSON.stringify({
      query: `{ engines { ...F0 } } ${Array.from({ length: levels }, (_, level) => `fragment F${level} on Engine { ...F${level + 1} ...F${level + 1} }`).join(' ')} fragment F${levels} on Engine { id }`,
    })
  },
  'fragments in a circle': () =>
    JSON.stringify({ query: '{ engines { ...A } } fragment A on Engine { ...B } fragment B on Engine { ...A }' }),
  'the same field over and over': () => JSON.stringify({ query: `{ engines { ${'id '.repeat(1 + below(6000))} } }` }),
  'many aliases': () =>
    JSON.stringify({
      query: `{ ${Array.from({ length: 1 + below(2000) }, (_, index) => `a${index}: ping`).join(' ')} }`,
    }),
  'many directives': () => JSON.stringify({ query: `{ ping ${'@skip(if: false) '.repeat(1 + below(1500))} }` }),
  'huge numbers': () => `{"query":"query ($n: Int) { engines(first: $n) { id } }","variables":{"n":${oneOf(HUGE)}}}`,
  'huge literals': () => JSON.stringify({ query: `{ engines(first: ${oneOf(HUGE)}) { id } }` }),
  'duplicate keys': () =>
    `{"query":"{ ping }","query":${oneOf(['1', 'null', '"{ engines { id } }"', '[]'])},"query":"{ ping }"}`,
  'prototype names in variables': () =>
    `{"query":"query ($a: Int) { engines(first: $a) { id } }","variables":{"${name()}":{"${name()}":{"a":1}},"a":${oneOf(['1', '{"__proto__":1}'])}}}`,
  'prototype names in extensions': () =>
    `{"query":"{ ping }","extensions":{"${name()}":1,"persistedQuery":{"${name()}":1,"version":1,"sha256Hash":"${name()}"}}}`,
  'prototype names as aliases': () =>
    JSON.stringify({ query: `{ ${name()}: ping ${name()}: engines { ${name()}: id } }` }),
  'prototype names as fields': () =>
    JSON.stringify({ query: `{ ${name()} { ${name()} } ...${name()} } fragment ${name()} on ${name()} { ${name()} }` }),
  'prototype names as ids and names': () =>
    `{"documentId":"${name()}","operationName":"${name()}","query":"query ${name()} { ping }"}`,
  'keys of the request that are of another kind': () =>
    `{"query":${oneOf(['1', '[]', '{}', 'null', '""', 'true'])},"variables":${oneOf(['1', '[]', '"{}"', 'null'])},"extensions":${oneOf(['1', '[]', '"{}"', 'null'])},"operationName":${oneOf(['1', '[]', '{}'])}}`,
  'invalid UTF-8': () =>
    Buffer.concat([
      Buffer.from('{"query":"{ ping # '),
      Buffer.from([0xc3, 0x28, 0xff, 0xed, 0xa0, 0x80]),
      Buffer.from('\\n}"}'),
    ]),
  'half a surrogate': () => '{"query":"{ ping(a: \\"\\ud800\\") }","operationName":"\\udfff"}',
  'control characters': () => JSON.stringify({ query: `{ ping \u0000 ${String.fromCharCode(below(32))} }` }),
  'a long string': () => JSON.stringify({ query: `{ ping(a: "${'x'.repeat(below(1_000_000))}") }` }),
  'a long comment': () => JSON.stringify({ query: `{ ping } ${'#\n'.repeat(below(200_000))}` }),
  'a batch': () => JSON.stringify(Array.from({ length: below(200) }, () => ({ query: '{ ping }' }))),
  'what is meant': () => JSON.stringify({ query: '{ engines { id } }' }),
}

const CONTENT_TYPES = [
  ...Array.from({ length: 20 }, () => 'application/json'),
  'text/plain',
  'application/graphql',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/json; charset=utf-16',
  'application/json; charset=',
  'application/json/json',
  ';;;',
  '',
]

const unexpected: string[] = []

/** A whole request, by a client that reads the answer. */
async function send(kind: string): Promise<void> {
  const headers: Record<string, string> = { authorization: 'Bearer viewer' }
  const type = oneOf(CONTENT_TYPES)
  if (type) headers['content-type'] = type
  if (below(10) === 0)
    headers['accept'] = oneOf(['*/*', 'text/event-stream', ';q=', 'application/graphql-response+json;q=x', '\t'])
  if (below(20) === 0) headers['content-encoding'] = oneOf(['gzip', 'br', 'nonsense'])
  const response = await fetch(url, {
    method: 'POST',
    headers,
    body: BODIES[kind]!() as BodyInit,
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
  })
  const answer = await response.text()
  // A defect would be masked with this code.
  if (response.status >= 500 || answer.includes('INTERNAL_SERVER_ERROR'))
    unexpected.push(`${kind} (${type}): ${response.status} ${answer.slice(0, 300)}`)
}

const head = (length: number | string, extra = '') =>
  `POST /graphql HTTP/1.1\r\nhost: x\r\nauthorization: Bearer viewer\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n${extra}\r\n`
const BODY = '{"query":"{ ping }"}'

/** Clients that break the protocol itself: what they write, and whether they then end their side. */
const SOCKETS: Record<string, () => { write: (string | Buffer)[]; ends: boolean }> = {
  'random bytes': () => ({ write: [bytes(1 + below(5000))], ends: true }),
  'random bytes after a request line': () => ({
    write: ['POST /graphql HTTP/1.1\r\n', bytes(1 + below(500)), '\r\n\r\n'],
    ends: true,
  }),
  'half a body, then the end': () => ({ write: [head(BODY.length), BODY.slice(0, below(BODY.length))], ends: true }),
  'half a body, then nothing': () => ({ write: [head(BODY.length), BODY.slice(0, below(BODY.length))], ends: false }),
  'a whole body, then the end': () => ({ write: [head(BODY.length), BODY], ends: true }),
  'a length that is none': () => ({
    write: [head(oneOf(['-1', 'x', '1e9', '99999999999999999999'])), BODY],
    ends: true,
  }),
  'two lengths': () => ({ write: [head(5, 'content-length: 6\r\n'), BODY], ends: true }),
  'a length and chunks': () => ({
    write: [head(5, 'transfer-encoding: chunked\r\n'), '5\r\nabcde\r\n0\r\n\r\n'],
    ends: true,
  }),
  'chunks that are none': () => ({
    write: [
      'POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n',
      oneOf(['zz\r\n', 'ffffffffff\r\n', '-1\r\n']),
    ],
    ends: true,
  }),
  'many headers': () => ({
    write: [
      head(BODY.length, Array.from({ length: 100 + below(3000) }, (_, index) => `x-${index}: ${index}\r\n`).join('')),
      BODY,
    ],
    ends: true,
  }),
  'a long header': () => ({
    write: [head(BODY.length, `x: ${'x'.repeat(10_000 + below(100_000))}\r\n`), BODY],
    ends: true,
  }),
  'a header for an identity, often': () => ({
    write: [head(BODY.length, 'tributary-identity: x\r\n'.repeat(50)), BODY],
    ends: true,
  }),
  'many requests at once': () => ({ write: Array.from({ length: 50 }, () => head(BODY.length) + BODY), ends: true }),
  'a strange method': () => ({
    write: [`${oneOf(['DELETE', 'PROPFIND', 'CONNECT', 'TRACE', 'FOO'])} /graphql HTTP/1.1\r\nhost: x\r\n\r\n`],
    ends: true,
  }),
  'a strange path': () => ({
    write: [
      `GET ${oneOf(['/graphql?query=%', '/graphql?query=%ff', '//', '/graphql?variables={', '/graphql?a&a&query=a&query=b', '/%2e%2e/graphql', '*', 'http://[::1/graphql', `/graphql?${'a&'.repeat(5000)}`])} HTTP/1.1\r\nhost: x\r\napollo-require-preflight: 1\r\n\r\n`,
    ],
    ends: true,
  }),
  'an upgrade to something else': () => ({
    write: [
      `GET /graphql HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: ${oneOf(['h2c', 'websocket', ''])}\r\nsec-websocket-key: x\r\n\r\n`,
      bytes(20),
    ],
    ends: true,
  }),
}

/** Resolves when the gateway has closed the connection. */
async function connectAnd(kind: string): Promise<void> {
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  // Resets are an answer too.
  socket.on('error', () => undefined)
  socket.resume()
  // Ends our side too once the gateway has ended its own.
  socket.once('end', () => socket.end())
  const closed = new Promise((resolve) => socket.once('close', resolve))
  const { write, ends } = SOCKETS[kind]!()
  for (const part of write) socket.write(part)
  if (ends) socket.end()
  const timer = new Promise<'late'>((resolve) => setTimeout(resolve, ANSWER_WITHIN_MS, 'late').unref())
  if ((await Promise.race([closed, timer])) === 'late') {
    unexpected.push(`${kind}: the connection was left open`)
    socket.destroy()
  }
}

const MESSAGES = [
  () => bytes(1 + below(500)),
  () => '{',
  () => '{"type":"connection_init","payload":{"__proto__":{"Authorization":"Bearer viewer"}}}',
  () => `{"type":"subscribe","id":"${name()}","payload":{"query":"{ ping }"}}`,
  () =>
    `{"type":"subscribe","id":"1","payload":${oneOf(['null', '1', '{}', '{"query":1}', '{"query":""}', '{"query":"{ ping }","extensions":1}'])}}`,
  () =>
    `{"type":"subscribe","id":"${below(3)}","payload":{"query":${JSON.stringify(nested('{ a ', '', '}', 1 + below(5000)))}}}`,
  () => `{"type":"${oneOf(['complete', 'ping', 'pong', 'next', 'x'])}","id":"${below(3)}"}`,
  () =>
    `{"type":"subscribe","id":"p","payload":{"query":"","extensions":{"persistedQuery":${oneOf(['1', 'null', '[]', '{"version":1,"sha256Hash":"__proto__"}'])}}}}`,
]

/** Messages out of order, or of no sense. */
async function speakNonsense(): Promise<void> {
  const socket = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws')
  socket.on('error', () => undefined)
  const closed = new Promise((resolve) => socket.once('close', resolve))
  await Promise.race([once(socket, 'open'), closed])
  if (below(4) > 0) socket.send('{"type":"connection_init","payload":{"Authorization":"Bearer viewer"}}')
  for (let count = below(6); count >= 0 && socket.readyState === socket.OPEN; count--) socket.send(oneOf(MESSAGES)())
  socket.close()
  const timer = new Promise<'late'>((resolve) => setTimeout(resolve, ANSWER_WITHIN_MS, 'late').unref())
  if ((await Promise.race([closed, timer])) === 'late') {
    unexpected.push('a WebSocket was left open')
    socket.terminate()
  }
}

const isAnswered = async () => {
  const { body } = await post('{ engines { id } }', { authorization: 'Bearer viewer' })
  expect(body).toEqual({ data: { engines: [{ id: 'e1' }] } })
}

test(
  `a storm of nonsense leaves the gateway as it was (STORM_SEED=${seed})`,
  async () => {
    console.log(`STORM_SEED=${seed}`)
    await isAnswered()
    const kinds: (() => Promise<void>)[] = [
      ...Object.keys(BODIES).map((kind) => () => send(kind)),
      ...Object.keys(SOCKETS).map((kind) => () => connectAnd(kind)),
      speakNonsense,
    ]
    const before = memoryInUse()
    const endAt = performance.now() + STORM_MS
    let sent = 0
    const blow = async () => {
      for (let next = 0; performance.now() < endAt; next++) {
        // Each kind in turn first, then by chance.
        await (sent < kinds.length ? kinds[sent++]! : (sent++, oneOf(kinds)))()
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, blow))
    console.log(`${sent} requests of ${kinds.length} kinds`)
    expect(sent).toBeGreaterThan(kinds.length)
    expect(unexpected).toEqual([])
    expect(unhandled).toEqual([])
    await isAnswered()
    expect(memoryInUse() - before).toBeLessThan(MAX_GROWTH_BYTES)
  },
  STORM_MS + 30_000,
)
