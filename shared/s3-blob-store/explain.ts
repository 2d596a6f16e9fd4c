// What an S3 server or the SDK says, in the words of the port: what is missing, what may pass, and which variable is to be looked at.
import { blobMissing, blobStoreFull } from '../blob-store.ts'
import { TributaryError } from '../errors.ts'
import { maskPasswords } from '../masking.ts'
import type { S3Location } from './client.ts'

/** What AWS, MinIO, Ceph and versitygw call a key that is unknown, revoked or does not fit its secret. */
const REFUSED_CREDENTIALS = new Set([
  'InvalidAccessKeyId',
  'SignatureDoesNotMatch',
  'XAdminUserNotFound',
  'InvalidToken',
  'ExpiredToken',
  'TokenRefreshRequired',
  'CredentialsProviderError',
  'CredentialsError',
])
const WRONG_REGION = new Set([
  'AuthorizationHeaderMalformed',
  'PermanentRedirect',
  'IllegalLocationConstraintException',
])
const FULL = new Set(['QuotaExceeded', 'InsufficientStorage', 'XMinioStorageFull', 'XMinioAdminBucketQuotaExceeded'])

interface S3Failure {
  name?: string
  message?: string
  $metadata?: { httpStatusCode?: number }
}

/** What went wrong where the bytes come from: handed on as it is, whatever it looks like. */
export class SourceFailure extends Error {}

/** Returns the error to throw. */
export function explain(error: unknown, location: S3Location, signal?: AbortSignal): unknown {
  if (signal?.aborted) return signal.reason
  if (error instanceof SourceFailure) return error.cause
  if (error instanceof TributaryError) return error
  const { name = '', message = '', $metadata } = error as S3Failure
  const status = $metadata?.httpStatusCode ?? 0
  const misconfigured = (what: string) => new TributaryError('CONFIGURATION_INVALID', what, { cause: error })
  const where =
    location.endpoint === null ? 'AWS' : `the S3 server at ${maskPasswords(location.endpoint)} (S3_ENDPOINT)`
  const bucket = `the bucket "${location.bucket}" (S3_BUCKET)`

  if (name === 'NoSuchKey' || name === 'NotFound') return blobMissing(error)
  if (name === 'NoSuchBucket') return misconfigured(`There is no bucket "${location.bucket}" (S3_BUCKET) on ${where}.`)
  if (REFUSED_CREDENTIALS.has(name))
    return misconfigured(
      `The credentials for ${where} are refused or missing. Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the role that AWS gives this machine.`,
    )
  if (name === 'RequestTimeTooSkewed')
    return misconfigured(`The clocks of this machine and of ${where} differ by too much. Set both by NTP.`)
  if (WRONG_REGION.has(name) || message === 'Region is missing')
    return misconfigured(`AWS_REGION is not the region of ${bucket} on ${where}: ${message}`)
  if (FULL.has(name) || status === 507) return blobStoreFull('S3_BUCKET', error)
  // A file system that is read-only answers 405.
  if (status === 401 || status === 403 || status === 405)
    return misconfigured(
      `Access to ${bucket} on ${where} is denied. The account of AWS_ACCESS_KEY_ID needs leave to get, put, delete and list its objects.`,
    )
  const isHopeless = (status >= 400 && status < 500 && status !== 408 && status !== 429) || status === 501
  return new TributaryError(
    'UPSTREAM_UNAVAILABLE',
    isHopeless
      ? `The blob store does not do what was asked: ${where} answered ${name} (${status}).`
      : 'The blob store cannot be reached, or does not answer.',
    // A digest that does not match is bytes that were damaged on their way.
    { cause: error, isRetryable: !isHopeless || name === 'BadDigest' },
  )
}
