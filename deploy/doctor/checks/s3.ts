// The bucket of S3_BUCKET as the blob store will find it: reachable, with leave to list, put, get and delete, and with the same time as here.
import { checkConfiguration } from '#shared/configuration.ts'
import { TributaryError } from '#shared/errors.ts'
import { maskPasswords } from '#shared/masking.ts'
import type { S3Location } from '#shared/s3-blob-store/client.ts'
import type { S3Probe } from '#shared/s3-blob-store/probe.ts'
import { failed, ok, skipped, type Check, type Finding } from '../../../contracts/doctor.ts'
import { judgeClockSkew } from '../../../contracts/judge-store.ts'
import { blobSchema, s3LocationOf } from '../../../contracts/open-blobs.ts'
import {
  deepestReason,
  failedBy,
  isMisconfigured,
  storeChecks,
  type StoreExamination,
} from '../../../contracts/store-checks.ts'
import type { OpenDoctorContext } from '../context.ts'

const SUBJECT = 'S3'
/** Requests are signed for 15 minutes; the header that tells the time is rounded to a second. */
const CLOCK = { warnFromMs: 60_000, why: 'S3 refuses what was signed a quarter of an hour away from its own time' }

interface OpenBucket {
  probe: S3Probe
  skewMs: number | null
}

/** None where S3_BUCKET is not set: files are in the data directory then. */
export function s3Checks({ environment }: Pick<OpenDoctorContext, 'environment'>): Check[] {
  const outcome = checkConfiguration(blobSchema, environment)
  // What is wrong with it is said by the check of the configuration.
  if ('problems' in outcome) return []
  let location: S3Location | null
  try {
    location = s3LocationOf(outcome.configuration)
  } catch (error) {
    if (!(error instanceof TributaryError)) throw error
    const finding = failedBy(error, 'Set both, or none of them to use what AWS gives this machine.')
    return [{ subject: SUBJECT, name: 'credentials', run: async () => finding }]
  }
  if (location === null) return []
  const { bucket, endpoint, prefix } = location
  const place = endpoint === null ? 'AWS' : maskPasswords(endpoint)
  return storeChecks({
    subject: SUBJECT,
    listener: endpoint === null ? null : { url: endpoint },
    stages: {
      reachable: place,
      credentials: 'accepted',
      bucket: prefix === '' ? bucket : `${bucket}, below ${prefix}`,
    },
    looks: ['writable', 'clock'],
    async load(): Promise<StoreExamination<OpenBucket, 'writable' | 'clock'>> {
      const { createS3Probe } = await import('#shared/s3-blob-store/probe.ts')
      return {
        async open(signal) {
          const probe = createS3Probe(location)
          try {
            return { probe, skewMs: await probe.list(signal) }
          } catch (error) {
            probe.close()
            throw error
          }
        },
        explain: (error) => explain(error, place),
        close: ({ probe }) => probe.close(),
        looks: {
          writable: checkWritable,
          clock: ({ skewMs }) =>
            skewMs === null ? skipped('it does not tell the time') : judgeClockSkew(skewMs, CLOCK),
        },
      }
    },
  })
}

/** What is said of the bucket, and not of the key. */
const OF_THE_BUCKET = new Set([
  'NoSuchBucket',
  'AccessDenied',
  'AuthorizationHeaderMalformed',
  'PermanentRedirect',
  'IllegalLocationConstraintException',
])

function explain(error: unknown, place: string): { stage: string; finding: Finding } {
  if (!isMisconfigured(error)) {
    const remedy = `See that the S3 server runs and that this machine reaches it, or correct ${place === 'AWS' ? 'AWS_REGION' : 'S3_ENDPOINT'}.`
    return { stage: 'reachable', finding: failed(`${place}: ${deepestReason(error)}`, remedy) }
  }
  const isOfBucket = error.cause instanceof Error && OF_THE_BUCKET.has(error.cause.name)
  const finding = failedBy(error, 'Make the bucket, or correct S3_BUCKET, S3_ENDPOINT and AWS_REGION.')
  return { stage: isOfBucket ? 'bucket' : 'credentials', finding }
}

async function checkWritable({ probe }: OpenBucket, signal: AbortSignal): Promise<Finding> {
  try {
    await probe.write(signal)
    return ok('an object was put, read and deleted')
  } catch (error) {
    if (!(error instanceof TributaryError)) throw error
    if (error.code === 'CAPACITY_EXCEEDED')
      return failed('the bucket is full', 'Free some space, or raise the quota of the bucket (S3_BUCKET).')
    return failedBy(error, 'See what the S3 server (S3_ENDPOINT) says in its log.')
  }
}
