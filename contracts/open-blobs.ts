// Where the platform keeps its blobs: in a bucket when S3_BUCKET is set, else in the data directory. The S3 client is loaded only when it is
// used.
import path from 'node:path'
import { z } from 'zod'
import type { BlobStore } from '#shared/blob-store.ts'
import { TributaryError } from '#shared/errors.ts'
import { createFolderBlobStore } from '#shared/folder-blob-store.ts'
import { secret, secretAddress } from '#shared/masking.ts'
import type { S3Location } from '#shared/s3-blob-store/client.ts'

export const blobVariables = {
  S3_BUCKET: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]$/, 'expected the name of a bucket, 3 to 63 characters')
    .optional()
    .describe(
      'Bucket that stored files are kept in. It must exist; its objects are put, got, listed and deleted. Unset: they are kept in the data directory.',
    ),
  S3_ENDPOINT: secretAddress(z.url({ protocol: /^https?$/, error: 'expected an http:// or https:// URL' }))
    .optional()
    .describe('Address of an S3 server other than AWS, for example MinIO or Ceph. Unset: AWS.'),
  AWS_REGION: z
    .string()
    .optional()
    .describe('Region of the bucket. Unset: `us-east-1` with S3_ENDPOINT, else what the profile or the machine says.'),
  AWS_ACCESS_KEY_ID: z
    .string()
    .optional()
    .describe('Access key for S3. Unset: the profile, web identity or role that AWS gives the process.'),
  AWS_SECRET_ACCESS_KEY: secret(z.string()).optional().describe('Secret of the access key.'),
  AWS_SESSION_TOKEN: secret(z.string()).optional().describe('Session token, for access keys that are temporary.'),
  S3_FORCE_PATH_STYLE: z
    .enum(['true', 'false'])
    .optional()
    .describe(
      'Whether the bucket is a part of the path instead of the host name. Unset: `true` with S3_ENDPOINT, else `false`.',
    ),
  S3_PREFIX: z
    .string()
    .regex(/^[A-Za-z0-9_-][A-Za-z0-9._/-]*$/, 'expected letters, digits, dots, dashes and slashes, not at the start')
    .optional()
    .describe('What the keys of all objects begin with, as a folder; for a bucket that is shared.'),
  TRIBUTARY_S3_PRESIGNED_UPLOADS: z
    .enum(['true', 'false'])
    .default('false')
    .describe(
      'Whether clients send uploads straight to the bucket, under presigned addresses. They have to reach S3_ENDPOINT as the platform does; for browsers the bucket needs a CORS rule that allows PUT from their origins.',
    ),
}

export const blobSchema = z.object(blobVariables)

type BlobConfiguration = z.output<typeof blobSchema>

export interface OpenBlobsOptions {
  configuration: BlobConfiguration
  dataDirectory: string
  /** Told of what does no harm but should be known. */
  onWarning: (error: unknown, message: string) => void
}

/** Throws CONFIGURATION_INVALID when the variables do not fit each other. Nothing is asked of the server yet. */
export async function openBlobs({ configuration, dataDirectory, onWarning }: OpenBlobsOptions): Promise<BlobStore> {
  const location = s3LocationOf(configuration)
  const hasDirectUploads = configuration.TRIBUTARY_S3_PRESIGNED_UPLOADS === 'true'
  if (location === null) {
    if (hasDirectUploads)
      throw new TributaryError(
        'CONFIGURATION_INVALID',
        'TRIBUTARY_S3_PRESIGNED_UPLOADS needs S3_BUCKET, which is not set',
      )
    return createFolderBlobStore({ directory: path.join(dataDirectory, 'blobs') })
  }
  const { createS3BlobStore } = await import('#shared/s3-blob-store.ts')
  return createS3BlobStore({
    ...location,
    hasDirectUploads,
    onSweepError: (error) => onWarning(error, 'what unfinished uploads left in the bucket could not be swept'),
  })
}

/** Null where blobs are kept in the data directory. Throws CONFIGURATION_INVALID when the variables do not fit each other. */
export function s3LocationOf(configuration: BlobConfiguration): S3Location | null {
  const { S3_BUCKET: bucket, S3_ENDPOINT: endpoint = null, S3_FORCE_PATH_STYLE: isForced } = configuration
  if (bucket === undefined) return null
  return {
    bucket,
    endpoint,
    prefix: asFolder(configuration.S3_PREFIX),
    region: configuration.AWS_REGION ?? (endpoint === null ? null : 'us-east-1'),
    credentials: credentialsOf(configuration),
    forcePathStyle: isForced === undefined ? endpoint !== null : isForced === 'true',
  }
}

const asFolder = (prefix = ''): string => (prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`)

function credentialsOf(configuration: BlobConfiguration) {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = configuration
  if (AWS_ACCESS_KEY_ID === undefined && AWS_SECRET_ACCESS_KEY === undefined) return null
  if (AWS_ACCESS_KEY_ID === undefined || AWS_SECRET_ACCESS_KEY === undefined) {
    const [missing, given] =
      AWS_ACCESS_KEY_ID === undefined
        ? ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']
        : ['AWS_SECRET_ACCESS_KEY', 'AWS_ACCESS_KEY_ID']
    throw new TributaryError('CONFIGURATION_INVALID', `${missing} is not set: expected together with ${given}`)
  }
  return {
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    ...(AWS_SESSION_TOKEN === undefined ? {} : { sessionToken: AWS_SESSION_TOKEN }),
  }
}
