// Uploads: announced with their size, received once under a token of their own, hashed and limited while the bytes arrive, and used by one
// job. A file becomes an upload whole or not at all: bytes that were cut short leave nothing behind and may be sent again. Where clients can
// reach the blob store, they send the bytes there, and these are received when a job asks for them.
import { randomBytes, timingSafeEqual } from 'node:crypto'
import { and, eq, inArray, isNull, lt } from 'drizzle-orm'
import type { BlobInfo, BlobStore, DirectUploads } from '#shared/blob-store.ts'
import type { Database, SqlExecutor } from '#shared/database.ts'
import { TributaryError } from '#shared/errors.ts'
import { createId, hasPrefix } from '#shared/ids.ts'
import { UPLOADS_PATH } from '../../contracts/upload-path.ts'
import { checkUploadInput, type UploadInput } from './domain/check-input.ts'
import type { UserMistake } from './domain/user-mistake.ts'
import type { StoredBlobs } from './stored-blobs.ts'
import { uploadTable, type UploadRow } from './tables.ts'

export interface Uploads {
  create(workspaceId: string, input: UploadInput): Promise<{ upload: UploadRow } | { mistakes: UserMistake[] }>
  findMany(workspaceId: string, ids: readonly string[]): Promise<UploadRow[]>
  /**
   * Stores the bytes of an upload. Throws NOT_FOUND, UNAUTHENTICATED (wrong token, or too late), UPLOAD_ALREADY_RECEIVED,
   * UPLOAD_TOO_LARGE (over the announced size) or UPLOAD_INCOMPLETE (under it, or cut).
   */
  receive(
    id: string,
    token: string,
    bytes: AsyncIterable<Uint8Array>,
    announcedBytes: number | null,
    signal?: AbortSignal,
  ): Promise<UploadRow>
  /** Where its bytes are to be PUT; `publicUrl` is where clients reach the platform. */
  addressOf(upload: UploadRow, publicUrl: string): Promise<string>
  /** Whether its bytes are there, received already or not. */
  hasArrived(upload: UploadRow, signal?: AbortSignal): Promise<boolean>
  /**
   * Receives what clients sent straight to the blob store: each is read to its end. The same uploads as they are then, in the same order; what
   * has not arrived is as it was. Throws UPLOAD_INCOMPLETE for one of another size than announced.
   */
  takeIn(uploads: readonly UploadRow[], signal?: AbortSignal): Promise<UploadRow[]>
}

/** Uploads that are read through at the same time for one job. */
const TAKEN_AT_ONCE = 4

export interface CreateUploadsOptions {
  database: Database
  blobs: BlobStore
  storedBlobs: StoredBlobs
  /** Largest file, in bytes. */
  limitBytes: number
  /** How long an upload's address works, in milliseconds. */
  lifetimeMs: number
  now?: () => Date
}

