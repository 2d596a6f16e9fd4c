// `tributary doctor` on a real S3 server: a bucket that is well, and each way in which one is not.
import { ListObjectsV2Command } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ensureS3, startS3, type RunningS3 } from '../../test/services/s3.ts'
import { describeWithService } from '../../test/services/service.ts'
import { examine } from './doctor.fixture.ts'

describeWithService('the doctor on S3', await ensureS3(), (installation) => {
  let server: RunningS3
  beforeAll(async () => {
    server = await startS3(installation)
  })
  afterAll(() => server?.close())
  const examineS3 = (environment: NodeJS.ProcessEnv = {}) =>
    examine({ ...server.environment, TRIBUTARY_IDENTITY_KEY: 'k'.repeat(32), ...environment }, '--role', 'ingestion')

  test('that is well: all is ok, below the prefix, and nothing stays behind', async () => {
    const found = await examineS3({ S3_PREFIX: 'shared/tributary' })
    for (const name of ['reachable', 'credentials', 'bucket', 'writable', 'clock'])
      expect(found.check('S3', name), name).toMatchObject({ status: 'ok' })
    expect(found.check('S3', 'bucket').message).toContain('below shared/tributary/')
    const { Contents } = await server.client.send(new ListObjectsV2Command({ Bucket: server.bucket }))
    expect(Contents ?? []).toEqual([])
  })

  test('wrong secret, unknown key, missing bucket: each names its variable', async () => {
    const secret = await examineS3({ AWS_SECRET_ACCESS_KEY: 'falsch' })
    expect(secret.check('S3', 'reachable').status).toBe('ok')
    expect(secret.check('S3', 'credentials')).toMatchObject({
      status: 'failed',
      remedy: expect.stringContaining('AWS_SECRET_ACCESS_KEY'),
    })
    expect(secret.check('S3', 'writable').status).toBe('skipped')
    expect(secret.output).not.toContain('falsch')
    expect((await examineS3({ AWS_ACCESS_KEY_ID: 'nobody' })).check('S3', 'credentials').status).toBe('failed')
    const bucket = await examineS3({ S3_BUCKET: 'missing-bucket' })
    expect(bucket.check('S3', 'credentials').status).toBe('ok')
    expect(bucket.check('S3', 'bucket')).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('missing-bucket'),
      remedy: expect.stringContaining('S3_BUCKET'),
    })
    const half = await examineS3({ AWS_SECRET_ACCESS_KEY: '' })
    expect(half.check('S3', 'credentials').message).toContain('AWS_SECRET_ACCESS_KEY is not set')
  })

  test('that is silent, read-only, or away', async () => {
    server.pause()
    const silent = await examineS3()
    expect(silent.check('S3', 'reachable').message).toMatch(/did not answer within [1-5] s$/)
    server.resume()
    await server.stop()
    server.setReadOnly(true)
    await server.start()
    expect((await examineS3()).check('S3', 'writable')).toMatchObject({
      status: 'failed',
      remedy: expect.stringContaining('put'),
    })
    await server.stop()
    expect((await examineS3()).check('S3', 'reachable')).toMatchObject({
      status: 'failed',
      remedy: expect.stringContaining('S3_ENDPOINT'),
    })
  })
})
