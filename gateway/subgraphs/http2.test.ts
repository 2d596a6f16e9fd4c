// Over TLS, HTTP/2 is spoken where a subgraph offers it, on one connection; where it offers none, HTTP/1.1.
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createSecureServer, type Http2SecureServer, type Http2ServerRequest } from 'node:http2'
import { createServer } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeAll, expect, test } from 'vitest'
import { createSubgraphClient } from './subgraph-client.ts'
import { contextOf, MUTATION } from './subgraph-double.fixture.ts'

let key: string
let cert: string
beforeAll(() => {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'tributary-certificate-'))
  const file = (name: string) => path.join(directory, name)
  const request = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1`
  execFileSync('openssl', [...request.split(' '), '-keyout', file('key.pem'), '-out', file('cert.pem')], {
    stdio: 'pipe',
  })
  key = readFileSync(file('key.pem'), 'utf8')
  cert = readFileSync(file('cert.pem'), 'utf8')
  rmSync(directory, { recursive: true })
})

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

async function listening(server: Server | Http2SecureServer) {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`
  const client = createSubgraphClient({
    urlOf: () => url,
    signer: null,
    certificateAuthorities: cert,
    settings: { responseLimitBytes: 2000 },
  })
  closing.push(
    () => client.close(),
    async () => server.close(),
  )
  const ask = (signal = new AbortController().signal) =>
    client.request('a', { operation: MUTATION, variables: '{}' }, contextOf({ signal }))
  return { client, ask }
}

test('many fetches run on one connection of HTTP/2', async () => {
  const server = createSecureServer({ key, cert, allowHTTP1: true })
  let sessions = 0
  const versions = new Set<string>()
  server.on('session', () => sessions++)
  server.on('request', (request, response) => {
    versions.add(request.httpVersion)
    response.end('{"data":{"ok":true}}')
  })
  const { ask } = await listening(server)
  // The first finds out, the second opens the one that all others use.
  await ask()
  await ask()
  const before = sessions
  const answers = await Promise.all(Array.from({ length: 30 }, () => ask()))
  expect(answers).toEqual(Array.from({ length: 30 }, () => ({ data: { ok: true } })))
  expect([...versions]).toEqual(['2.0'])
  expect(sessions).toBe(before)
})

test('leaving and the limit of size end a stream, not the connection', async () => {
  const server = createSecureServer({ key, cert })
  let sessions = 0
  server.on('session', () => sessions++)
  const requests: Http2ServerRequest[] = []
  const [silent, large] = [2, 3]
  server.on('request', (request, response) => {
    const number = requests.push(request) - 1
    if (number === silent) return
    response.end(number === large ? 'x'.repeat(100_000) : '{"data":{"ok":true}}')
  })
  const { ask } = await listening(server)
  await ask()
  await ask()
  const before = sessions
  const controller = new AbortController()
  const left = ask(controller.signal)
  await expect.poll(() => requests.length).toBe(3)
  const gone = once(requests[silent]!.stream, 'close')
  controller.abort()
  await expect(left).rejects.toMatchObject({ code: 'CANCELLED' })
  await gone
  await expect(ask()).rejects.toMatchObject({ code: 'CAPACITY_EXCEEDED' })
  expect(await ask()).toEqual({ data: { ok: true } })
  expect(sessions).toBe(before)
})

test('without HTTP/2 it is HTTP/1.1', async () => {
  let version = ''
  const server = createServer({ key, cert }, (request, response) => {
    version = request.httpVersion
    response.end('{"data":{"ok":true}}')
  })
  const { ask } = await listening(server)
  expect(await ask()).toEqual({ data: { ok: true } })
  expect(version).toBe('1.1')
})

test('a certificate of nobody known is refused', async () => {
  const server = createServer({ key, cert })
  await listening(server)
  const stranger = createSubgraphClient({
    urlOf: () => `https://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`,
    signer: null,
  })
  closing.unshift(() => stranger.close())
  await expect(stranger.request('a', { operation: MUTATION, variables: '{}' }, contextOf())).rejects.toMatchObject({
    code: 'UPSTREAM_UNAVAILABLE',
  })
})
