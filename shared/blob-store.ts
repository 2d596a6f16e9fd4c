// Bytes addressed by their content: the key is the workspace and the SHA-256, so a repeated write is the same blob, and a client's file name
// never becomes a path. A key that exists is whole: whatever is cut short, by an error or by the end of the process, is under no key.
import type { Readable } from 'node:stream'
import { TributaryError } from './errors.ts'

export interface BlobInfo {
  key: string
  /** Hexadecimal. */
  sha256: string
  sizeBytes: number
}

export interface PutStreamOptions {
  /** Sees the running total of bytes, and may throw to refuse more. */
  onSize?: (sizeBytes: number) => void
  signal?: AbortSignal
}

/**
 * Every call ends with the reason of its signal once that is aborted. Besides they throw NOT_FOUND (no such blob, or no key at all),
 * UPSTREAM_UNAVAILABLE (the store cannot be reached, or does not answer), CAPACITY_EXCEEDED (it is full), CONFIGURATION_INVALID (it refuses
 * us; the message names the variable) and DATA_DIRECTORY_READ_ONLY.
 */
export interface BlobStore {
  put(workspaceId: string, bytes: Uint8Array, signal?: AbortSignal): Promise<BlobInfo>
  /** Hashes and counts while the bytes arrive, with bounded memory. */
  putStream(workspaceId: string, source: AsyncIterable<Uint8Array>, options?: PutStreamOptions): Promise<BlobInfo>
  read(key: string, signal?: AbortSignal): Promise<Buffer>
  /** Opened when it is read first; its errors are those of `read`. */
  stream(key: string, signal?: AbortSignal): Readable
  has(key: string, signal?: AbortSignal): Promise<boolean>
  /** Deleting what is not there is no error. */
  delete(key: string, signal?: AbortSignal): Promise<void>
  /** Null where clients cannot reach the store. */
  readonly directUploads: DirectUploads | null
  close(): Promise<void>
}

/** Uploads that clients send straight to the store, past the platform: each has a place of its own until it is taken in as a blob. */
export interface DirectUploads {
  /** Longest time an address can be good for, in milliseconds. */
  readonly longestLifetimeMs: number
  /** Where exactly `sizeBytes` may be PUT until `expiresAt`, without any other credential. */
  address(upload: DirectUpload, expiresAt: Date): Promise<string>
  hasArrived(upload: DirectUpload, signal?: AbortSignal): Promise<boolean>
  /**
   * Reads what arrived to its end and keeps exactly those bytes as a blob; null when nothing has arrived. What arrived stays in its place
   * until `discard`. Throws UPLOAD_INCOMPLETE when its size is another than announced.
   */
  take(upload: DirectUpload, signal?: AbortSignal): Promise<BlobInfo | null>
  /** Discarding what is not there is no error. */
  discard(upload: Pick<DirectUpload, 'workspaceId' | 'id'>, signal?: AbortSignal): Promise<void>
}

export interface DirectUpload {
  workspaceId: string
  id: string
  sizeBytes: number
}

/** No write takes a day: what is older and unfinished was left by a process that was killed. */
export const ABANDONED_MS = 24 * 3_600_000

/** Throws NOT_FOUND when it is no id. */
export function blobKey(workspaceId: string, sha256: string): string {
  return checkBlobKey(`${workspaceId}/${sha256}`)
}

/** Throws NOT_FOUND when the string is no key. */
export function checkBlobKey(key: string): string {
  if (!isBlobKey(key)) throw new TributaryError('NOT_FOUND', 'There is no such blob.')
  return key
}

export const isBlobKey = (key: string): boolean => /^[a-z0-9_]+\/[0-9a-f]{64}$/.test(key)

/** Throws NOT_FOUND when it is no id: before any byte is written for it. */
export function checkWorkspaceId(workspaceId: string): void {
  if (!/^[a-z0-9_]+$/.test(workspaceId)) throw new TributaryError('NOT_FOUND', 'There is no such workspace.')
}

export const blobMissing = (cause?: unknown) =>
  new TributaryError('NOT_FOUND', 'A stored file is missing from the blob store.', { cause })

export const blobStoreFull = (where: string, cause: unknown) =>
  new TributaryError(
    'CAPACITY_EXCEEDED',
    `The blob store (${where}) is full. Free some of its space, then try again.`,
    {
      cause,
    },
  )
