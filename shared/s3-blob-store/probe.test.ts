// What no S3 server of the tests does: telling another time, and keeping versions of objects. A server that answers as S3 does stands for one.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { createS3Probe } from './probe.ts'

const signal = AbortSignal.timeout(30_000)

async function probeOf(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url!.replace(/doctor-[0-9a-f-]{36}/, 'doctor')}`)
    request.resume().on('end', () => answer(request, response))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const probe = createS3Probe({
    bucket: 'bucket',
    prefix: 'below/',
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'key', secretAccessKey: 'secret' },
    forcePathStyle: true,
  })
  onTestFinished(() => {
    probe.close()
    server.closeAllConnections()
    server.close()
  })
  return { probe, requests }
}

test('the clock of the server is compared with that of this machine', async () => {
  const aheadMs = 3_600_000
  const { probe } = await probeOf((_, response) => {
    response.setHeader('date', new Date(Date.now() + aheadMs).toUTCString())
    response.end('<ListBucketResult></ListBucketResult>')
  })
  expect(Math.abs((await probe.list(signal))! - aheadMs)).toBeLessThan(5_000)
})

test('a server that does not tell the time is no error', async () => {
  const { probe } = await probeOf((_, response) => {
    response.sendDate = false
    response.end('<ListBucketResult></ListBucketResult>')
  })
  expect(await probe.list(signal)).toBeNull()
})

test('in a bucket with versions the very object goes, or is hidden where that is not allowed', async () => {
  const { probe, requests } = await probeOf((request, response) => {
    response.setHeader('x-amz-version-id', 'v1')
    const isRefused = request.url!.includes('versionId')
    response.writeHead(isRefused ? 403 : request.method === 'DELETE' ? 204 : 200)
    response.end(isRefused ? '<Error><Code>AccessDenied</Code></Error>' : '')
  })
  await probe.write(signal)
  const object = '/bucket/below/incoming/doctor'
  expect(requests).toEqual([
    `PUT ${object}?x-id=PutObject`,
    `GET ${object}?x-id=GetObject`,
    `DELETE ${object}?versionId=v1&x-id=DeleteObject`,
    `DELETE ${object}?x-id=DeleteObject`,
  ])
})
