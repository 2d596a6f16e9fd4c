// What servers say that the one in the service tests cannot be made to say.
import { expect, it } from 'vitest'
import { TributaryError } from '../errors.ts'
import type { S3Location } from './client.ts'
import { explain, SourceFailure } from './explain.ts'

const location: S3Location = {
  bucket: 'files',
  prefix: '',
  endpoint: 'http://minio:9000',
  region: 'us-east-1',
  credentials: null,
  forcePathStyle: true,
}

const failure = (name: string, httpStatusCode: number, message = 'as the server says') =>
  Object.assign(new Error(message), { name, $metadata: { httpStatusCode } })

it.each([
  ['NoSuchKey', 404, 'NOT_FOUND', false, ''],
  ['NoSuchBucket', 404, 'CONFIGURATION_INVALID', false, '"files" (S3_BUCKET)'],
  ['InvalidAccessKeyId', 403, 'CONFIGURATION_INVALID', false, 'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY'],
  ['ExpiredToken', 400, 'CONFIGURATION_INVALID', false, 'AWS_ACCESS_KEY_ID'],
  ['CredentialsProviderError', 0, 'CONFIGURATION_INVALID', false, 'the role that AWS gives this machine'],
  ['RequestTimeTooSkewed', 403, 'CONFIGURATION_INVALID', false, 'clocks'],
  ['PermanentRedirect', 301, 'CONFIGURATION_INVALID', false, 'AWS_REGION'],
  ['AccessDenied', 403, 'CONFIGURATION_INVALID', false, 'needs leave to get, put, delete and list'],
  ['QuotaExceeded', 403, 'CAPACITY_EXCEEDED', true, 'full'],
  ['XMinioStorageFull', 507, 'CAPACITY_EXCEEDED', true, 'full'],
  ['SlowDown', 503, 'UPSTREAM_UNAVAILABLE', true, ''],
  ['InternalError', 500, 'UPSTREAM_UNAVAILABLE', true, ''],
  ['RequestTimeout', 408, 'UPSTREAM_UNAVAILABLE', true, ''],
  ['TimeoutError', 0, 'UPSTREAM_UNAVAILABLE', true, ''],
  ['BadDigest', 400, 'UPSTREAM_UNAVAILABLE', true, ''],
  ['NotImplemented', 501, 'UPSTREAM_UNAVAILABLE', false, 'answered NotImplemented (501)'],
  ['MalformedXML', 400, 'UPSTREAM_UNAVAILABLE', false, 'http://minio:9000 (S3_ENDPOINT)'],
])('%s (%i) is %s', (name, status, code, isRetryable, words) => {
  const error = explain(failure(name, status), location)
  expect(error).toMatchObject({ code, isRetryable, message: expect.stringContaining(words) })
})

it('shows no password of the endpoint', () => {
  const guarded = { ...location, endpoint: 'https://user:geheim@s3.example.org' }
  for (const [name, status] of [
    ['NoSuchBucket', 404],
    ['AccessDenied', 403],
    ['MalformedXML', 400],
  ] as const) {
    const { message } = explain(failure(name, status), guarded) as TributaryError
    expect(message).toContain('https://user:***@s3.example.org (S3_ENDPOINT)')
  }
})

it('hands on what is not about the store', () => {
  const reason = new Error('nobody waits any more')
  expect(explain(failure('AbortError', 0), location, AbortSignal.abort(reason))).toBe(reason)
  const cause = new Error('the line was cut')
  expect(explain(new SourceFailure('', { cause }), location)).toBe(cause)
  const ours = new TributaryError('UPLOAD_TOO_LARGE', 'Too large.')
  expect(explain(ours, location)).toBe(ours)
})
