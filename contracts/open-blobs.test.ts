// Where blobs are kept, by the variables that are set. The S3 store itself is tested on a real server.
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readConfiguration } from '#shared/configuration.ts'
import { blobSchema, openBlobs } from './open-blobs.ts'

let dataDirectory: string
beforeAll(async () => {
  dataDirectory = await mkdtemp(path.join(os.tmpdir(), 'tributary-blobs-'))
})
afterAll(() => rm(dataDirectory, { recursive: true, force: true }))

const open = async (environment: Record<string, string>) =>
  openBlobs({ configuration: readConfiguration(blobSchema, environment), dataDirectory, onWarning: () => undefined })

const S3 = { S3_BUCKET: 'tributary', S3_ENDPOINT: 'http://127.0.0.1:9' }

it('keeps blobs in the data directory when no bucket is named, and does not load the S3 client', async () => {
  const blobs = await open({ AWS_ACCESS_KEY_ID: 'somebody', AWS_REGION: 'eu-west-1' })
  await blobs.put('ws_1', Buffer.from('hello'))
  expect(await readdir(path.join(dataDirectory, 'blobs'))).toContain('ws_1')
  expect(blobs.directUploads).toBeNull()
  const loaded = Object.keys(createRequire(import.meta.url).cache)
  expect(loaded.some((file) => file.includes('@aws-sdk'))).toBe(false)
  const s3 = await open(S3)
  await s3.close()
  expect(Object.keys(createRequire(import.meta.url).cache).some((file) => file.includes('@aws-sdk'))).toBe(true)
})

it('gives clients addresses in the bucket only when that is wanted', async () => {
  const keys = { AWS_ACCESS_KEY_ID: 'somebody', AWS_SECRET_ACCESS_KEY: 'secret' }
  const upload = { workspaceId: 'ws_1', id: 'up_1', sizeBytes: 5 }
  await using plain = new AsyncDisposableStack()
  const without = await open({ ...S3, ...keys })
  plain.defer(() => without.close())
  expect(without.directUploads).toBeNull()

  const addressWith = async (environment: Record<string, string>) => {
    const blobs = await open({ ...S3, ...keys, TRIBUTARY_S3_PRESIGNED_UPLOADS: 'true', ...environment })
    plain.defer(() => blobs.close())
    return new URL(await blobs.directUploads!.address(upload, new Date(Date.now() + 60_000)))
  }
  const address = await addressWith({ S3_PREFIX: 'platform' })
  expect(address.host).toBe('127.0.0.1:9')
  expect(address.pathname).toBe('/tributary/platform/uploads/ws_1/up_1')
  expect(address.searchParams.get('X-Amz-SignedHeaders')).toBe('content-length;host')
  expect(Number(address.searchParams.get('X-Amz-Expires'))).toBeGreaterThanOrEqual(58)
  expect(Number(address.searchParams.get('X-Amz-Expires'))).toBeLessThanOrEqual(60)
  expect(address.searchParams.get('X-Amz-Credential')).toContain('/us-east-1/')

  const elsewhere = await addressWith({ S3_ENDPOINT: 'https://s3.example.org', S3_FORCE_PATH_STYLE: 'false' })
  expect(elsewhere.host).toBe('tributary.s3.example.org')
  const aws = await addressWith({ S3_ENDPOINT: '', AWS_REGION: 'eu-west-1', AWS_SESSION_TOKEN: 'session' })
  expect(aws.host).toBe('tributary.s3.eu-west-1.amazonaws.com')
  expect(aws.searchParams.get('X-Amz-Security-Token')).toBe('session')
})

it.each([
  ['S3_BUCKET', { S3_BUCKET: 'no/bucket' }],
  ['S3_ENDPOINT', { ...S3, S3_ENDPOINT: 'minio:9000' }],
  ['S3_PREFIX', { ...S3, S3_PREFIX: '/top' }],
  ['AWS_SECRET_ACCESS_KEY', { ...S3, AWS_ACCESS_KEY_ID: 'somebody' }],
  ['AWS_ACCESS_KEY_ID', { ...S3, AWS_SECRET_ACCESS_KEY: 'secret' }],
  ['TRIBUTARY_S3_PRESIGNED_UPLOADS', { TRIBUTARY_S3_PRESIGNED_UPLOADS: 'true' }],
])('refuses what cannot be, naming %s', async (variable, environment) => {
  await expect(open(environment)).rejects.toMatchObject({
    code: 'CONFIGURATION_INVALID',
    message: expect.stringMatching(new RegExp(`^${variable} `)),
  })
})
