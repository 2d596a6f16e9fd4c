// The S3 client with every wait bounded: connecting, each request by what it moves, and the number of attempts.
import { S3Client } from '@aws-sdk/client-s3'

export interface S3Location {
  bucket: string
  /** Empty, or ends with a slash: all keys begin with it. */
  prefix: string
  /** Null: AWS. */
  endpoint: string | null
  /** Null: as the SDK finds it (profile, instance). */
  region: string | null
  /** Null: the SDK's own chain (profile, container or instance role, web identity). */
  credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string } | null
  /** `endpoint/bucket/key` instead of `bucket.endpoint/key`. */
  forcePathStyle: boolean
}

/** The SDK repeats what may pass (5xx, throttling, a broken connection) after some 100 ms. */
const ATTEMPTS_MAX = 3
const CONNECTION_TIMEOUT_MS = 2_000
/** Longest wait for the answer to a request that moves nothing. */
const ANSWER_TIMEOUT_MS = 5_000
/** Slowest network that uploads are meant to work on: 1 MB/s. */
const BYTES_PER_MS = 1_000
/** For what the server does by itself with up to `LARGEST_COPY_BYTES` (copy.ts): copying, and putting parts together. */
const SERVER_WORK_TIMEOUT_MS = 60_000
/** Each reader of a stream holds one. */
const SOCKETS_MAX = 200

export function createS3Client(location: S3Location): S3Client {
  const { endpoint, region, credentials } = location
  const client = new S3Client({
    ...(endpoint === null ? {} : { endpoint }),
    ...(region === null ? {} : { region }),
    ...(credentials === null ? {} : { credentials }),
    forcePathStyle: location.forcePathStyle,
    maxAttempts: ATTEMPTS_MAX,
    // Checksums are SHA-256 and named in the requests: other servers than AWS do not know those that the SDK adds by itself.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: CONNECTION_TIMEOUT_MS,
      throwOnRequestTimeout: true,
      // Whoever reads a body watches over it (read.ts): a slow reader is no silent server.
      socketTimeout: 0,
      httpAgent: { keepAlive: true, maxSockets: SOCKETS_MAX },
      httpsAgent: { keepAlive: true, maxSockets: SOCKETS_MAX },
    },
  })
  // Here, not with each call: lib-storage has no such option for the requests that it sends.
  const { requestHandler } = client.config
  const handle = requestHandler.handle.bind(requestHandler)
  requestHandler.handle = (request, options) =>
    handle(request, { ...options, requestTimeout: answerTimeoutMs(request) })
  return client
}

type HttpRequest = Parameters<S3Client['config']['requestHandler']['handle']>[0]

function answerTimeoutMs({ method, headers, query }: HttpRequest): number {
  const isServerWork = 'x-amz-copy-source' in headers || (method === 'POST' && query?.['uploadId'] !== undefined)
  if (isServerWork) return SERVER_WORK_TIMEOUT_MS
  return ANSWER_TIMEOUT_MS + Math.ceil(Number(headers['content-length'] ?? 0) / BYTES_PER_MS)
}