export function createUploads(options: CreateUploadsOptions): Uploads {
  const { blobs, storedBlobs, limitBytes, lifetimeMs } = options
  const database = options.database.sql
  const now = options.now ?? (() => new Date())
  const { directUploads } = blobs
  const addressLifetimeMs = Math.min(lifetimeMs, directUploads?.longestLifetimeMs ?? Infinity)

  /** The upload with its bytes; null when they were received meanwhile. */
  function recordReceived(upload: UploadRow, blob: BlobInfo): Promise<UploadRow | null> {
    return database.transaction(async (transaction) => {
      // The same bytes may have been another document's, which was deleted as they arrived.
      if (!(await storedBlobs.holdStored(blob.key, transaction))) throw incomplete(upload, null)
      const [received] = await transaction
        .update(uploadTable)
        .set({ receivedAt: now(), blobKey: blob.key, sha256: blob.sha256 })
        .where(
          and(
            eq(uploadTable.workspaceId, upload.workspaceId),
            eq(uploadTable.id, upload.id),
            isNull(uploadTable.receivedAt),
          ),
        )
        .returning()
      return received ?? null
    })
  }

  async function findMany(workspaceId: string, ids: readonly string[]): Promise<UploadRow[]> {
    // What is no id never reaches the database.
    const asked = ids.filter((id) => hasPrefix(id, 'up'))
    if (asked.length === 0) return []
    return database
      .select()
      .from(uploadTable)
      .where(and(eq(uploadTable.workspaceId, workspaceId), inArray(uploadTable.id, asked)))
  }

  async function take(direct: DirectUploads, upload: UploadRow, signal: AbortSignal | undefined): Promise<UploadRow> {
    if (upload.receivedAt !== null) return upload
    const blob = await direct.take(upload, signal)
    if (blob === null) return upload
    const received = await recordReceived(upload, blob)
    // What is left behind now the store sweeps later.
    await direct.discard(upload, signal).catch(() => undefined)
    return received ?? (await findMany(upload.workspaceId, [upload.id]))[0] ?? upload
  }

  /** The upload, if its token is right and its bytes may come now. Its token says who may, so there is no workspace to ask for. */
  async function open(id: string, token: string): Promise<UploadRow> {
    const [upload] = hasPrefix(id, 'up') ? await database.select().from(uploadTable).where(eq(uploadTable.id, id)) : []
    if (!upload)
      throw new TributaryError('NOT_FOUND', 'There is no such upload. Announce the file with uploadCreate first.')
    if (!isSame(token, upload.token))
      throw new TributaryError('UNAUTHENTICATED', 'The token in this address is wrong. Use the whole of Upload.url.')
    if (upload.receivedAt) throw alreadyReceived()
    if (upload.expiresAt <= now())
      throw new TributaryError(
        'UNAUTHENTICATED',
        'This address has expired. Announce the file again with uploadCreate.',
      )
    return upload
  }

  return {
    async create(workspaceId, input) {
      const mistakes = checkUploadInput(input, limitBytes)
      if (mistakes.length > 0) return { mistakes }
      const row = {
        id: createId('up'),
        workspaceId,
        fileName: input.fileName,
        mediaType: input.mediaType,
        sizeBytes: input.sizeBytes,
        token: randomBytes(24).toString('base64url'),
        expiresAt: new Date(now().getTime() + addressLifetimeMs),
      }
      const [upload] = await database.insert(uploadTable).values(row).returning()
      return { upload: upload! }
    },

    findMany,

    async receive(id, token, bytes, announcedBytes, signal) {
      const upload = await open(id, token)
      if (announcedBytes !== null && announcedBytes > upload.sizeBytes) throw tooLarge(upload)
      const blob = await blobs
        .putStream(upload.workspaceId, whole(bytes, upload), {
          onSize(sizeBytes) {
            if (sizeBytes > upload.sizeBytes) throw tooLarge(upload)
          },
          ...(signal ? { signal } : {}),
        })
        .catch((cause: unknown) => {
          throw cause instanceof TributaryError ? cause : incomplete(upload, cause)
        })
      const received = await recordReceived(upload, blob)
      if (!received) throw alreadyReceived()
      return received
    },

    async addressOf(upload, publicUrl) {
      if (directUploads && upload.receivedAt === null && upload.expiresAt > now())
        return directUploads.address(upload, upload.expiresAt)
      return `${publicUrl}${UPLOADS_PATH}/${upload.id}?token=${upload.token}`
    },

    hasArrived: async (upload, signal) =>
      upload.receivedAt !== null || ((await directUploads?.hasArrived(upload, signal)) ?? false),

    async takeIn(uploads, signal) {
      if (!directUploads) return [...uploads]
      const taken: UploadRow[] = []
      for (let from = 0; from < uploads.length; from += TAKEN_AT_ONCE) {
        const batch = uploads.slice(from, from + TAKEN_AT_ONCE)
        taken.push(...(await Promise.all(batch.map((upload) => take(directUploads, upload, signal)))))
      }
      return taken
    },
  }
}

/** Ends with an error when fewer bytes came than announced, so that they are never stored. */
async function* whole(bytes: AsyncIterable<Uint8Array>, upload: UploadRow): AsyncGenerator<Uint8Array> {
  let received = 0
  for await (const part of bytes) {
    received += part.byteLength
    yield part
  }
  if (received < upload.sizeBytes) throw incomplete(upload, null, received)
}

function isSame(given: string, expected: string): boolean {
  const one = Buffer.from(given)
  const other = Buffer.from(expected)
  return one.length === other.length && timingSafeEqual(one, other)
}

const alreadyReceived = () =>
  new TributaryError(
    'UPLOAD_ALREADY_RECEIVED',
    'The bytes of this upload have arrived already. Announce another file with uploadCreate.',
  )

const tooLarge = (upload: UploadRow) =>
  new TributaryError(
    'UPLOAD_TOO_LARGE',
    `More bytes came than the ${upload.sizeBytes.toLocaleString('en')} announced. Announce the file with its real size.`,
  )

function incomplete(upload: UploadRow, cause: unknown, received?: number): TributaryError {
  const came = received === undefined ? 'The upload was cut short' : `Only ${received.toLocaleString('en')} bytes came`
  return new TributaryError(
    'UPLOAD_INCOMPLETE',
    `${came}; ${upload.sizeBytes.toLocaleString('en')} were announced. Send the whole file again to the same address.`,
    { cause },
  )
}

const KEPT_AFTER_EXPIRY_MS = 24 * 3600 * 1000

/** Deletes uploads that no job took, a day after their address stopped working, and their bytes. */
export async function expireUploads(options: {
  database: SqlExecutor
  storedBlobs: StoredBlobs
  directUploads?: DirectUploads | null
  now: Date
}): Promise<void> {
  const before = new Date(options.now.getTime() - KEPT_AFTER_EXPIRY_MS)
  const expired = await options.database
    .select({ id: uploadTable.id, workspaceId: uploadTable.workspaceId, blobKey: uploadTable.blobKey })
    .from(uploadTable)
    .where(and(isNull(uploadTable.jobId), lt(uploadTable.expiresAt, before)))
  for (const { id, workspaceId, blobKey } of expired) {
    // A job may take it at this very moment; then it stays.
    const [deleted] = await options.database
      .delete(uploadTable)
      .where(and(eq(uploadTable.workspaceId, workspaceId), eq(uploadTable.id, id), isNull(uploadTable.jobId)))
      .returning()
    if (!deleted) continue
    await options.storedBlobs.release(workspaceId, [blobKey])
    if (blobKey === null) await options.directUploads?.discard({ workspaceId, id })
  }
}
