// Where files live that are not in the database: there, writable, and with room.
import { access, constants, stat, statfs } from 'node:fs/promises'
import path from 'node:path'
import { failed, ok, skipped, warning, type Check, type Finding } from '../../../contracts/doctor.ts'

const SUBJECT = 'Data directory'
const GIGABYTE = 1_000_000_000
/** A day of ingestion on a small installation; below it somebody should look. */
const WARN_BELOW_BYTES = 5 * GIGABYTE
const WARN_BELOW_SHARE = 0.1
/** An upload of the largest default size, its text and its vectors no longer fit for sure. */
const FAIL_BELOW_BYTES = GIGABYTE / 2

export function dataDirectoryChecks({ dataDirectory }: { dataDirectory: string }): Check[] {
  return [
    { subject: SUBJECT, name: 'writable', run: () => checkWritable(dataDirectory) },
    {
      subject: SUBJECT,
      name: 'free disk',
      async run() {
        const place = await nearestExisting(dataDirectory)
        const { bavail, bsize, blocks } = await statfs(place)
        return judgeFreeDisk(bavail * bsize, blocks * bsize)
      },
    },
  ]
}

async function checkWritable(directory: string): Promise<Finding> {
  const place = await nearestExisting(directory)
  const kind = await stat(place)
  if (!kind.isDirectory())
    return failed(
      `${directory} cannot be made: ${place} is a file`,
      'Choose another directory with TRIBUTARY_DATA_DIR or --data-dir.',
    )
  try {
    await access(place, constants.W_OK | constants.X_OK)
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code === 'EROFS' ? 'the disk is read-only' : 'this user may not'
    return failed(
      `${place} cannot be written: ${why}`,
      `Make it writable for the user that roles run as, or choose another directory with TRIBUTARY_DATA_DIR.`,
    )
  }
  return ok(place === directory ? directory : `${directory} is not there yet; the first start makes it`)
}

/** Sizes in bytes. */
export function judgeFreeDisk(freeBytes: number, totalBytes: number): Finding {
  if (totalBytes === 0) return skipped('the file system does not say')
  const share = freeBytes / totalBytes
  const words = `${gigabytes(freeBytes)} free of ${gigabytes(totalBytes)} (${Math.floor(share * 100)} %)`
  const remedy = 'Free some space, or move the data directory to a larger disk.'
  if (freeBytes < FAIL_BELOW_BYTES) return failed(words, remedy)
  if (freeBytes < WARN_BELOW_BYTES || share < WARN_BELOW_SHARE) return warning(words, remedy)
  return ok(words)
}

const gigabytes = (bytes: number): string => `${(bytes / GIGABYTE).toFixed(1)} GB`

async function nearestExisting(directory: string): Promise<string> {
  const isThere = await stat(directory).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return false
      throw error
    },
  )
  const parent = path.dirname(directory)
  return isThere || parent === directory ? directory : nearestExisting(parent)
}
